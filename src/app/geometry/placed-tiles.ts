import { type Geometry, TILE_NUMBERS } from '../../detector/geometry.ts';
import { type DetectorPart, middleOfPart, type PartMove } from '../../detector/refinement/detector-part.ts';
import { tileOutline } from '../../detector/tile-place.ts';
import { PLACED_FIELDS, type PlacedTiles } from '../../display/tile-painter.ts';

type Place = readonly [x: number, y: number];

/** Tiles as a painter wants them, in the order of the geometry. */
export function placedTiles({ detector, tiles }: Geometry): PlacedTiles {
  const perModule = detector.tiles.length;
  const count = detector.dataShape[0] * perModule;
  const placed = new Float32Array(count * PLACED_FIELDS);
  for (let index = 0; index < count; index++) {
    const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[index % perModule];
    const at = index * TILE_NUMBERS;
    const row = Math.floor(index / perModule) * detector.dataShape[1] + ssStart;
    placed.set(
      [
        ...[tiles[at], tiles[at + 1], tiles[at + 3], tiles[at + 4], tiles[at + 6], tiles[at + 7]],
        ...[row, fsStart, ssStop - ssStart, fsStop - fsStart],
      ],
      index * PLACED_FIELDS,
    );
  }
  return placed;
}

/** A rectangle on the axes. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
}

/** The smallest rectangle round places. */
export function boxOf(places: Iterable<Place>): Box {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of places) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  return { left, right, low, high };
}

/** The smallest rectangle round some tiles, m. */
export function boxOfTiles(geometry: Geometry, tiles: readonly number[]): Box {
  return boxOf(tiles.flatMap((index) => tileOutline(geometry, index)));
}

/**
 * Corners of the rectangle round a part that lies as its first tile does; with a move, where it would be after it.
 * @returns four places, going round, m
 */
export function partOutline(geometry: Geometry, part: DetectorPart, move?: PartMove): readonly Place[] {
  const at = part.tiles[0] * TILE_NUMBERS;
  const angle = Math.atan2(geometry.tiles[at + 7], geometry.tiles[at + 6]);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turned = part.tiles.flatMap((index) =>
    tileOutline(geometry, index).map(([x, y]): Place => [x * cos + y * sin, y * cos - x * sin]),
  );
  const { left, right, low, high } = boxOf(turned);
  const corners = [
    [left, low],
    [right, low],
    [right, high],
    [left, high],
  ].map(([u, v]): Place => [u * cos - v * sin, u * sin + v * cos]);
  if (!move) return corners;
  const [middleX, middleY] = middleOfPart(geometry, part);
  const [c, s] = [Math.cos(move.angle), Math.sin(move.angle)];
  return corners.map(([x, y]) => {
    const [dx, dy] = [x - middleX, y - middleY];
    return [middleX + dx * c - dy * s + move.shift[0], middleY + dx * s + dy * c + move.shift[1]];
  });
}
