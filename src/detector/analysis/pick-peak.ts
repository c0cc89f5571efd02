import { type Geometry, TILE_NUMBERS } from '../geometry.ts';
import { positionOnTile } from '../refinement/ring-points.ts';
import { pixelAt } from '../tile-place.ts';

/** A bright place of a picture. */
export interface PickedPeak {
  /** (x, y, z) in the geometry's frame, m. */
  readonly position: readonly [number, number, number];
  /** Of the brightest pixel. */
  readonly value: number;
}

/**
 * The peak nearest to where somebody pointed: the brightest pixel on the same tile within some pixels, and the centre of mass of the
 * pixels around it above the faintest of them.
 * @param picture float32 (module * ss * fs), NaN = missing @param mask uint8, not 0 = left out; null = none
 * @param place (x, y) in the plane of the detector, m @param reachPx how far is looked
 * @returns null in a gap, and where there are no pixels with values
 */
export function pickPeak(
  picture: Float32Array,
  mask: Uint8Array | null,
  geometry: Geometry,
  [x, y]: readonly [number, number],
  reachPx: number,
): PickedPeak | null {
  const pixel = pixelAt(geometry, x, y);
  if (!pixel) return null;
  const { detector, tiles } = geometry;
  const [, rows, columns] = detector.dataShape;
  const tile = detector.tiles[pixel.tile];
  const valueAt = (ss: number, fs: number): number => {
    const isOnTile = ss >= tile.ssStart && ss < tile.ssStop && fs >= tile.fsStart && fs < tile.fsStop;
    const at = (pixel.module * rows + ss) * columns + fs;
    return isOnTile && !mask?.[at] ? picture[at] : Number.NaN;
  };
  let [best, bestSs, bestFs] = [Number.NEGATIVE_INFINITY, 0, 0];
  for (let ss = pixel.ss - reachPx; ss <= pixel.ss + reachPx; ss++)
    for (let fs = pixel.fs - reachPx; fs <= pixel.fs + reachPx; fs++) {
      const value = valueAt(ss, fs);
      if (value > best) [best, bestSs, bestFs] = [value, ss, fs];
    }
  if (best === Number.NEGATIVE_INFINITY) return null;
  const around: (readonly [value: number, ss: number, fs: number])[] = [];
  for (let ss = bestSs - 1; ss <= bestSs + 1; ss++)
    for (let fs = bestFs - 1; fs <= bestFs + 1; fs++) {
      const value = valueAt(ss, fs);
      if (!Number.isNaN(value)) around.push([value, ss, fs]);
    }
  const faintest = Math.min(...around.map(([value]) => value));
  let [sum, atSs, atFs] = [0, 0, 0];
  for (const [value, ss, fs] of around) {
    sum += value - faintest;
    atSs += (value - faintest) * (ss + 0.5);
    atFs += (value - faintest) * (fs + 0.5);
  }
  // A flat place has no centre of mass.
  const [ss, fs] = sum > 0 ? [atSs / sum, atFs / sum] : [bestSs + 0.5, bestFs + 0.5];
  const start = (pixel.module * detector.tiles.length + pixel.tile) * TILE_NUMBERS;
  return { position: positionOnTile(tiles, start, ss - tile.ssStart, fs - tile.fsStart), value: best };
}
