import { ShapeMismatch } from '../../core/errors.ts';
import type { Geometry } from '../geometry.ts';
import type { Experiment } from './experiment.ts';
import type { Pattern } from './integrate.ts';

/**
 * Solid angle of an untilted pixel on the beam, sr. Norms are relative to it; with it as `normalization` of their tables
 * intensities are per sr, so that patterns of other distances and pixels can be combined.
 */
export function pixelSolidAngle({ detector }: Geometry, { distance }: Experiment): number {
  const [ss, fs] = detector.pitch;
  return (ss * fs) / distance ** 2;
}

/**
 * One pattern of several on the same bins: several detectors or positions of one detector, or several frames. Sums add up, so
 * each counts as much as it saw. Where distances or pixels differ, give {@link pixelSolidAngle} as `normalization` of the tables.
 * @throws ShapeMismatch if the bins differ, or without patterns
 * @source pyFAI, MultiGeometry, which always takes solid angles in sr
 */
export function combinePatterns(patterns: readonly Pattern[], empty = Number.NaN): Pattern {
  const [first] = patterns;
  if (!first) throw new ShapeMismatch('No pattern to combine.', { expected: 1, got: 0 });
  const bins = first.intensity.length;
  const signal = new Float64Array(bins);
  const normalization = new Float64Array(bins);
  const count = new Float64Array(bins);
  const variance = new Float64Array(bins);
  for (const [i, pattern] of patterns.entries()) {
    if (!isSameAxis(pattern.radial, first.radial) || !isSameAxis(pattern.azimuth, first.azimuth))
      throw new ShapeMismatch(
        `Pattern ${i} has other bins than the first: integrate all with the same points, radialRange and azimuthRange.`,
        { expected: first.radial.length, got: pattern.radial.length },
      );
    for (let bin = 0; bin < bins; bin++) {
      signal[bin] += pattern.signal[bin];
      normalization[bin] += pattern.normalization[bin];
      count[bin] += pattern.count[bin];
      if (pattern.sigma && pattern.count[bin] > 0)
        variance[bin] += (pattern.sigma[bin] * pattern.normalization[bin]) ** 2;
    }
  }
  const intensity = signal.map((sum, bin) => (normalization[bin] > 0 ? sum / normalization[bin] : empty));
  const sigma = patterns.every((pattern) => pattern.sigma)
    ? variance.map((sum, bin) => (normalization[bin] > 0 ? Math.sqrt(sum) / normalization[bin] : empty))
    : null;
  return { radial: first.radial, azimuth: first.azimuth, intensity, count, signal, normalization, sigma };
}

/** Whether two axes agree to a part in 1e9 of a step. */
function isSameAxis(a: Float64Array | null, b: Float64Array | null): boolean {
  if (a === b) return true;
  if (!a || !b || a.length !== b.length) return false;
  const step = a.length > 1 ? Math.abs(a[1] - a[0]) : Math.abs(a[0]) || 1;
  return a.every((value, i) => Math.abs(value - b[i]) <= 1e-6 * step);
}
