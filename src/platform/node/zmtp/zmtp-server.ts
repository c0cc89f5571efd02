import { existsSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { checkChoice, SERVER_SOCKETS } from '../../../bridge/bridge-settings.ts';
import { type Endpoint, parseEndpoint } from '../../../bridge/endpoint.ts';
import { beginsWith } from '../../../bridge/outgoing-part.ts';
import type { BindOptions, ServerSocket, ServerSocketKind } from '../../../bridge/socket.ts';
import { EndpointInvalid, MessageInvalid, PortInUse } from '../../../core/errors.ts';
import { addressOf, isAnswered, shownHost } from '../listening.ts';
import { GREETING, messagePieces } from './wire.ts';
import { HANDSHAKE_MS, ZmtpSession } from './zmtp-session.ts';

/** A client sends requests and subscriptions only: a longer message is hostile. */
const MAX_REQUEST_BYTES = 65_536;
const MAX_REQUEST_PARTS = 100;
/** Requests of one client that may be unanswered, or answered and not yet read. */
const MAX_OPEN_REQUESTS = 16;
const MAX_PEERS = 1000;
/** A bridge has no topics; a client with this many is hostile. */
const MAX_TOPICS = 100;
/** Bytes of the protocol itself that may wait for a peer that does not read. */
const MAX_UNSENT = 65_536;
/**
 * A client gets the next message while no more than this has yet to leave for it, bytes: bursts of small messages pass, and
 * of large ones none waits behind another (but see {@link MAX_UNFLUSHED}).
 */
const MAX_BACKLOG = 262_144;
/**
 * Large messages of a PUB server that may be on their way to a client when the next comes: three, then, of which one leaves and
 * two wait. At 10 Hz a machine that stops for a fifth of a second then loses no train.
 */
const MAX_UNFLUSHED = 2;
const KEEP_ALIVE_MS = 10_000;

type Listener = Parameters<ServerSocket['onRequest']>[0];

interface Peer {
  readonly socket: Socket;
  readonly session: ZmtpSession;
  /** What it subscribed to: messages whose first part begins so. */
  readonly topics: Uint8Array[];
  /** Requests that are not answered, or whose answer has not left yet. */
  openRequests: number;
  /** Requests in their order; the first is with the listener. */
  readonly requests: (readonly Uint8Array[])[];
  /** Messages that were sent to it and have not left yet. */
  unflushed: number;
}

/** Corked, the pieces leave in one system call; nothing is copied. */
function write({ socket }: Peer, pieces: readonly Uint8Array[], onFlushed?: () => void): void {
  socket.cork();
  for (const [i, piece] of pieces.entries()) socket.write(piece, i === pieces.length - 1 ? onFlushed : undefined);
  process.nextTick(() => socket.uncork());
}

/** @throws MessageInvalid for too many topics */
function subscribe({ topics }: Peer, isOn: boolean, topic: Uint8Array): void {
  if (isOn) {
    if (topics.length >= MAX_TOPICS) throw new MessageInvalid(`The peer subscribed to more than ${MAX_TOPICS} topics.`);
    topics.push(topic.slice());
    return;
  }
  const at = topics.findIndex((each) => each.length === topic.length && beginsWith(each, topic));
  if (at >= 0) topics.splice(at, 1);
}

/** Binds a server; see {@link SocketTransport.bind}. A slow or dead peer only misses messages itself. */
export async function bindZmtp(
  endpoint: string,
  kind: ServerSocketKind,
  options: BindOptions = {},
): Promise<ServerSocket> {
  const limits = { maxMessageBytes: options.maxRequestBytes ?? MAX_REQUEST_BYTES, maxParts: MAX_REQUEST_PARTS };
  const address = parseEndpoint(endpoint);
  checkChoice('socket', kind, SERVER_SOCKETS);
  const peers = new Set<Peer>();
  let listener: Listener | null = null;
  let nextPush = 0;

  /** Hands the peer's first request to the listener, and the next one once that is answered. */
  const serve = (peer: Peer) => {
    const [parts] = peer.requests;
    if (!parts || !listener) return;
    // All frames up to the empty one lead back to who asked, perhaps through proxies.
    const envelope = parts.slice(0, parts.findIndex((part) => part.length === 0) + 1);
    let isOpen = true;
    listener(parts.slice(envelope.length), (reply) => {
      if (!isOpen || peer.socket.destroyed) return false;
      isOpen = false;
      write(peer, messagePieces(reply, envelope), () => peer.openRequests--);
      peer.requests.shift();
      serve(peer);
      return true;
    });
  };

  const takeRequest = (peer: Peer, parts: readonly Uint8Array[]) => {
    // Without an empty frame it is no request, as libzmq sees it too.
    if (parts.every((part) => part.length > 0)) return;
    if (++peer.openRequests > (options.maxOpenRequests ?? MAX_OPEN_REQUESTS)) peer.socket.destroy();
    else if (peer.requests.push(parts) === 1) serve(peer);
  };

  const accept = (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), options.handshakeMs ?? HANDSHAKE_MS);
    const session = new ZmtpSession(kind, limits, {
      write(bytes) {
        if (socket.writableLength < MAX_UNSENT) socket.write(bytes);
      },
      onReady: () => clearTimeout(timer),
      onMessage({ parts }) {
        const [first] = parts;
        if (kind === 'REP') takeRequest(peer, parts);
        else if (kind === 'PUB' && first.length > 0 && first[0] <= 1)
          subscribe(peer, first[0] === 1, first.subarray(1));
      },
      onHeartbeat: (withinMs) => socket.setTimeout(withinMs),
      onSubscription(isOn, topic) {
        if (kind === 'PUB') subscribe(peer, isOn, topic);
      },
    });
    const peer: Peer = { socket, session, topics: [], openRequests: 0, requests: [], unflushed: 0 };
    peers.add(peer);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.write(GREETING);
    socket.on('data', (chunk: Uint8Array) => {
      try {
        if (!socket.destroyed) session.take(chunk);
      } catch {
        // A peer that breaks the protocol is sent away; the others do not notice.
        socket.destroy();
      }
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      peers.delete(peer);
    });
  };

  const server = createServer(accept);
  server.maxConnections = options.maxPeers ?? MAX_PEERS;
  await listen(server, endpoint, address);
  // A connection that cannot be taken (no file descriptor left) concerns that client alone.
  server.on('error', () => undefined);
  const bound = server.address();
  const isTcp = address.transport === 'tcp' && typeof bound === 'object' && bound !== null;

  return {
    endpoint: isTcp ? `tcp://${shownHost(address.host)}:${bound.port}` : endpoint,
    get peers() {
      return [...peers].filter(({ session }) => session.isReady).length;
    },
    onRequest(next) {
      const isFirst = listener === null;
      listener = next;
      if (isFirst) for (const peer of peers) serve(peer);
    },
    send(parts) {
      if (parts.length === 0) return 0;
      const ready = [...peers].filter(
        ({ socket, session, topics, unflushed }) =>
          session.isReady &&
          !socket.destroyed &&
          (socket.writableLength <= MAX_BACKLOG || (kind === 'PUB' && unflushed <= MAX_UNFLUSHED)) &&
          (kind !== 'PUB' || topics.some((topic) => beginsWith(parts[0], topic))),
      );
      if (ready.length === 0) return 0;
      const chosen = kind === 'PUSH' ? [ready[nextPush++ % ready.length]] : ready;
      const pieces = messagePieces(parts);
      for (const peer of chosen) {
        peer.unflushed++;
        write(peer, pieces, () => peer.unflushed--);
      }
      return chosen.length;
    },
    close({ flush = false } = {}) {
      for (const { socket } of peers) {
        if (flush) socket.destroySoon();
        else socket.destroy();
      }
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

/** Node says "permission denied" where there is no folder. */
function noFolder(address: Endpoint): string | undefined {
  if (address.transport === 'tcp' || address.path.startsWith('\0') || existsSync(dirname(address.path)))
    return undefined;
  return `there is no folder ${dirname(address.path)}`;
}

async function listen(server: Server, endpoint: string, address: Endpoint): Promise<void> {
  const attempt = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      const onListening = () => {
        server.off('error', reject);
        resolve();
      };
      if (address.transport === 'tcp') server.listen(address.port, addressOf(address.host), onListening);
      else server.listen(address.path, onListening);
    });
  try {
    await attempt().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' || address.transport !== 'ipc' || (await isAnswered(address.path))) throw error;
      unlinkSync(address.path);
      await attempt();
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw code === 'EADDRINUSE'
      ? new PortInUse(
          `${endpoint} is used by another program. Choose another one${address.transport === 'tcp' ? ', or port 0 for any free one' : ''}.`,
          { endpoint },
          { cause },
        )
      : new EndpointInvalid(
          `Cannot listen on ${endpoint}: ${noFolder(address) ?? message}. Choose another address.`,
          { endpoint },
          { cause },
        );
  }
}
