/** Shares of pixels in bins, pixel after pixel: what a table is made of. */
export interface SplitEntries {
  /** uint32 (pixel + 1): first entry of each pixel. */
  readonly starts: Uint32Array;
  /** int32 (entry). */
  readonly bins: Int32Array;
  /** float32 (entry), the share of the pixel. */
  readonly shares: Float32Array;
}

/** Entries in the making. Pixels are added in their order. */
export class EntryList {
  readonly #starts: Uint32Array;
  #pixel = 0;
  #count = 0;
  bins: Int32Array;
  shares: Float32Array;

  /** @param pixels of the detector @param guess entries per pixel */
  constructor(pixels: number, guess: number) {
    this.#starts = new Uint32Array(pixels + 1);
    this.bins = new Int32Array(Math.ceil(pixels * guess) + 64);
    this.shares = new Float32Array(this.bins.length);
  }

  /** Makes room for `count` more entries. @returns where the next one is */
  reserve(count: number): number {
    const needed = this.#count + count;
    if (needed > this.bins.length) {
      const length = Math.max(needed, Math.ceil(this.bins.length * 1.5));
      const { bins, shares } = this;
      this.bins = new Int32Array(length);
      this.bins.set(bins);
      this.shares = new Float32Array(length);
      this.shares.set(shares);
    }
    return this.#count;
  }

  /** Keeps what was added to the current pixel so far. @param next where the next entry will be */
  endPart(next: number): void {
    this.#count = next;
  }

  /** Ends the current pixel. @param next where the next entry will be */
  endPixel(next: number): void {
    this.#count = next;
    this.#starts[++this.#pixel] = next;
  }

  /** All entries. */
  finish(): SplitEntries {
    return {
      starts: this.#starts,
      bins: this.bins.subarray(0, this.#count),
      shares: this.shares.subarray(0, this.#count),
    };
  }
}
