import { BadPixels } from '../core/bad-pixels.ts';
import { medianAndDeviation } from './dark-statistics.ts';

/** When a pixel of a dark run is bad. Ranges are inclusive, ADU, for high, medium and low gain. */
export interface DarkLimits {
  /** Deviations from the module's median beyond which an offset is bad. */
  readonly offsetSigma: number;
  readonly noiseSigma: number;
  /** Noise widths by which the gain-evaluation levels of two stages must differ. */
  readonly gainSigma: number;
  readonly offsetRange: readonly [Range, Range, Range];
  readonly noiseRange: readonly [Range, Range, Range];
}

type Range = readonly [number, number];

/** Limits used for AGIPD. @source our defaults; the structure is that of the facility's dark characterisation */
export const AGIPD_DARK_LIMITS: DarkLimits = {
  offsetSigma: 3,
  noiseSigma: 5,
  gainSigma: 5,
  offsetRange: [
    [3000, 7000],
    [6000, 10_000],
    [6000, 10_000],
  ],
  noiseRange: [
    [4, 20],
    [4, 20],
    [4, 20],
  ],
};

/** Values of one memory cell: each (3, pixel) float32, stage by stage. */
export interface DarkCell {
  readonly offset: Float32Array;
  readonly noise: Float32Array;
  readonly gainLevel: Float32Array;
  readonly gainLevelDeviation: Float32Array;
}

/**
 * Marks the bad pixels of one memory cell: offset and noise far from the module's median or out of range, values that are
 * missing, gain-evaluation levels of neighbouring stages that cannot be told apart.
 * @param out (3, pixel) uint32; bits are added
 */
export function markDarkBadPixels(cell: DarkCell, limits: DarkLimits, out: Uint32Array): void {
  const pixels = out.length / 3;
  for (let stage = 0; stage < 3; stage++) {
    const range = [stage * pixels, (stage + 1) * pixels] as const;
    const bits = out.subarray(...range);
    const offset = cell.offset.subarray(...range);
    const noise = cell.noise.subarray(...range);
    markOutliers(offset, limits.offsetSigma, limits.offsetRange[stage], BadPixels.OFFSET_OUT_OF_THRESHOLD, bits);
    markOutliers(noise, limits.noiseSigma, limits.noiseRange[stage], BadPixels.NOISE_OUT_OF_THRESHOLD, bits);
    for (let i = 0; i < pixels; i++) {
      if (!Number.isFinite(offset[i]) || !Number.isFinite(noise[i])) bits[i] |= BadPixels.OFFSET_NOISE_EVAL_ERROR;
    }
  }
  const { gainLevel, gainLevelDeviation: width } = cell;
  for (let i = 0; i < 2 * pixels; i++) {
    const next = i + pixels;
    const needed = limits.gainSigma * Math.sqrt(width[i] ** 2 + width[next] ** 2);
    if (gainLevel[next] - gainLevel[i] < needed) {
      out[i] |= BadPixels.GAIN_THRESHOLDING_ERROR;
      out[next] |= BadPixels.GAIN_THRESHOLDING_ERROR;
    }
  }
}

function markOutliers(values: Float32Array, sigma: number, range: Range, bit: number, out: Uint32Array): void {
  const { median, deviation } = medianAndDeviation(values);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Math.abs(value - median) > sigma * deviation || value < range[0] || value > range[1]) out[i] |= bit;
  }
}
