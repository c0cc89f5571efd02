import { connect, type OnReadOpts, type Socket } from 'node:net';
import { parseEndpoint } from '../../../bridge/endpoint.ts';
import type { ClientSocket, ClientSocketKind, ConnectOptions, ReceivedMessage } from '../../../bridge/socket.ts';
import { BridgeTimeout } from '../../../core/errors.ts';
import { FrameReader } from './frame-reader.ts';
import { checkGreeting, checkReady, GREETING, messagePieces, readyCommand } from './wire.ts';

/** Complete messages that may wait; then the socket is not read any more, and the server sees it. */
const MAX_QUEUED = 1;
const DEFAULT_MAX_PART = 2 ** 32 - 1;
const MAX_PARTS = 100_000;
/** A peer that accepts but says nothing for this long is no bridge. */
const HANDSHAKE_MS = 5000;

/** Connects and shakes hands; see {@link SocketTransport.connect}. */
export function connectZmtp(
  endpoint: string,
  kind: ClientSocketKind,
  options: ConnectOptions = {},
): Promise<ClientSocket> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    signal?.throwIfAborted();
    const address = parseEndpoint(endpoint);
    const queue: ReceivedMessage[] = [];
    let waiter: { resolve(message: ReceivedMessage): void; reject(error: unknown): void } | null = null;
    let failure: unknown = null;
    let isReady = false;
    let isPaused = false;

    const fail = (error: unknown) => {
      if (failure) return;
      failure = error;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      reader.abandon();
      socket.destroy();
      if (!isReady) reject(error);
      waiter?.reject(error);
      waiter = null;
    };
    const onAbort = () => fail(signal?.reason);
    const guarded = (action: () => void) => {
      try {
        action();
      } catch (error) {
        fail(error);
      }
    };

    const client: ClientSocket = {
      send(parts) {
        for (const piece of messagePieces(parts, kind === 'REQ')) socket.write(piece);
      },
      receive() {
        const queued = queue.shift();
        if (isPaused && queue.length < MAX_QUEUED) {
          isPaused = false;
          socket.resume();
        }
        if (queued) return Promise.resolve(queued);
        if (failure) return Promise.reject(failure);
        return new Promise((resolveMessage, rejectMessage) => {
          waiter = { resolve: resolveMessage, reject: rejectMessage };
        });
      },
      close() {
        for (const message of queue.splice(0)) message.release();
        fail(new BridgeTimeout(`The connection to ${endpoint} was closed.`, { endpoint }));
      },
    };

    const reader = new FrameReader(
      {
        onGreeting(greeting) {
          checkGreeting(greeting);
          socket.write(readyCommand(kind));
        },
        onCommand(name, body) {
          if (isReady) return;
          checkReady(kind, name, body);
          isReady = true;
          clearTimeout(timer);
          // Subscribe to everything: a message of one byte 1 and an empty topic.
          if (kind === 'SUB') socket.write(Uint8Array.of(0, 1, 1));
          resolve(client);
        },
        onMessage(message) {
          const opened =
            kind === 'REQ' && message.parts[0]?.length === 0 ? { ...message, parts: message.parts.slice(1) } : message;
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
      { maxPartBytes: options.maxPartBytes ?? DEFAULT_MAX_PART, maxParts: MAX_PARTS, allocate: options.allocate },
    );

    // The stream is read straight into the reader's memory: no buffer is made for it, and a large part is not copied.
    const onread: OnReadOpts = {
      buffer: () => reader.target(),
      callback: (count) => {
        guarded(() => reader.advance(count));
        return failure === null;
      },
    };
    const socket: Socket =
      address.transport === 'tcp'
        ? connect({ host: address.host, port: address.port, onread })
        : connect({ path: address.path, onread });
    const timer = setTimeout(
      () => fail(new BridgeTimeout(`${endpoint} accepts connections but does not answer as a bridge.`, { endpoint })),
      HANDSHAKE_MS,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.setNoDelay(true);
    socket.once('connect', () => socket.write(GREETING));
    socket.on('error', (cause) =>
      fail(
        new BridgeTimeout(
          `No bridge answers at ${endpoint} (${(cause as NodeJS.ErrnoException).code ?? cause.message}). Is it started?`,
          { endpoint },
          { cause },
        ),
      ),
    );
    socket.on('close', () => fail(new BridgeTimeout(`The bridge at ${endpoint} closed the connection.`, { endpoint })));
  });
}
