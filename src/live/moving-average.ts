/**
 * Moving average of images over trains: the plain mean of the first `window` trains, from then on exponential with
 * weight 1/window. Each pixel counts for itself: a NaN neither enters nor resets its average.
 * @source EXtra-foam moving average (cumulative, then exponential)
 */
export class MovingAverage {
  readonly #average: Float32Array;
  readonly #seen: Uint16Array;
  #window = 1;

  /** @param pixels elements of one image */
  constructor(pixels: number) {
    this.#average = new Float32Array(pixels).fill(Number.NaN);
    this.#seen = new Uint16Array(pixels);
  }

  /** Forgets all trains. */
  reset(): void {
    this.#average.fill(Number.NaN);
    this.#seen.fill(0);
  }

  /**
   * Adds `image` and overwrites it with the average. A window of 1 leaves it as it is; a new window starts afresh.
   * @param image one train's image, float32, NaN = missing; length as given to the constructor
   */
  update(image: Float32Array, window: number): void {
    if (window !== this.#window) {
      this.reset();
      this.#window = window;
    }
    if (window <= 1) return;
    const average = this.#average;
    const seen = this.#seen;
    for (let i = 0; i < image.length; i++) {
      const value = image[i];
      if (!Number.isNaN(value)) {
        const n = seen[i] < window ? ++seen[i] : window;
        average[i] = n === 1 ? value : average[i] + (value - average[i]) / n;
      }
      image[i] = average[i];
    }
  }
}
