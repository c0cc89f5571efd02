import type * as Zeromq from 'zeromq';
import { checkChoice, SERVER_SOCKETS } from '../../../bridge/bridge-settings.ts';
import { parseEndpoint } from '../../../bridge/endpoint.ts';
import { wholeParts } from '../../../bridge/outgoing-part.ts';
import type { BindOptions, ServerSocket, ServerSocketKind } from '../../../bridge/socket.ts';
import { EndpointInvalid, PortInUse } from '../../../core/errors.ts';
import { isAnswered, shownHost } from '../listening.ts';

/** Requests of one client that may wait for their answer; more are not heard. */
const MAX_OPEN_REQUESTS = 16;
/** Answers that may wait for a client which does not read them. */
const MAX_UNREAD = 16;
/** A client sends requests and subscriptions only: a longer part is hostile. */
const MAX_REQUEST = 65_536;
const HANDSHAKE_MS = 5000;
/** How long what was sent may take to leave after the end, ms. */
const FLUSH_MS = 30_000;

type Library = typeof Zeromq;
type Listener = Parameters<ServerSocket['onRequest']>[0];
type Message = readonly Uint8Array[];

/** Binds a server; see {@link SocketTransport.bind}. REP is a ROUTER, so that a request may be answered late. */
export async function bindZeromq(
  zeromq: Library,
  endpoint: string,
  kind: ServerSocketKind,
  limits: BindOptions = {},
): Promise<ServerSocket> {
  const address = parseEndpoint(endpoint);
  checkChoice('socket', kind, SERVER_SOCKETS);
  // libzmq takes a socket file away from the program that listens there.
  if (address.transport === 'ipc' && (await isAnswered(address.path))) throw portInUse(endpoint);
  const options = {
    linger: 0,
    sendHighWaterMark: kind === 'REP' ? MAX_UNREAD : 1,
    maxMessageSize: limits.maxRequestBytes ?? MAX_REQUEST,
    handshakeInterval: limits.handshakeMs ?? HANDSHAKE_MS,
    tcpKeepalive: 1,
    ipv6: address.transport === 'tcp' && address.host.includes(':'),
  };
  const router = kind === 'REP' ? new zeromq.Router(options) : null;
  const push = kind === 'PUSH' ? new zeromq.Push(options) : null;
  const publisher = kind === 'PUB' ? new zeromq.XPublisher({ ...options, verbosity: 'allSubsUnsubs' }) : null;
  const socket = (router ?? push ?? publisher) as Zeromq.Router | Zeromq.Push | Zeromq.XPublisher;
  let peers = 0;
  let refused = 0;
  let subscribers = 0;
  const { events } = socket;
  events.on('handshake', () => peers++);
  for (const type of ['handshake:error:protocol', 'handshake:error:auth', 'handshake:error:other'] as const)
    events.on(type, () => refused++);
  events.on('disconnect', () => {
    // Also the connections that never shook hands end with this word.
    if (refused > 0) refused--;
    else if (peers > 0) peers--;
  });
  try {
    await socket.bind(address.transport === 'tcp' && address.host === '*' ? `tcp://*:${address.port}` : endpoint);
  } catch (cause) {
    socket.close();
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw portInUse(endpoint, cause);
    throw new EndpointInvalid(
      `Cannot listen on ${endpoint}: ${message}. Choose another address.`,
      { endpoint },
      { cause },
    );
  }
  const port = /:(\d+)$/.exec(socket.lastEndpoint ?? '')?.[1];
  if (publisher)
    void readAll(publisher, ([topic]) => {
      // 1 and 0 before a topic: a subscription, and its end. Ours are to everything.
      if (topic.length > 0 && topic[0] <= 1) subscribers = Math.max(0, subscribers + (topic[0] === 1 ? 1 : -1));
    });

  return {
    endpoint: address.transport === 'tcp' ? `tcp://${shownHost(address.host)}:${port}` : endpoint,
    get peers() {
      return peers;
    },
    onRequest(listener) {
      if (router) answerRequests(router, listener, limits.maxOpenRequests ?? MAX_OPEN_REQUESTS);
    },
    send(parts) {
      if (parts.length === 0 || !socket.writable) return 0;
      // Writable: it is queued at once.
      (socket as Zeromq.Push).send(wholeParts(parts)).catch(() => undefined);
      return publisher ? subscribers : 1;
    },
    async close({ flush = false } = {}) {
      if (socket.closed) return;
      if (flush) socket.linger = FLUSH_MS;
      socket.close();
    },
  };
}

const portInUse = (endpoint: string, cause?: unknown) =>
  new PortInUse(`${endpoint} is used by another program. Choose another one.`, { endpoint }, { cause });

/** Hands on all messages until the socket is closed. */
async function readAll(socket: Zeromq.Readable & { closed: boolean }, take: (message: Message) => void): Promise<void> {
  while (!socket.closed) {
    try {
      take(await socket.receive());
    } catch {
      // The socket was closed, or a message could not be read; the next one may be good.
    }
  }
}

const listeners = new WeakMap<Zeromq.Router, { listener: Listener }>();

/** Gives the requests of each client one by one to the listener, with all frames back to who asked. */
function answerRequests(router: Zeromq.Router, listener: Listener, maxOpenRequests: number): void {
  const known = listeners.get(router);
  if (known) {
    known.listener = listener;
    return;
  }
  const current = { listener };
  listeners.set(router, current);
  const waiting = new Map<string, Message[]>();
  const serve = (client: string) => {
    const requests = waiting.get(client) ?? [];
    const [parts] = requests;
    if (!parts) {
      waiting.delete(client);
      return;
    }
    const envelope = parts.slice(0, parts.findIndex((part, i) => i > 0 && part.length === 0) + 1);
    let isOpen = true;
    current.listener(parts.slice(envelope.length), (reply) => {
      if (!isOpen || router.closed) return false;
      isOpen = false;
      // A ROUTER drops what is for a client that has gone, without a word.
      router.send([...envelope, ...wholeParts(reply)]).catch(() => undefined);
      requests.shift();
      serve(client);
      return true;
    });
  };
  void readAll(router, (parts) => {
    if (!parts.some((part, i) => i > 0 && part.length === 0)) return;
    const client = Buffer.from(parts[0]).toString('latin1');
    const requests = waiting.get(client) ?? [];
    waiting.set(client, requests);
    if (requests.length < maxOpenRequests && requests.push(parts) === 1) serve(client);
  });
}
