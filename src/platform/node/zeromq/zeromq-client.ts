import { lookup } from 'node:dns/promises';
import type * as Zeromq from 'zeromq';
import { CLIENT_SOCKETS, checkChoice } from '../../../bridge/bridge-settings.ts';
import { parsePeerEndpoint } from '../../../bridge/endpoint.ts';
import type { ClientSocket, ClientSocketKind, ConnectOptions, ReceivedMessage } from '../../../bridge/socket.ts';
import { BridgeTimeout, MessageInvalid } from '../../../core/errors.ts';
import type { Lease } from '../../../core/lease.ts';

/** A peer that does not end its handshake in this time is no ZeroMQ peer, ms. */
const HANDSHAKE_MS = 5000;
const DEFAULT_MAX_MESSAGE = 2 ** 32 - 1;
const DEFAULT_MAX_PARTS = 100_000;
/** Parts from this size on are copied into lent memory, as with the built-in transport. */
const LARGE = 65_536;
/**
 * libzmq's own reconnection never happens: a connection that ended stays ended, and what it brought can still be read
 * (switched off with -1 it would be thrown away), ms.
 */
const NEVER_MS = 1_000_000_000;
/** A message may still be on its way from libzmq's thread when the end of its connection is told, ms. */
const LAST_WORDS_MS = 20;
/** The empty part before a request and its answer. */
const DELIMITER = new Uint8Array(0);

type Library = typeof Zeromq;
type Receiving = Zeromq.Dealer | Zeromq.Subscriber | Zeromq.Pull;

function openSocket(
  zeromq: Library,
  kind: ClientSocketKind,
  host: string,
  maxMessageBytes: number,
  handshakeMs: number,
): Receiving {
  const options = {
    linger: 0,
    receiveHighWaterMark: 1,
    reconnectInterval: NEVER_MS,
    handshakeInterval: handshakeMs,
    connectTimeout: handshakeMs,
    maxMessageSize: maxMessageBytes,
    tcpKeepalive: 1,
    ipv6: host.includes(':'),
  };
  // Its REQ refuses a second request, or forgets the first, until an answer has come; a DEALER with REQ's envelope does neither.
  if (kind === 'REQ') return new zeromq.Dealer({ ...options, sendHighWaterMark: 2, sendTimeout: 0 });
  if (kind === 'PULL') return new zeromq.Pull(options);
  const subscriber = new zeromq.Subscriber(options);
  subscriber.subscribe();
  return subscriber;
}

/** Connects and waits for the handshake; see {@link SocketTransport.connect}. */
export async function connectZeromq(
  zeromq: Library,
  endpoint: string,
  kind: ClientSocketKind,
  options: ConnectOptions = {},
): Promise<ClientSocket> {
  const { signal, maxMessageBytes = DEFAULT_MAX_MESSAGE, handshakeMs = HANDSHAKE_MS } = options;
  signal?.throwIfAborted();
  const address = parsePeerEndpoint(endpoint);
  checkChoice('socket', kind, CLIENT_SOCKETS);
  const host = address.transport === 'tcp' ? address.host : '';
  // libzmq tries for ever, silently, to find a computer that nobody knows.
  if (host !== '')
    await lookup(host).catch((cause: NodeJS.ErrnoException) => {
      throw new BridgeTimeout(
        `No computer is known as "${host}" (${cause.code}). Check the endpoint ${endpoint}, or the network.`,
        { endpoint },
        { cause },
      );
    });
  signal?.throwIfAborted();
  const socket = openSocket(zeromq, kind, host, maxMessageBytes, handshakeMs);
  const connection = new ZeromqConnection(socket, kind, endpoint, { ...options, maxMessageBytes });
  await connection.open(handshakeMs);
  return connection;
}

/** One connection of libzmq, which would rather have many and never tell. */
class ZeromqConnection implements ClientSocket {
  readonly #socket: Receiving;
  readonly #kind: ClientSocketKind;
  readonly #endpoint: string;
  readonly #maxMessageBytes: number;
  readonly #options: ConnectOptions;
  /** Why the connection ended. */
  #failure: { readonly error: unknown } | null = null;
  #isReceiving = false;
  #isConnected = false;
  #isReady = false;
  #settle: { resolve(): void; reject(error: unknown): void } | null = null;

  constructor(
    socket: Receiving,
    kind: ClientSocketKind,
    endpoint: string,
    options: ConnectOptions & { readonly maxMessageBytes: number },
  ) {
    this.#socket = socket;
    this.#kind = kind;
    this.#endpoint = endpoint;
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#options = options;
  }

  open(handshakeMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#options.signal?.addEventListener('abort', this.#onAbort, { once: true });
      const timer = setTimeout(
        () => this.#lose('accepts connections but does not answer as a bridge. Is this the port of another program?'),
        handshakeMs,
      );
      const { events } = this.#socket;
      events.on('connect', () => {
        this.#isConnected = true;
      });
      events.on('handshake', () => {
        this.#isReady = true;
        clearTimeout(timer);
        resolve();
      });
      events.on('handshake:error:protocol', ({ error }) =>
        this.#end(
          new MessageInvalid(
            `${this.#endpoint}: the peer does not shake hands as a bridge (${error.code}). Is it a Karabo bridge, without security?`,
            { endpoint: this.#endpoint },
          ),
        ),
      );
      events.on('disconnect', () => this.#disconnected());
      for (const type of ['close', 'connect:retry'] as const)
        events.on(type, () => {
          if (!this.#isConnected) this.#fail(`No bridge answers at ${this.#endpoint}. Is it started?`);
        });
      events.on('end', () => clearTimeout(timer));
      this.#socket.connect(this.#endpoint);
    });
  }

  send(parts: readonly Uint8Array[]): void {
    (this.#socket as Zeromq.Dealer).send([DELIMITER, ...parts]).catch((cause: unknown) => {
      // EAGAIN: the peer does not read its requests.
      this.#end(
        new BridgeTimeout(
          `The request could not be sent to ${this.#endpoint}: ${cause instanceof Error ? cause.message : String(cause)}.`,
          { endpoint: this.#endpoint },
          { cause },
        ),
      );
    });
  }

  async receive(): Promise<ReceivedMessage> {
    // What has come before the connection ended is still handed out, unless we ended it ourselves.
    if (this.#failure && (this.#socket.closed || !this.#socket.readable)) {
      this.#close();
      throw this.#failure.error;
    }
    this.#isReceiving = true;
    try {
      const parts = await this.#socket.receive();
      return this.#take(this.#kind === 'REQ' && parts[0].length === 0 ? parts.slice(1) : parts);
    } catch (error) {
      // Closing the socket ends the wait with EAGAIN; the reason is ours.
      throw this.#failure ? this.#failure.error : error;
    } finally {
      this.#isReceiving = false;
    }
  }

  close(): void {
    this.#fail(`The connection to ${this.#endpoint} was closed.`);
    this.#close();
  }

  /** The parts in lent memory where there is some, else in libzmq's. */
  #take(received: readonly Uint8Array[]): ReceivedMessage {
    const total = received.reduce((sum, { length }) => sum + length, 0);
    if (total > this.#maxMessageBytes) {
      const error = new MessageInvalid(
        `${this.#endpoint}: the peer sent a message of ${total} bytes; ${this.#maxMessageBytes} are allowed.`,
        { endpoint: this.#endpoint, length: total },
      );
      this.#end(error);
      throw error;
    }
    const { maxParts = DEFAULT_MAX_PARTS } = this.#options;
    if (received.length > maxParts) {
      const error = new MessageInvalid(`${this.#endpoint}: the peer sent more than ${maxParts} parts in a message.`, {
        endpoint: this.#endpoint,
      });
      this.#end(error);
      throw error;
    }
    const leases: Lease[] = [];
    const parts = received.map((part) => {
      const lease = part.length >= LARGE ? this.#options.allocate?.(part.length) : undefined;
      if (!lease) return part;
      leases.push(lease);
      lease.bytes.set(part);
      return lease.bytes;
    });
    return {
      parts,
      release: () => {
        for (const lease of leases) lease.release();
      },
    };
  }

  readonly #onAbort = () => this.#end(this.#options.signal?.reason);

  #disconnected(): void {
    if (!this.#isReady) {
      this.#end(
        new MessageInvalid(
          `${this.#endpoint} ended the handshake: another program, or a socket type that does not go with ours (libzmq does not tell which).`,
          { endpoint: this.#endpoint },
        ),
      );
      return;
    }
    setTimeout(() => {
      this.#fail(
        `The bridge at ${this.#endpoint} closed the connection, or sent a part above ${this.#maxMessageBytes} bytes (libzmq does not tell which).`,
      );
      if (this.#isReceiving) this.#close();
    }, LAST_WORDS_MS);
  }

  #lose(text: string): void {
    this.#end(new BridgeTimeout(`${this.#endpoint} ${text}`, { endpoint: this.#endpoint }));
  }

  #fail(text: string): void {
    this.#settleWith(new BridgeTimeout(text, { endpoint: this.#endpoint }));
  }

  #end(error: unknown): void {
    this.#settleWith(error);
    this.#close();
  }

  #settleWith(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#settle?.reject(error);
    this.#settle = null;
    if (!this.#isReady) this.#close();
  }

  #close(): void {
    if (!this.#socket.closed) this.#socket.close();
  }
}
