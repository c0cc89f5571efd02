/** The last latencies, for their percentiles. */
export class LatencyWindow {
  readonly #values: number[] = [];
  readonly #capacity: number;
  #last = 0;

  /** @param capacity how many latencies are kept */
  constructor(capacity = 100) {
    this.#capacity = capacity;
  }

  /** Notes one latency in ms. */
  add(milliseconds: number): void {
    this.#last = milliseconds;
    this.#values.push(milliseconds);
    if (this.#values.length > this.#capacity) this.#values.shift();
  }

  /** Last, median and 95 % latency in ms (nearest rank); 0 before the first. */
  summary(): { last: number; p50: number; p95: number } {
    const sorted = [...this.#values].sort((a, b) => a - b);
    const rank = (q: number) =>
      sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] : 0;
    return { last: this.#last, p50: rank(0.5), p95: rank(0.95) };
  }
}
