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
  for (let i = 0; i < weights.length; i++) weights[i] *= flat ? flat[i] * normalization : normalization;
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
  const isWhole = entries instanceof Int32Array;
  const entryBins = isWhole ? entries : entries.bins;
  const shares = isWhole ? null : entries.shares;
  const pixelCount = weights.length;
  const starts = new Uint32Array(bins + 1);
  const totals = new Float64Array(3 * bins);
  // One place further: filling moves each start to the next one's place.
  const next = new Uint32Array(bins + 2);
  if (isWhole) {
    for (let i = 0; i < pixelCount; i++) if (entryBins[i] >= 0 && weights[i] > 0) next[entryBins[i] + 2]++;
  } else {
    for (let i = 0; i < pixelCount; i++) {
      if (!(weights[i] > 0)) continue;
      for (let e = entries.starts[i]; e < entries.starts[i + 1]; e++) next[entryBins[e] + 2]++;
    }
  }
  for (let bin = 0; bin <= bins; bin++) next[bin + 1] += next[bin];
  const count = next[bins + 1];
  const pixels = new Uint32Array(count);
  const tableShares = shares ? new Float32Array(count) : null;
  for (let i = 0; i < pixelCount; i++) {
    const weight = weights[i];
    if (!(weight > 0)) continue;
    const begin = isWhole ? i : entries.starts[i];
    const end = isWhole ? i + 1 : entries.starts[i + 1];
    for (let e = begin; e < end; e++) {
      const bin = entryBins[e];
      if (bin < 0) continue;
      const at = next[bin + 1]++;
      pixels[at] = i;
      const share = shares ? shares[e] : 1;
      if (tableShares) tableShares[at] = share;
      if (dark) totals[3 * bin] -= share * dark[i];
      totals[3 * bin + 1] += share * weight;
      totals[3 * bin + 2] += share;
    }
  }
  starts.set(next.subarray(0, bins + 1));
  return { bins, starts, pixels, shares: tableShares, weights, dark, totals };
}
