import { StateInvalid } from '../../core/errors.ts';
import type { SumTable } from '../../kernels/kernels.ts';
import type { WeightOptions } from './pixel-weights.ts';
import { EntryRoom, eachPart, type SharedPixels } from './split-entries.ts';

/** Everything that changes the weight or the zero of a pixel. */
export interface WeightInput extends WeightOptions {
  /** float32 (module * ss * fs): response of each pixel; 0, negative or NaN = the pixel is not used. */
  readonly flat?: Float32Array;
  /** float32 (module * ss * fs), taken off the signal. */
  readonly dark?: Float32Array;
  /** Intensities are divided by it; default 1. */
  readonly normalization?: number;
}

/** Shares of pixels bin after bin, with their weights, for the `tableSums` kernel. */
export interface PixelSums extends SumTable {
  readonly bins: number;
}

/** @throws StateInvalid for an impossible normalization */
export function checkNormalization({ normalization = 1 }: WeightInput): void {
  if (!(normalization > 0 && Number.isFinite(normalization)))
    throw new StateInvalid(
      `Azimuthal integration: normalization = ${normalization} is impossible, give a number above 0.`,
      { field: 'normalization' },
    );
}

/** Puts flat field and normalization into weights, and takes out pixels without a dark. @param weights float32 (pixel), written */
export function applyResponse(weights: Float32Array, { flat, dark, normalization = 1 }: WeightInput): void {
  if (!flat && !dark && normalization === 1) return;
  for (let i = 0; i < weights.length; i++) {
    weights[i] *= flat ? flat[i] * normalization : normalization;
    if (dark && Number.isNaN(dark[i])) weights[i] = 0;
  }
}

/**
 * Entries in bin order.
 * @param entries shares, or the bin of each pixel (-1 = none)
 * @param weights float32 (pixel), norm of each pixel; pixels without a positive weight are left out
 * @param dark float32 (pixel) or null
 */
export function sumTable(
  entries: SharedPixels | Int32Array,
  bins: number,
  weights: Float32Array,
  dark: Float32Array | null,
): PixelSums {
  const table = entries instanceof Int32Array ? sumWhole(entries, bins, weights) : sumShared(entries, bins, weights);
  if (dark !== null) sumDark(table, dark);
  return { bins, ...table, weights, dark };
}

/** What a table has of the bins. */
export type TableEntries = Pick<PixelSums, 'starts' | 'pixels' | 'shares' | 'totals'>;

function sumShared(entries: SharedPixels, bins: number, weights: Float32Array): TableEntries {
  const counts = new Uint32Array(bins);
  eachPart(weights.length, (from, to) => entries.count(from, to, counts, weights));
  const room = new EntryRoom(counts, weights);
  eachPart(weights.length, (from, to) => entries.fill(from, to, room));
  return room.close();
}

function sumWhole(entryBins: Int32Array, bins: number, weights: Float32Array): TableEntries {
  // Entries of each bin, two places further: sums make the start of each bin of it, and filling moves that to its end.
  const next = new Uint32Array(bins + 2);
  for (let i = 0; i < weights.length; i++) if (entryBins[i] >= 0 && weights[i] > 0) next[entryBins[i] + 2]++;
  for (let bin = 0; bin <= bins; bin++) next[bin + 1] += next[bin];
  const pixels = new Uint32Array(next[bins + 1]);
  const totals = new Float64Array(3 * bins);
  for (let i = 0; i < weights.length; i++) {
    const bin = entryBins[i];
    const weight = weights[i];
    if (!(bin >= 0 && weight > 0)) continue;
    pixels[next[bin + 1]++] = i;
    totals[3 * bin + 1] += weight;
    totals[3 * bin + 2] += 1;
  }
  return { starts: next.slice(0, bins + 1), pixels, shares: null, totals };
}

/** Takes the dark signal off the totals of each bin. @param table its `totals` are written */
export function sumDark({ starts, pixels, shares, totals }: TableEntries, dark: Float32Array): void {
  for (let bin = 0; bin + 1 < starts.length; bin++)
    for (let e = starts[bin]; e < starts[bin + 1]; e++)
      totals[3 * bin] -= (shares === null ? 1 : shares[e]) * dark[pixels[e]];
}
