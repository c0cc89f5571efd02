import type { SumTable } from '../../kernels/kernels.ts';

/** Shares that rounding leaves are no entries. */
export const LEAST_SHARE = 1e-7;

/** Pixels of a part. */
const PART = 8192;

/**
 * Calls a function for one part of the pixels after the other. A loop over all of them within one call is compiled anew in
 * every call, and slow until it is.
 */
export function eachPart(pixels: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < pixels; from += PART) work(from, Math.min(pixels, from + PART));
}

/**
 * Pixels with shares in bins. They are gone through twice, so that entries go straight to their place in a table: lists of
 * them in pixel order would be larger than the table.
 */
export interface SharedPixels {
  /**
   * Adds to each bin how many of the pixels [from, to) may have a share in it: never too few.
   * @param counts uint32 (bin) @param weights float32 (pixel): pixels without a positive one are left out
   */
  readonly count: (from: number, to: number, counts: Uint32Array, weights: Float32Array) => void;
  /** Adds the shares of the pixels [from, to), in their order. */
  readonly fill: (from: number, to: number, room: EntryRoom) => void;
}

/** Entries of a table in the making, in bin order. */
export class EntryRoom {
  /** float32 (pixel), norm of each; pixels without a positive weight are left out. */
  readonly weights: Float32Array;
  /** uint32 (entry), with gaps between the bins until {@link close}. */
  readonly pixels: Uint32Array;
  /** float32 (entry). */
  readonly shares: Float32Array;
  /** uint32 (bin): where its next entry goes. */
  readonly next: Uint32Array;
  readonly #starts: Uint32Array;
  /** float64: shares of one pixel in neighbouring bins, for {@link addRow}. */
  readonly row: Float64Array;

  /** @param counts uint32 (bin): most entries there can be */
  constructor(counts: Uint32Array, weights: Float32Array) {
    const bins = counts.length;
    this.weights = weights;
    this.#starts = new Uint32Array(bins + 1);
    for (let bin = 0; bin < bins; bin++) this.#starts[bin + 1] = this.#starts[bin] + counts[bin];
    this.next = this.#starts.slice(0, bins);
    this.pixels = new Uint32Array(this.#starts[bins]);
    this.shares = new Float32Array(this.#starts[bins]);
    this.row = new Float64Array(bins);
  }

  /** Adds the first `count` shares of {@link row}, of the bins from `first`. */
  addRow(pixel: number, first: number, count: number): void {
    const row = this.row;
    const next = this.next;
    const pixels = this.pixels;
    const shares = this.shares;
    for (let k = 0; k < count; k++) {
      if (!(row[k] > LEAST_SHARE)) continue;
      const at = next[first + k];
      next[first + k] = at + 1;
      pixels[at] = pixel;
      shares[at] = row[k];
    }
  }

  /**
   * Closes the gaps that shares next to nothing left, and sums each bin: here, where its entries lie one after the other, since
   * sums of a hundred thousand bins in pixel order are all over the memory.
   * @returns arrays of a table; `totals` float64 (bin, 3) = 0, sum of norms, sum of shares
   */
  close(): ClosedEntries {
    const starts = this.#starts;
    const bins = this.next.length;
    const totals = new Float64Array(3 * bins);
    let to = 0;
    for (let bin = 0; bin < bins; bin++) {
      const from = starts[bin];
      starts[bin] = to;
      to = this.#closeBin(bin, from, to, totals);
    }
    starts[bins] = to;
    return { starts, pixels: this.pixels.subarray(0, to), shares: this.shares.subarray(0, to), totals };
  }

  #closeBin(bin: number, from: number, start: number, totals: Float64Array): number {
    const { weights, pixels, shares } = this;
    const end = this.next[bin];
    let to = start;
    let norm = 0;
    let count = 0;
    for (let at = from; at < end; at++, to++) {
      const pixel = pixels[at];
      const share = shares[at];
      norm += share * weights[pixel];
      count += share;
      pixels[to] = pixel;
      shares[to] = share;
    }
    totals[3 * bin + 1] = norm;
    totals[3 * bin + 2] = count;
    return to;
  }
}

/** Entries of a table, see {@link SumTable}. */
export type ClosedEntries = Pick<SumTable, 'starts' | 'pixels' | 'totals'> & { readonly shares: Float32Array };
