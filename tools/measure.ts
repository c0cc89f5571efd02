// What a bench needs: how to time a call and how to report a figure.

/** One measured figure. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should reach, such as `>= 500` or `<= 1`. */
  readonly limit?: string;
  readonly note?: string;
}

/** Takes the figures of a bench. */
export type BenchReport = (result: BenchResult) => void;

/**
 * Median and best time of one call in ms, after a warm-up.
 * @param budgetMs how long to go on measuring; at least five calls are measured
 */
export function timeCalls(call: () => void, budgetMs = 1500): { readonly median: number; readonly best: number } {
  call();
  call();
  const times: number[] = [];
  const end = performance.now() + budgetMs;
  while (times.length < 5 || performance.now() < end) {
    const start = performance.now();
    call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], best: times[0] };
}

/** Median time in ms of a call that may wait, after two warm-up calls. */
export async function medianTime(call: () => unknown, calls = 9): Promise<number> {
  await call();
  await call();
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[calls >> 1];
}
