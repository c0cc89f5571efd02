import { SelectionInvalid } from '../core/errors.ts';
import type { Detector } from './detector.ts';
import { createGeometry, type Geometry, type Point, TILE_NUMBERS, tileStart } from './geometry.ts';

/** A shift in m, or angles about the axes: (x, y, z). */
export type Vector3 = readonly [number, number, number];

/** Which tiles move; all of them when nothing is given. Ranges are half-open `[start, stop)`. */
export interface MovedTiles {
  readonly modules?: readonly [number, number];
  readonly tiles?: readonly [number, number];
}

/** One vector for all moved tiles, one for each moved module, or (module, tile) one for each moved tile. */
export type MovedBy<V> = V | readonly V[] | readonly (readonly V[])[];

/**
 * The geometry with tiles moved.
 * @param shift (x, y) or (x, y, z), m; one for all, one for each of the moved modules in order, or one for each of their tiles
 * @throws SelectionInvalid for a range outside of the detector, or a wrong number of shifts
 * @source EXtra-geom, offset. There the metadata is lost; here it stays.
 */
export function offsetGeometry(geometry: Geometry, shift: MovedBy<Vector3 | Point>, which: MovedTiles = {}): Geometry {
  const shiftOf = vectorsOf('shifts', shift, which, geometry.detector);
  return change(geometry, which, (numbers, module, tile) => {
    const [x, y, z = 0] = shiftOf(module, tile);
    numbers[0] += x;
    numbers[1] += y;
    numbers[2] += z;
  });
}

/**
 * The geometry with tiles turned: right-handed, first about z, then y, then x.
 * @param angles rad about (x, y, z); one triple for all, one for each of the moved modules in order, or one for each of their
 * tiles
 * @param centre point in m that stays where it is, or points in the same order as angles. When not given: the origin for the
 * whole detector, each module's own middle when `modules` or angles of modules are given, each tile's own middle when `tiles` or
 * angles of tiles are given.
 * @throws SelectionInvalid for a range outside of the detector, or a wrong number of angles or points
 * @source EXtra-geom 1.14 and later, rotate: R = Rx Ry Rz (older versions turn the other way)
 */
export function rotateGeometry(
  geometry: Geometry,
  angles: MovedBy<Vector3>,
  which: MovedTiles & { readonly centre?: MovedBy<Vector3> } = {},
): Geometry {
  const { detector } = geometry;
  const anglesOf = vectorsOf('angles', angles, which, detector);
  const centreOf = which.centre && vectorsOf('centres', which.centre, which, detector);
  const depth = depthOf(angles);
  const pivotOf = (module: number, tile: number): Vector3 => {
    if (centreOf) return centreOf(module, tile);
    if (which.tiles || depth === 2) return middleOf(geometry, module, [tile]);
    return which.modules || depth === 1 ? middleOf(geometry, module, [...detector.tiles.keys()]) : [0, 0, 0];
  };
  const turn = (matrix: readonly Vector3[], numbers: Float64Array, at: number, [cx, cy, cz]: Vector3) => {
    const [x, y, z] = [numbers[at] - cx, numbers[at + 1] - cy, numbers[at + 2] - cz];
    for (const [row, origin] of [cx, cy, cz].entries())
      numbers[at + row] = matrix[row][0] * x + matrix[row][1] * y + matrix[row][2] * z + origin;
  };
  return change(geometry, which, (numbers, module, tile) => {
    const matrix = rotationMatrix(anglesOf(module, tile));
    turn(matrix, numbers, 0, pivotOf(module, tile));
    turn(matrix, numbers, 3, [0, 0, 0]);
    turn(matrix, numbers, 6, [0, 0, 0]);
  });
}

/** 0: one vector, 1: a list of them, 2: a list of lists. */
function depthOf(vectors: MovedBy<Vector3 | Point>): 0 | 1 | 2 {
  const [first] = vectors as readonly unknown[];
  if (!Array.isArray(first)) return 0;
  return Array.isArray(first[0]) ? 2 : 1;
}

/** Which vector is that of a tile. */
function vectorsOf<V extends Vector3 | Point>(
  what: string,
  vectors: MovedBy<V>,
  which: MovedTiles,
  { dataShape, tiles }: Detector,
): (module: number, tile: number) => V {
  const depth = depthOf(vectors);
  if (depth === 0) return () => vectors as V;
  const [firstModule, endModule] = rangeOf('modules', which.modules, dataShape[0]);
  const [firstTile, endTile] = rangeOf('tiles', which.tiles, tiles.length);
  const check = (list: readonly unknown[], expected: number, moved: string) => {
    if (list.length === expected) return;
    throw new SelectionInvalid(`${expected} ${moved} are moved, but ${list.length} ${what} are given.`, {
      expected,
      got: list.length,
    });
  };
  const ofModules = vectors as readonly V[];
  check(ofModules, endModule - firstModule, 'modules');
  if (depth === 1) return (module) => ofModules[module - firstModule];
  const ofTiles = vectors as readonly (readonly V[])[];
  for (const list of ofTiles) check(list, endTile - firstTile, 'tiles of each module');
  return (module, tile) => ofTiles[module - firstModule][tile - firstTile];
}

function rotationMatrix(angles: Vector3): readonly Vector3[] {
  const [sx, sy, sz] = angles.map(Math.sin);
  const [cx, cy, cz] = angles.map(Math.cos);
  return [
    [cy * cz, -cy * sz, sy],
    [cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy],
    [sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy],
  ];
}

/** Mean of the middles of some tiles of a module, m. */
function middleOf({ detector, tiles }: Geometry, module: number, wanted: readonly number[]): Vector3 {
  const sum: [number, number, number] = [0, 0, 0];
  for (const tile of wanted) {
    const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[tile];
    const at = tileStart(detector, module, tile);
    for (let axis = 0; axis < 3; axis++) {
      const alongSs = (ssStop - ssStart) * tiles[at + 3 + axis];
      const alongFs = (fsStop - fsStart) * tiles[at + 6 + axis];
      sum[axis] += (tiles[at + axis] + (alongSs + alongFs) / 2) / wanted.length;
    }
  }
  return sum;
}

/** @param move changes the nine numbers of a tile in place */
function change(
  geometry: Geometry,
  which: MovedTiles,
  move: (numbers: Float64Array, module: number, tile: number) => void,
): Geometry {
  const { detector, metadata } = geometry;
  const modules = rangeOf('modules', which.modules, detector.dataShape[0]);
  const chosen = rangeOf('tiles', which.tiles, detector.tiles.length);
  const tiles = geometry.tiles.slice();
  for (let module = modules[0]; module < modules[1]; module++) {
    for (let tile = chosen[0]; tile < chosen[1]; tile++) {
      const at = tileStart(detector, module, tile);
      move(tiles.subarray(at, at + TILE_NUMBERS), module, tile);
    }
  }
  return createGeometry(detector, tiles, metadata);
}

function rangeOf(what: string, range: readonly [number, number] | undefined, length: number): [number, number] {
  const [start, stop] = range ?? [0, length];
  if (!(Number.isInteger(start) && Number.isInteger(stop) && start >= 0 && start <= stop && stop <= length)) {
    throw new SelectionInvalid(`${what} [${start}, ${stop}) are not within the ${length} of the detector.`, {
      start,
      stop,
      length,
    });
  }
  return [start, stop];
}
