import { StateInvalid } from '../../core/errors.ts';
import type { SumTable } from '../../kernels/kernels.ts';
import type { Geometry } from '../geometry.ts';
import type { Experiment } from './experiment.ts';
import { pixelWeights, type WeightOptions } from './pixel-weights.ts';
import type { SplitEntries } from './split-entries.ts';

/** Everything that changes the weight or the zero of a pixel. */
export interface WeightInput extends WeightOptions {
  /** float32 (module * ss * fs): response of each pixel; 0, negative or NaN = the pixel is not used. */
  readonly flat?: Float32Array;
  /** float32 (module * ss * fs), taken off the signal. */
  readonly dark?: Float32Array;
  /** Intensities are divided by it; default 1. */
  readonly normalization?: number;
}

/** Shares of pixels bin after bin, with their weights, for the `tableAccumulate` kernel. */
export interface PixelSums extends SumTable {
  readonly bins: number;
}

/**
 * Turns entries round, from pixel order to bin order, and weighs them.
 * @param entries shares, or the bin of each pixel (-1 = none)
 * @throws StateInvalid for an impossible weight
 */
export function weighTable(
  geometry: Geometry,
  experiment: Experiment,
  input: WeightInput,
  entries: SplitEntries | Int32Array,
  bins: number,
): PixelSums {
  const { flat, dark = null, normalization = 1 } = input;
  if (!(normalization > 0 && Number.isFinite(normalization)))
    throw new StateInvalid(
      `Azimuthal integration: normalization = ${normalization} is impossible, give a number above 0.`,
      {
        field: 'normalization',
      },
    );
  const weights = pixelWeights(geometry, experiment, input);
  if (!flat && !dark && normalization === 1) return sumTable(entries, bins, weights, null);
  for (let i = 0; i < weights.length; i++) {
    weights[i] *= flat ? flat[i] * normalization : normalization;
    if (dark && Number.isNaN(dark[i])) weights[i] = 0;
  }
  return sumTable(entries, bins, weights, dark);
}

/**
 * Entries in bin order.
 * @param weights float32 (pixel), norm of each pixel; pixels without a positive weight are left out
 * @param dark float32 (pixel) or null
 */
export function sumTable(
  entries: SplitEntries | Int32Array,
  bins: number,
  weights: Float32Array,
  dark: Float32Array | null,
): PixelSums {
  const next = isWholeEntries(entries) ? countWhole(entries, bins, weights) : countShared(entries, bins, weights);
  for (let bin = 0; bin <= bins; bin++) next[bin + 1] += next[bin];
  const pixels = new Uint32Array(next[bins + 1]);
  const totals = new Float64Array(3 * bins);
  const shares = isWholeEntries(entries) ? null : new Float32Array(pixels.length);
  if (isWholeEntries(entries)) fillWhole(entries, weights, next, pixels, totals);
  else fillShared(entries, weights, next, pixels, shares as Float32Array, totals);
  if (dark !== null) sumDark(entries, weights, dark, totals);
  return { bins, starts: next.slice(0, bins + 1), pixels, shares, weights, dark, totals };
}

function isWholeEntries(entries: SplitEntries | Int32Array): entries is Int32Array {
  return entries instanceof Int32Array;
}

/** Entries of each bin, two places further: sums make the start of each bin of it, and filling moves that to its end. */
function countWhole(entryBins: Int32Array, bins: number, weights: Float32Array): Uint32Array {
  const next = new Uint32Array(bins + 2);
  for (let i = 0; i < weights.length; i++) if (entryBins[i] >= 0 && weights[i] > 0) next[entryBins[i] + 2]++;
  return next;
}

function countShared({ starts, bins: entryBins }: SplitEntries, bins: number, weights: Float32Array): Uint32Array {
  const next = new Uint32Array(bins + 2);
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] > 0)) continue;
    const end = starts[i + 1];
    for (let e = starts[i]; e < end; e++) next[entryBins[e] + 2]++;
  }
  return next;
}

function fillWhole(
  entryBins: Int32Array,
  weights: Float32Array,
  next: Uint32Array,
  pixels: Uint32Array,
  totals: Float64Array,
): void {
  for (let i = 0; i < weights.length; i++) {
    const bin = entryBins[i];
    const weight = weights[i];
    if (!(bin >= 0 && weight > 0)) continue;
    pixels[next[bin + 1]++] = i;
    totals[3 * bin + 1] += weight;
    totals[3 * bin + 2] += 1;
  }
}

function fillShared(
  { starts, bins, shares }: SplitEntries,
  weights: Float32Array,
  next: Uint32Array,
  pixels: Uint32Array,
  out: Float32Array,
  totals: Float64Array,
): void {
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i];
    if (!(weight > 0)) continue;
    const end = starts[i + 1];
    for (let e = starts[i]; e < end; e++) {
      const bin = bins[e];
      const share = shares[e];
      const at = next[bin + 1]++;
      pixels[at] = i;
      out[at] = share;
      totals[3 * bin + 1] += share * weight;
      totals[3 * bin + 2] += share;
    }
  }
}

/** Minus the dark signal of each bin. */
function sumDark(
  entries: SplitEntries | Int32Array,
  weights: Float32Array,
  dark: Float32Array,
  totals: Float64Array,
): void {
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] > 0)) continue;
    if (isWholeEntries(entries)) {
      if (entries[i] >= 0) totals[3 * entries[i]] -= dark[i];
      continue;
    }
    for (let e = entries.starts[i]; e < entries.starts[i + 1]; e++)
      totals[3 * entries.bins[e]] -= entries.shares[e] * dark[i];
  }
}
