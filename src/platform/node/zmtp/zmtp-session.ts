import type { ClientSocketKind, ReceivedMessage, ServerSocketKind } from '../../../bridge/socket.ts';
import { MessageInvalid } from '../../../core/errors.ts';
import { type FrameLimits, FrameReader } from './frame-reader.ts';
import { checkGreeting, checkReady, commandFrame, readyCommand } from './wire.ts';

/** A peer that does not end its handshake in this time is no ZeroMQ peer, ms. */
export const HANDSHAKE_MS = 5000;

/** What a session needs of its connection, and tells it. */
export interface SessionEvents {
  /** Sends bytes of the protocol itself: READY, PONG. */
  write(bytes: Uint8Array): void;
  /** The handshake is done: messages may go both ways. */
  onReady(): void;
  /** The peer promises to send something at least this often, ms; else it is gone. */
  onHeartbeat(withinMs: number): void;
  /** SUBSCRIBE or CANCEL of a topic, as peers of ZMTP 3.1 send them. */
  onSubscription(isOn: boolean, topic: Uint8Array): void;
  onMessage(message: ReceivedMessage): void;
}

/** One peer of a ZMTP 3.0 connection, client or server: greeting, READY, then messages. README.md draws the states. */
export class ZmtpSession {
  readonly #kind: ClientSocketKind | ServerSocketKind;
  readonly #events: SessionEvents;
  readonly #reader: FrameReader;
  #isReady = false;

  constructor(kind: ClientSocketKind | ServerSocketKind, limits: FrameLimits, events: SessionEvents) {
    this.#kind = kind;
    this.#events = events;
    this.#reader = new FrameReader(
      {
        onGreetingPart: checkGreeting,
        onGreeting: () => events.write(readyCommand(kind)),
        onCommand: (name, body) => this.#command(name, body),
        onMessage: (message) => this.#message(message),
      },
      limits,
    );
  }

  /** Whether the handshake is done. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Where the next bytes of the stream go; never empty. */
  target(): Uint8Array {
    return this.#reader.target();
  }

  /** Takes note of `count` bytes that were put into {@link target}. @throws MessageInvalid if the peer breaks the protocol */
  advance(count: number): void {
    this.#reader.advance(count);
  }

  /** Takes bytes that lie somewhere else. @throws MessageInvalid if the peer breaks the protocol */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const target = this.target();
      const count = Math.min(target.length, bytes.length - at);
      target.set(bytes.subarray(at, at + count));
      this.advance(count);
      at += count;
    }
  }

  /** Hands back the memory of a message that will never be complete. */
  abandon(): void {
    this.#reader.abandon();
  }

  #command(name: string, body: Uint8Array): void {
    if (!this.#isReady) {
      checkReady(this.#kind, name, body);
      this.#isReady = true;
      this.#events.onReady();
    } else if (name === 'PING') {
      // Time to live in tenths of a second, then a context to send back; we announce 3.0, yet libzmq may ask all the same.
      const tenths = body.length >= 2 ? body[0] * 256 + body[1] : 0;
      if (tenths > 0) this.#events.onHeartbeat(tenths * 100);
      this.#events.write(commandFrame('PONG', body.subarray(2, 18)));
    } else if (name === 'SUBSCRIBE' || name === 'CANCEL') {
      this.#events.onSubscription(name === 'SUBSCRIBE', body);
    }
  }

  #message(message: ReceivedMessage): void {
    if (this.#isReady) {
      this.#events.onMessage(message);
      return;
    }
    message.release();
    throw new MessageInvalid('The peer sent a message before READY. Is it a Karabo bridge?');
  }
}
