import { type Geometry, TILE_NUMBERS } from './geometry.ts';

/** A pixel of the detector. */
export interface PixelPlace {
  readonly module: number;
  /** Of the module. */
  readonly tile: number;
  /** In the module's data. */
  readonly ss: number;
  readonly fs: number;
}

/**
 * The pixel at a place in the plane of the detector, seen along the beam; null in a gap. Of tiles that overlap the last one,
 * which is drawn over the others. Rows of hexagons are taken as rectangles.
 * @param x,y m
 */
export function pixelAt({ detector, tiles }: Geometry, x: number, y: number): PixelPlace | null {
  const perModule = detector.tiles.length;
  const { oddRowShift } = detector.pixel;
  for (let index = detector.dataShape[0] * perModule - 1; index >= 0; index--) {
    const at = index * TILE_NUMBERS;
    const [ssX, ssY, fsX, fsY] = [tiles[at + 3], tiles[at + 4], tiles[at + 6], tiles[at + 7]];
    const area = ssX * fsY - ssY * fsX;
    if (area === 0) continue;
    const [dx, dy] = [x - tiles[at], y - tiles[at + 1]];
    const ss = Math.floor((dx * fsY - dy * fsX) / area);
    const fs = Math.floor((dy * ssX - dx * ssY) / area - (ss % 2 === 1 ? oddRowShift : 0));
    const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[index % perModule];
    if (ss < 0 || fs < 0 || ss >= ssStop - ssStart || fs >= fsStop - fsStart) continue;
    return { module: Math.floor(index / perModule), tile: index % perModule, ss: ss + ssStart, fs: fs + fsStart };
  }
  return null;
}

/** Corners of a tile in the plane of the detector, going round, seen along the beam; m. @param index in the whole detector */
export function tileOutline(
  { detector, tiles }: Geometry,
  index: number,
): readonly (readonly [x: number, y: number])[] {
  const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[index % detector.tiles.length];
  const at = index * TILE_NUMBERS;
  const wide = fsStop - fsStart + Math.abs(detector.pixel.oddRowShift);
  const place = (ss: number, fs: number) =>
    [
      tiles[at] + ss * tiles[at + 3] + fs * tiles[at + 6],
      tiles[at + 1] + ss * tiles[at + 4] + fs * tiles[at + 7],
    ] as const;
  const high = ssStop - ssStart;
  return [place(0, 0), place(0, wide), place(high, wide), place(high, 0)];
}
