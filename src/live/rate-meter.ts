/** Counts events and tells how many came per second lately. */
export class RateMeter {
  readonly #windowMs: number;
  readonly #times: number[] = [];
  #total = 0;
  #lastMark = 0;

  /** @param windowMs how far back the rate looks */
  constructor(windowMs = 3000) {
    this.#windowMs = windowMs;
  }

  /** Events so far. */
  get total(): number {
    return this.#total;
  }

  /** When the last event was noted; 0 before the first. */
  get lastMark(): number {
    return this.#lastMark;
  }

  /** Notes one event. @param now ms, of any clock that never goes back */
  mark(now: number): void {
    this.#total++;
    this.#lastMark = now;
    this.#times.push(now);
    this.#forget(now);
  }

  /** Events per second: intervals between the events of the window over the time they span, 0 when fewer than two. */
  rate(now: number): number {
    this.#forget(now);
    const times = this.#times;
    if (times.length < 2) return 0;
    // While events come, measure between events (no jitter of the window's edges); once they stop, the rate falls.
    const meanInterval = (times[times.length - 1] - times[0]) / (times.length - 1);
    const span = Math.max(times[times.length - 1] - times[0], now - times[0] - meanInterval);
    return span > 0 ? ((times.length - 1) * 1000) / span : 0;
  }

  #forget(now: number): void {
    const times = this.#times;
    let old = 0;
    while (old < times.length && times[old] < now - this.#windowMs) old++;
    if (old > 0) times.splice(0, old);
  }
}
