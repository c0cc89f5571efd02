import type { ProgressCallback } from '../core/cancel.ts';
import { isXfelError } from '../core/errors.ts';

/** One call of a worker's function table, its abort, and what comes back. */
export type WorkerRequest =
  | { readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly abort: number };
/** What a worker sends: a reply, an error in plain form, or how far it is. */
export type WorkerReply =
  | { readonly id: number; readonly reply: unknown }
  | { readonly id: number; readonly error: PlainError }
  | { readonly id: number; readonly progress: number; readonly text?: string };

/** An error that has crossed a thread. */
export interface PlainError {
  readonly tag: string;
  readonly message: string;
  readonly isAbort: boolean;
}

/** An error in words, for the other side of a thread. */
export function plainError(error: unknown): PlainError {
  const isAbort = error instanceof DOMException && error.name === 'AbortError';
  const tag = isXfelError(error) ? error.tag : 'Fault';
  return { tag, message: error instanceof Error ? error.message : String(error), isAbort };
}

/** One end of a channel: a worker, its global object, or a message port. */
export interface Channel {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: 'message' | 'error', listener: (event: MessageEvent) => void): void;
}

/** What a worker can do: plain functions of one argument. */
export type CallTable = Readonly<
  Record<
    string,
    (argument: never, options: { signal: AbortSignal; onProgress: ProgressCallback }) => unknown | Promise<unknown>
  >
>;

/** Serves a function table to the other end of a channel. @param toError says what an error means */
export function serveCalls(channel: Channel, calls: CallTable, toError: (error: unknown) => PlainError): void {
  const running = new Map<number, AbortController>();
  channel.addEventListener('message', async ({ data }: MessageEvent<WorkerRequest>) => {
    if ('abort' in data) {
      running.get(data.abort)?.abort();
      return;
    }
    const { id, name, argument } = data;
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const onProgress: ProgressCallback = (progress, text) => channel.postMessage({ id, progress, text });
      const reply = await calls[name](argument as never, { signal: controller.signal, onProgress });
      channel.postMessage({ id, reply });
    } catch (error) {
      channel.postMessage({ id, error: toError(error) });
    } finally {
      running.delete(id);
    }
  });
}

/** Calls a function table at the other end of a channel. */
export class CallClient {
  readonly #channel: Channel;
  readonly #toError: (error: PlainError) => Error;
  readonly #waiting = new Map<
    number,
    { resolve(value: unknown): void; reject(error: unknown): void; onProgress?: ProgressCallback }
  >();
  #next = 1;

  /** @param toError what is thrown for an error of the other end */
  constructor(channel: Channel, toError: (error: PlainError) => Error) {
    this.#channel = channel;
    this.#toError = toError;
    // A worker that cannot be loaded, or whose memory is used up, answers nothing any more.
    channel.addEventListener('error', () => {
      const message = 'The part of the page that reads files has stopped. Reload the page and open them again.';
      for (const { reject } of this.#waiting.values()) reject(toError({ tag: 'Fault', message, isAbort: false }));
      this.#waiting.clear();
    });
    channel.addEventListener('message', ({ data }: MessageEvent<WorkerReply>) => {
      const waiting = this.#waiting.get(data.id);
      if (!waiting) return;
      if ('progress' in data) {
        waiting.onProgress?.(data.progress, data.text);
        return;
      }
      this.#waiting.delete(data.id);
      if ('error' in data) waiting.reject(this.#toError(data.error));
      else waiting.resolve(data.reply);
    });
  }

  /** Calls a function; an abort is told to the other end and thrown at once. */
  call(
    name: string,
    argument: unknown,
    options: { readonly signal?: AbortSignal; readonly onProgress?: ProgressCallback } = {},
  ): Promise<unknown> {
    const { signal, onProgress } = options;
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        this.#waiting.delete(id);
        this.#channel.postMessage({ abort: id });
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const end = () => signal?.removeEventListener('abort', onAbort);
      this.#waiting.set(id, {
        resolve: (value) => {
          end();
          resolve(value);
        },
        reject: (error) => {
          end();
          reject(error);
        },
        onProgress,
      });
      this.#channel.postMessage({ id, name, argument });
    });
  }
}
