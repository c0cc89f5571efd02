import type { Geometry } from '../geometry.ts';
import type { BinGrid } from './bin-grid.ts';
import type { Experiment } from './experiment.ts';
import type { MapOptions, PixelCorners } from './pixel-map.ts';
import type { PixelSums, WeightInput } from './pixel-sums.ts';
import type { RadialUnit } from './radial-unit.ts';
import type { SplitMethod } from './split-method.ts';

/** What pixels are split by. */
export interface SplitSettings {
  readonly geometry: Geometry;
  readonly experiment: Experiment;
  readonly method: SplitMethod;
  readonly map: MapOptions;
  /** uint8 (module * ss * fs), not 0 = the pixel is not used. */
  readonly mask: Uint8Array | undefined;
  readonly weights: WeightInput;
}

/** What is known before the bins are chosen, and what makes the table of them. */
export interface Splitter {
  /** [low, high] of all unmasked pixels. */
  readonly radialRange: readonly [number, number];
  /** rad. */
  readonly azimuthRange: readonly [number, number];
  /** May be called once: what it has is used up. */
  readonly sum: (grid: BinGrid) => PixelSums;
}

/** All azimuths. */
export const ALL_ROUND: readonly [number, number] = [-Math.PI, Math.PI];

/** Smallest value of a unit: logarithms of q may be negative, all others begin at the beam. */
export function leastRadius(unit: RadialUnit): number {
  return unit.startsWith('log') && !unit.startsWith('log(1+') ? Number.NEGATIVE_INFINITY : 0;
}

/** What an outline's winding is taken from. */
type Angles = Pick<PixelCorners, 'steps'> & { readonly azimuth: Float64Array };

/** How far an outline goes round the beam, in pieces of at most half a turn. @param start its first corner */
export function goesRound({ steps, azimuth }: Angles, start: number): boolean {
  const begin = azimuth[start];
  let turned = 0;
  for (let k = 1; k < steps.length; k++) {
    const step = azimuth[start + steps[k]] - begin - turned;
    turned += step - 2 * Math.PI * Math.round(step / (2 * Math.PI));
  }
  return Math.abs(turned) > Math.PI;
}

/** Whether an outline lies across the cut at +-pi. @param start its first corner */
export function isAcrossCut({ steps, azimuth }: Angles, start: number): boolean {
  const begin = azimuth[start];
  for (const step of steps) if (Math.abs(azimuth[start + step] - begin) > Math.PI) return true;
  return false;
}
