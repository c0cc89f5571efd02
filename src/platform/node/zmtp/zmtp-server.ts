import { createServer, type Socket } from 'node:net';
import { parseEndpoint } from '../../../bridge/endpoint.ts';
import type { ServerSocket, ServerSocketKind } from '../../../bridge/socket.ts';
import { EndpointInvalid, PortInUse } from '../../../core/errors.ts';
import { FrameReader } from './frame-reader.ts';
import { checkGreeting, checkReady, GREETING, messagePieces, readyCommand } from './wire.ts';

/** A client sends requests and subscriptions only: a longer part is hostile. */
const MAX_REQUEST = 1 << 20;

type Listener = Parameters<ServerSocket['onRequest']>[0];

interface Peer {
  readonly socket: Socket;
  isReady: boolean;
  isSubscribed: boolean;
}

/** Binds a server; see {@link SocketTransport.bind}. A slow or dead peer only misses messages itself. */
export function bindZmtp(endpoint: string, kind: ServerSocketKind): Promise<ServerSocket> {
  const address = parseEndpoint(endpoint);
  const peers = new Set<Peer>();
  let listener: Listener | null = null;
  let nextPush = 0;

  const write = (peer: Peer, parts: readonly Uint8Array[]) => {
    // Corked, the pieces leave in one system call; nothing is copied.
    peer.socket.cork();
    for (const piece of messagePieces(parts, kind === 'REP')) peer.socket.write(piece);
    process.nextTick(() => peer.socket.uncork());
  };

  const onMessage = (peer: Peer, parts: readonly Uint8Array[]) => {
    if (kind === 'PUB') {
      const [topic] = parts;
      if (topic?.length === 1 && topic[0] <= 1) peer.isSubscribed = topic[0] === 1;
    } else if (kind === 'REP') {
      const delimiter = parts.findIndex((part) => part.length === 0);
      let isOpen = true;
      listener?.(parts.slice(delimiter + 1), (reply) => {
        if (isOpen && !peer.socket.destroyed) write(peer, reply);
        isOpen = false;
      });
    }
  };

  const accept = (socket: Socket) => {
    const peer: Peer = { socket, isReady: false, isSubscribed: false };
    peers.add(peer);
    socket.setNoDelay(true);
    const reader = new FrameReader(
      {
        onGreeting(greeting) {
          checkGreeting(greeting);
          socket.write(readyCommand(kind));
        },
        onCommand(name, body) {
          if (peer.isReady) {
            if (name === 'SUBSCRIBE' && body.length === 0) peer.isSubscribed = true;
            return;
          }
          checkReady(kind, name, body);
          peer.isReady = true;
        },
        onMessage: (message) => onMessage(peer, message.parts),
      },
      { maxPartBytes: MAX_REQUEST, maxParts: 100 },
    );
    socket.write(GREETING);
    socket.on('data', (chunk: Uint8Array) => {
      try {
        for (let at = 0; at < chunk.length; ) {
          const target = reader.target();
          const count = Math.min(target.length, chunk.length - at);
          target.set(chunk.subarray(at, at + count));
          reader.advance(count);
          at += count;
        }
      } catch {
        // A peer that breaks the protocol is sent away; the others do not notice.
        socket.destroy();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => peers.delete(peer));
  };

  return new Promise((resolve, reject) => {
    const server = createServer(accept);
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new PortInUse(
              `${endpoint} is used by another program. Choose another port, or 0 for any free one.`,
              { endpoint },
              { cause },
            )
          : new EndpointInvalid(`Cannot listen on ${endpoint}: ${cause.message}.`, { endpoint }, { cause }),
      );
    });
    const onListening = () => {
      const bound = server.address();
      const real =
        address.transport === 'tcp' && typeof bound === 'object' && bound
          ? `tcp://${address.host}:${bound.port}`
          : endpoint;
      resolve({
        endpoint: real,
        get peers() {
          return [...peers].filter((peer) => peer.isReady).length;
        },
        onRequest(next) {
          listener = next;
        },
        send(parts) {
          const ready = [...peers].filter(
            (peer) => peer.isReady && peer.socket.writableLength === 0 && (kind !== 'PUB' || peer.isSubscribed),
          );
          const chosen =
            kind === 'PUSH'
              ? ready.slice(nextPush % Math.max(1, ready.length), (nextPush % Math.max(1, ready.length)) + 1)
              : ready;
          nextPush++;
          for (const peer of chosen) write(peer, parts);
          return chosen.length;
        },
        close() {
          for (const { socket } of peers) socket.destroy();
          return new Promise((closed) => server.close(() => closed()));
        },
      });
    };
    if (address.transport === 'tcp')
      server.listen(address.port, address.host === '*' ? '0.0.0.0' : address.host, onListening);
    else server.listen(address.path, onListening);
  });
}
