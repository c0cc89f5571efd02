/** Fraction done in [0, 1] with a short text of what is happening. */
export type ProgressCallback = (fraction: number, text?: string) => void;

/** The last argument of everything that takes time. */
export interface TaskOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressCallback;
}

/** Longest time of a timer, ms (24 days): JavaScript takes a longer one for none at all. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves after `milliseconds`, 24 days at most; rejects at once with the signal's reason when it is aborted. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(milliseconds, LONGEST_TIMER_MS),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Lets other work of the program run between two long steps. A timer would cost a millisecond where there is none to wait for. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
