import { StateInvalid } from '../../core/errors.ts';
import { checkFrame, type Pattern } from './integrate.ts';
import type { IntegrationTable } from './integration-table.ts';

/** How outliers of a bin are told from its other pixels. */
export interface SigmaClipOptions {
  /**
   * Pixels farther from the mean than this many standard deviations are left out; default 5. Never nearer than Chauvenet's
   * criterion has it for the number of pixels in the bin, so that good ones stay: 3.65 for 2000 pixels. 0 = that criterion.
   */
  readonly threshold?: number;
  /** Default 5. */
  readonly iterations?: number;
  /** What deviations are measured against: the scatter in the bin (default), or counting statistics. */
  readonly errorModel?: 'azimuthal' | 'poisson';
  /** Intensity of a bin without pixels; default NaN. */
  readonly empty?: number;
}

/** Entries of one bin with values, gathered for sorting and clipping. */
class BinPixels {
  value = new Float64Array(1024);
  weight = new Float64Array(1024);
  /** Signal over norm of each pixel. */
  ratio = new Float64Array(1024);
  raw = new Float64Array(1024);
  count = 0;

  gather(values: Float32Array, table: IntegrationTable, bin: number): void {
    const { starts, pixels, shares, weights, dark } = table;
    const [start, end] = [starts[bin], starts[bin + 1]];
    if (end - start > this.value.length) {
      const size = 2 * (end - start);
      this.value = new Float64Array(size);
      this.weight = new Float64Array(size);
      this.ratio = new Float64Array(size);
      this.raw = new Float64Array(size);
    }
    let n = 0;
    for (let entry = start; entry < end; entry++) {
      const pixel = pixels[entry];
      const raw = values[pixel];
      if (Number.isNaN(raw)) continue;
      const share = shares ? shares[entry] : 1;
      const signal = raw - (dark ? dark[pixel] : 0);
      this.raw[n] = raw * share * share;
      this.value[n] = signal * share;
      this.weight[n] = weights[pixel] * share;
      this.ratio[n++] = signal / weights[pixel];
    }
    this.count = n;
  }

  /** Leaves out pixel `i`; the order changes. */
  remove(i: number): void {
    const last = --this.count;
    this.value[i] = this.value[last];
    this.weight[i] = this.weight[last];
    this.ratio[i] = this.ratio[last];
    this.raw[i] = this.raw[last];
  }
}

function emptyPattern(table: IntegrationTable, empty: number): Pattern & { readonly sigma: Float64Array } {
  const { bins, radial, azimuth } = table;
  return {
    radial,
    azimuth,
    intensity: new Float64Array(bins).fill(empty),
    count: new Float64Array(bins),
    signal: new Float64Array(bins),
    normalization: new Float64Array(bins),
    sigma: new Float64Array(bins).fill(empty),
  };
}

/**
 * Integrates a frame without outliers (Bragg peaks, hot pixels): in each bin, pixels too far from the mean are left out, again and
 * again until none is. `count`, `signal` and `normalization` are those of the pixels that stay.
 * @param values float32 (module * ss * fs); NaN = not used
 * @throws StateInvalid for an impossible threshold @throws ShapeMismatch if the frame is not of the table's detector
 * @source pyFAI 0.21, sigma_clip_ng: a bin's mean is sum(signal) / sum(norm); its deviation is the weighted one of signal / norm
 * (for counting statistics it is there sqrt(sum variance / sum norm), which depends on the unit of the norm); Chauvenet's floor
 */
export function sigmaClip(
  values: Float32Array,
  table: IntegrationTable,
  options: SigmaClipOptions = {},
): Pattern & { readonly sigma: Float64Array } {
  const { threshold = 5, iterations = 5, errorModel = 'azimuthal', empty = Number.NaN } = options;
  if (!(threshold >= 0))
    throw new StateInvalid(`Sigma clip: threshold ${threshold}, give 0 or more.`, { field: 'threshold' });
  if (!Number.isInteger(iterations) || iterations < 0)
    throw new StateInvalid(`Sigma clip: ${iterations} iterations, give a whole number.`, { field: 'iterations' });
  checkFrame(values, table);
  const pattern = emptyPattern(table, empty);
  const { intensity, count, signal, normalization, sigma } = pattern;
  const kept = new BinPixels();
  for (let bin = 0; bin < table.bins; bin++) {
    kept.gather(values, table, bin);
    for (let iteration = 0; kept.count > 0; iteration++) {
      let sum = 0;
      let norm = 0;
      let squares = 0;
      for (let i = 0; i < kept.count; i++) {
        sum += kept.value[i];
        norm += kept.weight[i];
        squares += kept.weight[i] ** 2;
      }
      const mean = sum / norm;
      let variance = 0;
      for (let i = 0; i < kept.count; i++)
        variance +=
          errorModel === 'poisson' ? Math.max(1, kept.raw[i]) : (kept.weight[i] * (kept.ratio[i] - mean)) ** 2;
      const deviation = Math.sqrt(variance / squares);
      let removed = 0;
      if (iteration < iterations && deviation > 0) {
        const farthest = Math.max(threshold, chauvenetLimit(kept.count)) * deviation;
        for (let i = kept.count - 1; i >= 0; i--) {
          if (Math.abs(kept.ratio[i] - mean) > farthest) {
            kept.remove(i);
            removed++;
          }
        }
      }
      if (removed > 0) continue;
      let share = 0;
      for (let i = 0; i < kept.count; i++) share += kept.weight[i];
      intensity[bin] = mean;
      signal[bin] = sum;
      normalization[bin] = share;
      count[bin] = kept.count;
      sigma[bin] = Math.sqrt(variance) / norm;
      break;
    }
  }
  return pattern;
}

/**
 * How many standard deviations off the mean about half a pixel of `count` good ones is expected.
 * @source pyFAI 0.21, sigma_clip_ng: sqrt(2 ln(n / sqrt(2 pi))), for 3 pixels and more
 */
function chauvenetLimit(count: number): number {
  return Math.sqrt(2 * Math.log(Math.max(3, count) / Math.sqrt(2 * Math.PI)));
}

/**
 * Mean of the pixels between two percentiles of each bin; [50, 50] is the median.
 * @param values float32 (module * ss * fs); NaN = not used
 * @param percentiles of signal / norm, weighted by the norm
 * @throws StateInvalid for impossible percentiles @throws ShapeMismatch if the frame is not of the table's detector
 * @source pyFAI, medfilt1d (there on a polar picture; here on the pixels themselves)
 */
export function medianFilter(
  values: Float32Array,
  table: IntegrationTable,
  percentiles: readonly [number, number] = [50, 50],
  empty = Number.NaN,
): Pattern {
  const [low, high] = percentiles;
  if (!(low >= 0 && high <= 100 && low <= high))
    throw new StateInvalid(`Median filter: percentiles [${percentiles}], give 0 <= low <= high <= 100.`, {
      field: 'percentiles',
    });
  checkFrame(values, table);
  const pattern = emptyPattern(table, empty);
  const bin = new BinPixels();
  for (let b = 0; b < table.bins; b++) {
    bin.gather(values, table, b);
    if (bin.count === 0) continue;
    const order = Uint32Array.from({ length: bin.count }, (_, i) => i).sort((i, j) => bin.ratio[i] - bin.ratio[j]);
    let all = 0;
    for (let i = 0; i < bin.count; i++) all += bin.weight[i];
    const [from, to] = [(low / 100) * all, (high / 100) * all];
    let below = 0;
    for (const i of order) {
      const above = below + bin.weight[i];
      // A pixel counts when a part of it lies between the percentiles; two halves meeting at the median both do.
      if (above >= from && below <= to) {
        pattern.signal[b] += bin.value[i];
        pattern.normalization[b] += bin.weight[i];
        pattern.count[b]++;
      }
      below = above;
    }
    pattern.intensity[b] = pattern.signal[b] / pattern.normalization[b];
  }
  return { ...pattern, sigma: null };
}

/**
 * Splits a frame into its smooth part (amorphous, background), which is the same all round, and what stands out (Bragg peaks).
 * @param values float32 (module * ss * fs); NaN = not used
 * @param smooth the smooth pattern on the table's bins, such as a {@link medianFilter}'s
 * @returns two frames, float32 (pixel), which add up to the frame; NaN where the frame or the pattern has nothing
 * @throws ShapeMismatch if frame or pattern do not fit the table
 * @source pyFAI, separate
 */
export function separateBragg(
  values: Float32Array,
  table: IntegrationTable,
  smooth: Pattern,
): { readonly bragg: Float32Array; readonly amorphous: Float32Array } {
  checkFrame(values, table);
  const amorphous = projectPattern(smooth.intensity, table);
  const bragg = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    bragg[i] = values[i] - amorphous[i];
    if (Number.isNaN(values[i])) amorphous[i] = Number.NaN;
  }
  return { bragg, amorphous };
}

/**
 * The frame that a pattern would come from.
 * @param intensity (bin) @returns float32 (pixel), weighed as a frame is (with dark), NaN where no bin with a value has a share
 */
export function projectPattern(intensity: Float64Array, table: IntegrationTable): Float32Array {
  const { starts, pixels, shares, weights, dark, bins } = table;
  const sums = new Float64Array(weights.length);
  const parts = new Float64Array(weights.length);
  for (let bin = 0; bin < bins; bin++) {
    if (Number.isNaN(intensity[bin])) continue;
    for (let entry = starts[bin]; entry < starts[bin + 1]; entry++) {
      const share = shares ? shares[entry] : 1;
      sums[pixels[entry]] += share * intensity[bin];
      parts[pixels[entry]] += share;
    }
  }
  return Float32Array.from(sums, (sum, i) =>
    parts[i] > 0 ? (sum / parts[i]) * weights[i] + (dark ? dark[i] : 0) : Number.NaN,
  );
}
