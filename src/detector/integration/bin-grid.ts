import { StateInvalid } from '../../core/errors.ts';

/** One axis of bins: equal steps from `low`. */
export interface BinAxis {
  readonly low: number;
  readonly step: number;
  readonly bins: number;
}

/** Bins over the radius, or over azimuth and radius: index = azimuthal * radial bins + radial. */
export interface BinGrid {
  /** In the radial unit. */
  readonly radial: BinAxis;
  /** In rad; null where only the radius counts. One bin = a sector. */
  readonly azimuth: BinAxis | null;
  /** Whether the azimuth goes all the way round, so that the last bin is beside the first. */
  readonly isCircle: boolean;
}

/** Upper ends are moved by this share, so that the largest value is inside of the last bin. @source pyFAI, splitBBox */
const UPPER_SHARE = 2 ** -23;

/** An axis over [low, high]. @throws StateInvalid if the range is empty or the number of bins impossible */
export function binAxis(name: string, low: number, high: number, bins: number): BinAxis {
  if (!Number.isInteger(bins) || bins < 1 || bins > 1e6)
    throw new StateInvalid(`Azimuthal integration: ${name} points = ${bins} is impossible, give 1 to 1000000.`, {
      field: 'points',
    });
  if (low === Number.POSITIVE_INFINITY && high === Number.NEGATIVE_INFINITY)
    throw new StateInvalid('Azimuthal integration: no pixel is left, the mask excludes all. Is 0 what it keeps?', {
      field: 'mask',
    });
  if (!(Number.isFinite(low) && Number.isFinite(high) && high > low))
    throw new StateInvalid(
      `Azimuthal integration: the ${name} range [${low}, ${high}] is empty; give [low, high] with low < high, and a mask that leaves pixels.`,
      { field: `${name}Range` },
    );
  return { low, step: (high + Math.abs(high) * UPPER_SHARE - low) / bins, bins };
}

/** Middle of each bin. @param scale from the axis' unit to the wanted one @returns float64 (bin) */
export function binCentres({ low, step, bins }: BinAxis, scale = 1): Float64Array {
  return Float64Array.from({ length: bins }, (_, i) => (low + (i + 0.5) * step) * scale);
}

/** Bins of a grid, all of them. */
export function binCountOf({ radial, azimuth }: BinGrid): number {
  return radial.bins * (azimuth?.bins ?? 1);
}

/**
 * An azimuth relative to the start of the axis, on the turn that is nearest to the middle of the axis: an axis may cross the
 * cut at +-pi, and a pixel just below its start has a small negative value.
 */
export function relativeAzimuth(azimuth: number, { low, step, bins }: BinAxis): number {
  const half = 0.5 * step * bins;
  const fromMiddle = azimuth - low - half;
  if (fromMiddle <= Math.PI && fromMiddle >= -Math.PI) return fromMiddle + half;
  return fromMiddle - 2 * Math.PI * Math.round(fromMiddle / (2 * Math.PI)) + half;
}
