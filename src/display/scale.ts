import type { Levels } from './levels.ts';

/** How values become colours: `symlog` is linear up to 1 unit around 0, `sqrt` keeps the sign. */
export const SCALES = ['lin', 'log', 'symlog', 'sqrt'] as const;
/** Name of a scale. */
export type Scale = (typeof SCALES)[number];

/** Decades that a logarithmic scale shows below its upper level where the lower one is not positive. */
const LOG_DECADES = 3;
/** Stands for zero on a logarithmic scale. */
const SMALLEST = 1e-30;

/** The lower level that a scale can use: a logarithm needs a positive one. */
export function lowestShown({ low, high }: Levels, scale: Scale): number {
  return scale === 'log' && low <= 0 ? Math.max(high, SMALLEST) * 10 ** -LOG_DECADES : low;
}

/** The curve of a scale: what is linear after it. */
export function scaleCurve(value: number, scale: Scale): number {
  if (scale === 'log') return Math.log(Math.max(value, SMALLEST));
  if (scale === 'symlog') return Math.sign(value) * Math.log1p(Math.abs(value));
  if (scale === 'sqrt') return Math.sign(value) * Math.sqrt(Math.abs(value));
  return value;
}

/** Place of a value in the colour map, 0 to 1; the same as the image layer's shader computes. */
export function colourPlace(value: number, levels: Levels, scale: Scale): number {
  const low = scaleCurve(lowestShown(levels, scale), scale);
  const place = (scaleCurve(value, scale) - low) / (scaleCurve(levels.high, scale) - low);
  return Math.min(1, Math.max(0, place));
}
