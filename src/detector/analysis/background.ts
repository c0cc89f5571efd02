import { StateInvalid } from '../../core/errors.ts';

/** How the background of a pattern is found. */
export interface BackgroundOptions {
  /** What is narrower than this many points is a peak. */
  readonly width: number;
  /** Rounds of smoothing; default 60. */
  readonly iterations?: number;
  /** Order of the polynomial that is laid through the result; 0 or less: none, the smoothed curve itself. Default 0. */
  readonly order?: number;
}

const MAX_ORDER = 60;

/**
 * The background below the peaks of a pattern. In each round every point goes down to the mean of its neighbours if it lies
 * above it: peaks are worn down, the slow course stays. The original first cuts off everything far above the mean, which would
 * also cut a steep rise towards the beam; here strong peaks need more rounds instead. At the ends the window shrinks, so that a
 * steep end stays steep.
 * @param y (point); NaN = no value: bridged by a straight line while smoothing, NaN in the result @returns float64 (point)
 * @throws StateInvalid for impossible settings
 * @source S. Brueckner, J. Appl. Cryst. 33 (2000) 977; Chebyshev polynomials by linear least squares
 */
export function patternBackground(y: ArrayLike<number>, options: BackgroundOptions): Float64Array {
  const { width, iterations = 60, order = 0 } = options;
  const half = Math.round(width);
  if (!(half >= 1 && half < 1e6)) throw invalid('width', width, 'points, 1 or more');
  if (!(Number.isInteger(iterations) && iterations >= 0 && iterations <= 10_000))
    throw invalid('iterations', iterations, 'a whole number from 0 to 10000');
  if (!(Number.isInteger(order) && order <= MAX_ORDER))
    throw invalid('order', order, `a whole number up to ${MAX_ORDER}`);
  let curve = bridgeGaps(y);
  if (curve === null) return new Float64Array(y.length).fill(Number.NaN);
  for (let round = 0; round < iterations; round++) curve = wearDown(curve, half);
  if (order > 0) curve = chebyshevFit(curve, y, order);
  return curve.map((value, i) => (Number.isFinite(y[i]) ? value : Number.NaN));
}

function invalid(field: string, value: unknown, wanted: string): StateInvalid {
  return new StateInvalid(`Background: ${field} = ${value} is impossible, give ${wanted}.`, { field });
}

/** Straight lines over missing values; null where there is none at all. */
function bridgeGaps(y: ArrayLike<number>): Float64Array | null {
  const out = Float64Array.from(y);
  let last = -1;
  for (let i = 0; i < out.length; i++) {
    if (!Number.isFinite(out[i])) continue;
    for (let k = last + 1; k < i; k++)
      out[k] = last < 0 ? out[i] : out[last] + ((out[i] - out[last]) * (k - last)) / (i - last);
    last = i;
  }
  if (last < 0) return null;
  out.fill(out[last], last + 1);
  return out;
}

function wearDown(curve: Float64Array, half: number): Float64Array {
  const sums = new Float64Array(curve.length + 1);
  for (let i = 0; i < curve.length; i++) sums[i + 1] = sums[i] + curve[i];
  return curve.map((value, i) => {
    const reach = Math.min(half, i, curve.length - 1 - i);
    return Math.min(value, (sums[i + reach + 1] - sums[i - reach]) / (2 * reach + 1));
  });
}

/** @param original tells which points have values: only these are fitted */
function chebyshevFit(curve: Float64Array, original: ArrayLike<number>, order: number): Float64Array {
  const points = curve.length;
  const terms = Math.min(order + 1, Math.max(1, points - 1));
  const place = (i: number) => (points > 1 ? (2 * i) / (points - 1) - 1 : 0);
  const row = new Float64Array(terms);
  const fill = (x: number) => {
    row[0] = 1;
    if (terms > 1) row[1] = x;
    for (let k = 2; k < terms; k++) row[k] = 2 * x * row[k - 1] - row[k - 2];
  };
  const matrix = new Float64Array(terms * terms);
  const right = new Float64Array(terms);
  for (let i = 0; i < points; i++) {
    if (!Number.isFinite(original[i])) continue;
    fill(place(i));
    for (let a = 0; a < terms; a++) {
      right[a] += row[a] * curve[i];
      for (let b = 0; b <= a; b++) matrix[a * terms + b] += row[a] * row[b];
    }
  }
  // Where values are missing over a wide range, high orders are not settled: a tiny pull towards 0 keeps them from running away.
  for (let a = 0; a < terms; a++) matrix[a * terms + a] *= 1 + 1e-9;
  const factors = solveSymmetric(matrix, right);
  return curve.map((_, i) => {
    fill(place(i));
    return row.reduce((sum, value, k) => sum + value * factors[k], 0);
  });
}

/** Cholesky. @param matrix lower triangle of a positive definite matrix, row-major; overwritten */
function solveSymmetric(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = matrix[a * n + b];
      for (let k = 0; k < b; k++) sum -= matrix[a * n + k] * matrix[b * n + k];
      matrix[a * n + b] = a === b ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / matrix[b * n + b];
    }
  }
  const x = right.slice();
  for (let a = 0; a < n; a++) {
    for (let k = 0; k < a; k++) x[a] -= matrix[a * n + k] * x[k];
    x[a] /= matrix[a * n + a];
  }
  for (let a = n - 1; a >= 0; a--) {
    for (let k = a + 1; k < n; k++) x[a] -= matrix[k * n + a] * x[k];
    x[a] /= matrix[a * n + a];
  }
  return x;
}
