import type { Lease } from '../core/lease.ts';
import type { OutgoingPart } from './outgoing-part.ts';

/** The client's side of a socket pair. */
export type ClientSocketKind = 'REQ' | 'SUB' | 'PULL';
/** The server's side of a socket pair. */
export type ServerSocketKind = 'REP' | 'PUB' | 'PUSH';

/** A received multipart message; its memory is valid until `release`. */
export interface ReceivedMessage {
  readonly parts: readonly Uint8Array[];
  release(): void;
}

/** How to connect. */
export interface ConnectOptions {
  readonly signal?: AbortSignal;
  /** Asked for memory for each large part; undefined = take ordinary memory. Small parts never ask. */
  readonly allocate?: (byteLength: number) => Lease | undefined;
  /** A longer message (all parts together) ends the connection; default 4 GiB - 1. */
  readonly maxMessageBytes?: number;
  /** A message of more parts ends the connection; default 100 000. */
  readonly maxParts?: number;
  /** A peer that has not shaken hands in this time is none, ms; default 5000. */
  readonly handshakeMs?: number;
}

/** What a server bears from its clients. */
export interface BindOptions {
  /** More clients are sent away at once; default 1000. */
  readonly maxPeers?: number;
  /** A client with more requests that are unanswered, or whose answers it does not read, is sent away; default 16. */
  readonly maxOpenRequests?: number;
  /** A client that sends a longer message is sent away; default 64 KiB. */
  readonly maxRequestBytes?: number;
  /** A client that has not shaken hands in this time is sent away, ms; default 5000. */
  readonly handshakeMs?: number;
}

/**
 * A connected client. Any failure of the connection ends it: open a new one. At most one complete message waits; then the
 * client stops reading, and it is the server that drops.
 */
export interface ClientSocket {
  /** Sends a request (REQ only); a second one may follow before the first is answered. */
  send(parts: readonly Uint8Array[]): void;
  /**
   * The next message.
   * @throws BridgeTimeout when the connection ends, MessageInvalid when the peer breaks the protocol, the signal's reason
   */
  receive(): Promise<ReceivedMessage>;
  /** Ends the connection and forgets what has come. */
  close(): void;
}

/** A bound server with any number of peers. */
export interface ServerSocket {
  /** The address with the real port: `tcp://127.0.0.1:45454`. */
  readonly endpoint: string;
  /** Clients that have shaken hands. */
  readonly peers: number;
  /**
   * REP: called on each request; answer it once, now or later. `reply` tells whether it was sent: false if the client has
   * gone. A client with too many open requests is sent away.
   */
  onRequest(
    listener: (request: readonly Uint8Array[], reply: (parts: readonly OutgoingPart[]) => boolean) => void,
  ): void;
  /** PUB: to all peers that are ready, others miss it; PUSH: to one that is ready. @returns how many got it */
  send(parts: readonly OutgoingPart[]): number;
  /** @param options.flush let what was sent reach its clients first; a client that does not read holds this up */
  close(options?: { readonly flush?: boolean }): Promise<void>;
}

/** Port: how messages travel. */
export interface SocketTransport {
  /** @throws EndpointInvalid, StateInvalid (no such socket), BridgeTimeout (nobody there), MessageInvalid (not ZeroMQ), or the signal's reason */
  connect(endpoint: string, kind: ClientSocketKind, options?: ConnectOptions): Promise<ClientSocket>;
  /** @throws EndpointInvalid, StateInvalid (no such socket), PortInUse */
  bind(endpoint: string, kind: ServerSocketKind, options?: BindOptions): Promise<ServerSocket>;
}
