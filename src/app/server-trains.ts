import { decodeTrainFrame } from '../api/train-frame.ts';
import { sleep } from '../core/cancel.ts';
import { StateInvalid } from '../core/errors.ts';
import type { Train } from '../core/train.ts';

/** Which trains, and from where. */
export interface ServerTrainsOptions {
  /** Shell pattern for whole names of sources. */
  readonly source?: string;
  /** Shell pattern for whole names of keys; what does not fit is not sent. */
  readonly key?: string;
  /** Address of the server; the page's own without it. */
  readonly base?: string;
  /** Ends the trains quietly. */
  readonly signal?: AbortSignal;
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3000;
/** Close codes with which the server says no: asked again it would say no again. */
const REFUSALS: ReadonlySet<number> = new Set([1003, 1009]);

/**
 * The browser as a bridge client: trains that the server receives, the same as from a file or from the bridge itself. While
 * one is looked at none is sent: a slow reader misses trains and slows nobody. Connects anew for ever.
 * @throws StateInvalid if the server refuses what is asked for
 * @example for await (const train of serverTrains({ source: '*XGM*', signal })) ..
 */
export async function* serverTrains(options: ServerTrainsOptions = {}): AsyncGenerator<Train> {
  const { source = '*', key = '*', base = globalThis.location?.href, signal } = options;
  const address = new URL(`/api/bridge/trains?${new URLSearchParams({ source, key })}`, base);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  let pause = FIRST_PAUSE_MS;
  while (!signal?.aborted) {
    const channel = new TrainChannel(address);
    const onAbort = () => channel.close();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        const train = await channel.next();
        if (!train || signal?.aborted) break;
        pause = FIRST_PAUSE_MS;
        yield train;
        channel.askForNext();
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      channel.close();
    }
    if (signal?.aborted) return;
    await sleep(pause, signal).catch(() => undefined);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

/** One connection; at most one train waits in it. */
class TrainChannel {
  readonly #socket: WebSocket;
  #train: Train | null = null;
  #refusal: string | null = null;
  #failure: unknown = null;
  #isClosed = false;
  #wake = () => {};

  constructor(address: URL) {
    this.#socket = new WebSocket(address);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') {
        this.#refusal = String((JSON.parse(data) as { text?: unknown }).text);
        return;
      }
      try {
        this.#train = decodeTrainFrame(data);
      } catch (error) {
        this.#failure = error;
      }
      this.#wake();
    };
    this.#socket.onclose = ({ code, reason }) => {
      this.#isClosed = true;
      if (REFUSALS.has(code)) this.#refusal ??= reason;
      this.#wake();
    };
  }

  /** The next train; null when the connection has ended. @throws StateInvalid if the server refused, FormatInvalid */
  async next(): Promise<Train | null> {
    while (!this.#train) {
      if (this.#failure) throw this.#failure;
      if (this.#isClosed && this.#refusal) throw new StateInvalid(this.#refusal, { field: 'source' });
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const train = this.#train;
    this.#train = null;
    return train;
  }

  askForNext(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send('{"type":"next"}');
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.close();
    this.#wake();
  }
}
