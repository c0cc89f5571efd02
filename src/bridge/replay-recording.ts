import { sleep } from '../core/cancel.ts';
import { RequestQueue } from './request-queue.ts';
import type { ServerSocket, ServerSocketKind } from './socket.ts';

/** A message and when it is due. */
export interface TimedMessage {
  readonly parts: readonly Uint8Array[];
  /** ms, on a clock of the stream's own that only grows. */
  readonly atMs: number;
}

/** How fast recorded messages are sent. */
export type ReplayPace = 'original' | 'asked' | { readonly rateHz: number };

/** How to send them. */
export interface ReplayMessagesOptions {
  readonly signal: AbortSignal;
  /** `original`: with the pauses of the recording; `asked`: as soon as somebody takes it. */
  readonly pace: ReplayPace;
  /** Called after each message that was taken, with its number from 1. */
  readonly onSent?: (count: number) => void;
}

/** How long to wait before a client is looked for again, ms. */
const LOOK_AGAIN_MS = 5;
/** Who is later than this goes on from now; until then the clock is made up for. */
const LATEST_MS = 1000;

/**
 * Sends each message once, in order, when it is due and somebody takes it: none is left out, a slow client makes it late.
 * The clock starts with the first client.
 * @returns how many were sent
 */
export async function replayMessages(
  socket: ServerSocket,
  kind: ServerSocketKind,
  messages: AsyncIterable<TimedMessage>,
  { signal, pace, onSent }: ReplayMessagesOptions,
): Promise<number> {
  const taker = new Taker(socket, kind, signal);
  let sent = 0;
  /** Time of this program at which the stream's clock was 0. */
  let zero: number | null = null;
  for await (const { parts, atMs } of messages) {
    const due = pace === 'original' ? atMs : pace === 'asked' ? null : (sent * 1000) / pace.rateHz;
    const isTaken = await taker.client();
    if (!isTaken) break;
    if (due !== null) {
      const now = performance.now();
      if (zero === null || now - zero - due > LATEST_MS) zero = now - due;
      await sleep(Math.max(0, zero + due - now), signal).catch(() => undefined);
    }
    if (signal.aborted || !(await taker.give(parts))) break;
    if (due !== null && zero !== null && performance.now() - zero - due > LATEST_MS) zero = performance.now() - due;
    sent++;
    onSent?.(sent);
  }
  return sent;
}

/** Finds somebody to take a message, whatever the socket. */
class Taker {
  readonly #socket: ServerSocket;
  readonly #requests: RequestQueue | null;
  readonly #signal: AbortSignal;
  #wake = () => {};

  constructor(socket: ServerSocket, kind: ServerSocketKind, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    this.#requests = kind === 'REP' ? new RequestQueue(socket) : null;
    this.#requests?.onAsked(() => this.#wake());
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Waits until somebody could take a message. @returns false when it is over */
  async client(): Promise<boolean> {
    while (!this.#signal.aborted) {
      if ((this.#requests?.length ?? this.#socket.peers) > 0) return true;
      await this.#pause();
    }
    return false;
  }

  /** Waits until somebody takes it. @returns false when it is over */
  async give(parts: readonly Uint8Array[]): Promise<boolean> {
    while (!this.#signal.aborted) {
      if (this.#requests ? this.#requests.answerFirst(parts) : this.#socket.send(parts) > 0) return true;
      await this.#pause();
    }
    return false;
  }

  async #pause(): Promise<void> {
    if (!this.#requests) return sleep(LOOK_AGAIN_MS, this.#signal).catch(() => undefined);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
