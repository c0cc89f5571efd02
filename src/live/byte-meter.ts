/** Bytes per second over the last seconds. */
export class ByteMeter {
  readonly #windowMs: number;
  #arrivals: { readonly at: number; readonly bytes: number }[] = [];

  /** @param windowMs how far back the rate looks */
  constructor(windowMs = 3000) {
    this.#windowMs = windowMs;
  }

  /** Notes what came. @param now ms, of any clock that never goes back */
  mark(now: number, bytes: number): void {
    this.#forget(now);
    this.#arrivals.push({ at: now, bytes });
  }

  /** Bytes per second: what came after the first arrival of the window over the time since then; 0 when fewer than two. */
  rate(now: number): number {
    this.#forget(now);
    const [first, ...later] = this.#arrivals;
    if (later.length === 0) return 0;
    const span = Math.max(now, later[later.length - 1].at) - first.at;
    return span > 0 ? (later.reduce((sum, { bytes }) => sum + bytes, 0) * 1000) / span : 0;
  }

  #forget(now: number): void {
    const old = this.#arrivals.findIndex(({ at }) => at >= now - this.#windowMs);
    if (old !== 0) this.#arrivals = old < 0 ? [] : this.#arrivals.slice(old);
  }
}
