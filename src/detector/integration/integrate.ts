import { ShapeMismatch, StateInvalid } from '../../core/errors.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import type { IntegrationTable } from './integration-table.ts';

/** Where the uncertainty comes from: counting statistics of the raw signal, or the scatter of the pixels within a bin. */
export type ErrorModel = 'poisson' | 'azimuthal';

/** How one frame is integrated. */
export interface FrameOptions {
  /** For `sigma`; or `variance`. */
  readonly errorModel?: ErrorModel;
  /** float32 (pixel), for `sigma`. */
  readonly variance?: Float32Array;
  /** Intensity of a bin without pixels; default NaN. (pyFAI writes 0.) */
  readonly empty?: number;
}

/** An integrated frame; arrays over the bins, (radial) or (azimuthal, radial). */
export interface Pattern {
  /** (radial), in the table's unit. */
  readonly radial: Float64Array;
  /** (azimuthal), degrees; null in one dimension. */
  readonly azimuth: Float64Array | null;
  /** signal / normalization. */
  readonly intensity: Float64Array;
  /** Pixels, or sum of their shares. */
  readonly count: Float64Array;
  /** Sum of (raw - dark). */
  readonly signal: Float64Array;
  /** Sum of the weights: flat * solid angle * polarisation * normalization factor. */
  readonly normalization: Float64Array;
  /** Uncertainty of the intensity; null if not asked for. */
  readonly sigma: Float64Array | null;
}

/**
 * Integrates one frame, in plain TypeScript; `FrameIntegrator` is the fast one.
 * @param values float32 (module * ss * fs); NaN = not used
 * @throws ShapeMismatch if the frame is not of the table's detector
 * @source pyFAI 0.21: I = sum(raw - dark) / sum(norm); sigma = sqrt(sum variance) / sum(norm), Poisson variance = max(1, raw)
 */
export function integrateFrame(values: Float32Array, table: IntegrationTable, options: FrameOptions = {}): Pattern {
  checkFrame(values, table);
  const sums = new Float64Array(3 * table.bins);
  referenceKernels.tableSums(values, table, sums);
  return finishFrame(sums, values, table, options);
}

/**
 * The pattern of a frame whose sums are known.
 * @param sums float64 (bin, 3) = signal, norm, count, from the `tableSums` kernel
 * @throws StateInvalid for an unknown error model @throws ShapeMismatch if the variance is not of the table's detector
 */
export function finishFrame(
  sums: Float64Array,
  values: Float32Array,
  table: IntegrationTable,
  options: FrameOptions,
): Pattern {
  const { empty = Number.NaN, errorModel, variance } = options;
  const pattern = patternOf(sums, table, empty);
  if (!errorModel && !variance) return pattern;
  if (errorModel && variance)
    throw new StateInvalid('Azimuthal integration: give a variance or an error model, not both.', {
      field: 'errorModel',
    });
  if (errorModel && errorModel !== 'poisson' && errorModel !== 'azimuthal')
    throw new StateInvalid(`"${errorModel}" is no error model: choose poisson or azimuthal.`, { field: 'errorModel' });
  if (variance) checkFrame(variance, table, 'variance');
  const varianceSums =
    errorModel === 'azimuthal' ? scatterSums(values, table, pattern.intensity) : countSums(values, table, variance);
  const sigma = varianceSums.map((sum, bin) =>
    pattern.count[bin] > 0 ? Math.sqrt(sum) / pattern.normalization[bin] : empty,
  );
  return { ...pattern, sigma };
}

/** Intensities of the kernel's sums. @param sums float64 (bin, 3) = signal, norm, count */
export function patternOf(sums: Float64Array, table: IntegrationTable, empty = Number.NaN): Pattern {
  const { bins } = table;
  const intensity = new Float64Array(bins);
  const count = new Float64Array(bins);
  const signal = new Float64Array(bins);
  const normalization = new Float64Array(bins);
  for (let bin = 0; bin < bins; bin++) {
    // A bin whose pixels were all taken back is left with the rounding of float32 shares.
    const isEmpty = !(sums[3 * bin + 2] > LEAST_COUNT);
    count[bin] = isEmpty ? 0 : sums[3 * bin + 2];
    signal[bin] = isEmpty ? 0 : sums[3 * bin];
    normalization[bin] = isEmpty ? 0 : sums[3 * bin + 1];
    intensity[bin] = isEmpty ? empty : signal[bin] / normalization[bin];
  }
  return { radial: table.radial, azimuth: table.azimuth, intensity, count, signal, normalization, sigma: null };
}

const LEAST_COUNT = 1e-6;

/** @throws ShapeMismatch if an array is not a frame of the table's detector */
export function checkFrame(values: Float32Array, table: IntegrationTable, name = 'frame'): void {
  if (values.length !== table.weights.length)
    throw new ShapeMismatch(
      `The ${name} has ${values.length} pixels, the table was made for ${table.weights.length}: give (module, ss, fs) of the same detector.`,
      { expected: table.weights.length, got: values.length },
    );
}

/** Sum of share^2 * variance in each bin; without a variance that of counting. */
function countSums(values: Float32Array, table: IntegrationTable, variance: Float32Array | undefined): Float64Array {
  const { starts, pixels, shares, bins } = table;
  const sums = new Float64Array(bins);
  for (let bin = 0; bin < bins; bin++) {
    let sum = 0;
    for (let entry = starts[bin]; entry < starts[bin + 1]; entry++) {
      const value = values[pixels[entry]];
      if (Number.isNaN(value)) continue;
      const share = shares ? shares[entry] : 1;
      sum += share * share * (variance ? variance[pixels[entry]] : Math.max(1, value));
    }
    sums[bin] = sum;
  }
  return sums;
}

/** Sum of (share * norm * (value / norm - mean))^2 in each bin. */
function scatterSums(values: Float32Array, table: IntegrationTable, mean: Float64Array): Float64Array {
  const { starts, pixels, shares, weights, dark, bins } = table;
  const sums = new Float64Array(bins);
  for (let bin = 0; bin < bins; bin++) {
    let sum = 0;
    for (let entry = starts[bin]; entry < starts[bin + 1]; entry++) {
      const pixel = pixels[entry];
      const value = values[pixel] - (dark ? dark[pixel] : 0);
      if (Number.isNaN(value)) continue;
      sum += ((shares ? shares[entry] : 1) * (value - mean[bin] * weights[pixel])) ** 2;
    }
    sums[bin] = sum;
  }
  return sums;
}

/**
 * Copy of a frame as float32 in which dummies are NaN.
 * @param values (pixel) of any numbers
 * @param dummy value of pixels without data; @param delta how far from it still counts as dummy, default 0
 * @param out float32 (pixel), returned
 */
export function dropDummies(
  values: ArrayLike<number>,
  dummy: number,
  delta = 0,
  out: Float32Array = new Float32Array(values.length),
): Float32Array {
  for (let i = 0; i < values.length; i++) out[i] = Math.abs(values[i] - dummy) <= delta ? Number.NaN : values[i];
  return out;
}
