import { connect, type OnReadOpts, type Socket } from 'node:net';
import { CLIENT_SOCKETS, checkChoice } from '../../../bridge/bridge-settings.ts';
import { type Endpoint, parsePeerEndpoint } from '../../../bridge/endpoint.ts';
import type { ClientSocket, ClientSocketKind, ConnectOptions, ReceivedMessage } from '../../../bridge/socket.ts';
import { BridgeTimeout, isXfelError, MessageInvalid, type XfelError } from '../../../core/errors.ts';
import { GREETING, messagePieces } from './wire.ts';
import { HANDSHAKE_MS, ZmtpSession } from './zmtp-session.ts';

/** Complete messages that may wait; then the socket is not read any more, and the server sees it. */
const MAX_QUEUED = 1;
const DEFAULT_MAX_MESSAGE = 2 ** 32 - 1;
const MAX_PARTS = 100_000;
/** Bytes of our own that may wait for a peer that does not read. */
const MAX_UNSENT = 65_536;
/** After so long without a sign of life the system asks the peer's, ms: a host that lost its power is noticed. */
const KEEP_ALIVE_MS = 10_000;
const DELIMITER = [new Uint8Array(0)];

/** Connects and shakes hands; see {@link SocketTransport.connect}. */
export function connectZmtp(
  endpoint: string,
  kind: ClientSocketKind,
  options: ConnectOptions = {},
): Promise<ClientSocket> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    signal?.throwIfAborted();
    const address = parsePeerEndpoint(endpoint);
    checkChoice('socket', kind, CLIENT_SOCKETS);
    let queue: ReceivedMessage[] = [];
    let waiter: { resolve(message: ReceivedMessage): void; reject(error: unknown): void } | null = null;
    let failure: { readonly error: unknown } | null = null;
    let isConnected = false;
    let isPaused = false;

    const fail = (error: unknown) => {
      if (failure) return;
      failure = { error };
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      const wasReady = session.isReady;
      session.abandon();
      socket.destroy();
      if (!wasReady) reject(error);
      waiter?.reject(error);
      waiter = null;
    };
    const timeOut = (text: string, cause?: unknown) => fail(new BridgeTimeout(text, { endpoint }, { cause }));
    /** Ends at our own wish: what waits is not wanted any more. */
    const end = (error: unknown) => {
      for (const message of queue) message.release();
      queue = [];
      fail(error);
    };
    const onAbort = () => end(signal?.reason);

    const client: ClientSocket = {
      send(parts) {
        for (const piece of messagePieces(parts, kind === 'REQ' ? DELIMITER : [])) socket.write(piece);
      },
      receive() {
        const queued = queue.shift();
        if (isPaused && queue.length < MAX_QUEUED) {
          isPaused = false;
          socket.resume();
        }
        if (queued) return Promise.resolve(queued);
        if (failure) return Promise.reject(failure.error);
        return new Promise((resolveMessage, rejectMessage) => {
          waiter = { resolve: resolveMessage, reject: rejectMessage };
        });
      },
      close() {
        end(new BridgeTimeout(`The connection to ${endpoint} was closed.`, { endpoint }));
      },
    };

    const session = new ZmtpSession(
      kind,
      {
        maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE,
        maxParts: options.maxParts ?? MAX_PARTS,
        allocate: options.allocate,
      },
      {
        write(bytes) {
          if (socket.writableLength < MAX_UNSENT) socket.write(bytes);
        },
        onReady() {
          clearTimeout(timer);
          // Subscribe to everything: a message of one byte 1 and an empty topic.
          if (kind === 'SUB') socket.write(Uint8Array.of(0, 1, 1));
          resolve(client);
        },
        onHeartbeat: (withinMs) => socket.setTimeout(withinMs),
        onSubscription: () => undefined,
        onMessage(message) {
          const hasDelimiter = kind === 'REQ' && message.parts[0].length === 0;
          const opened = hasDelimiter ? { ...message, parts: message.parts.slice(1) } : message;
          if (waiter) {
            waiter.resolve(opened);
            waiter = null;
            return;
          }
          queue.push(opened);
          if (queue.length >= MAX_QUEUED) {
            isPaused = true;
            socket.pause();
          }
        },
      },
    );

    // The stream is read straight into the session's memory: no buffer is made for it, and a large part is not copied.
    const onread: OnReadOpts = {
      buffer: () => session.target(),
      callback: (count) => {
        try {
          session.advance(count);
        } catch (error) {
          fail(isXfelError(error, 'MessageInvalid') ? atEndpoint(endpoint, error) : error);
        }
        return failure === null;
      },
    };
    const socket: Socket =
      address.transport === 'tcp'
        ? connect({ host: address.host, port: address.port, onread })
        : connect({ path: address.path, onread });
    const timer = setTimeout(
      () =>
        timeOut(
          isConnected
            ? `${endpoint} accepts connections but does not answer as a bridge. Is this the port of another program?`
            : `Nobody answers at ${endpoint}. Is the address right, and does no firewall stand between?`,
        ),
      options.handshakeMs ?? HANDSHAKE_MS,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.once('connect', () => {
      isConnected = true;
      socket.write(GREETING);
    });
    socket.on('timeout', () => {
      // While we do not read, its heartbeats wait unread.
      if (!isPaused) timeOut(`The bridge at ${endpoint} has stopped sending the signs of life that it promised.`);
    });
    socket.on('error', (cause) => timeOut(sayError(endpoint, address, cause, isConnected), cause));
    socket.on('close', () =>
      timeOut(
        session.isReady
          ? `The bridge at ${endpoint} closed the connection.`
          : `${endpoint} closed the connection before it answered as a bridge. Is this the port of another program?`,
      ),
    );
  });
}

function atEndpoint(endpoint: string, error: XfelError): MessageInvalid {
  return new MessageInvalid(`${endpoint}: ${error.message}`, { ...error.details, endpoint }, { cause: error });
}

/** What a failed connection means to a person. */
function sayError(endpoint: string, address: Endpoint, cause: NodeJS.ErrnoException, isConnected: boolean): string {
  const code = cause.code ?? cause.message;
  if (isConnected) return `The bridge at ${endpoint} broke the connection (${code}).`;
  if (address.transport === 'tcp' && (code === 'ENOTFOUND' || code === 'EAI_AGAIN'))
    return `No computer is known as "${address.host}" (${code}). Check the endpoint ${endpoint}, or the network.`;
  return `No bridge answers at ${endpoint} (${code}). Is it started?`;
}
