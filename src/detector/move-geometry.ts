import { SelectionInvalid } from '../core/errors.ts';
import { createGeometry, type Geometry, TILE_NUMBERS, tileStart } from './geometry.ts';

/** A shift in m, or angles about the axes: (x, y, z). */
export type Vector3 = readonly [number, number, number];

/** Which tiles move; all of them when nothing is given. Ranges are half-open `[start, stop)`. */
export interface MovedTiles {
  readonly modules?: readonly [number, number];
  readonly tiles?: readonly [number, number];
}

/**
 * The geometry with tiles moved.
 * @param shift m; one for all moved modules, or one for each of them in order
 * @throws SelectionInvalid for a range outside of the detector, or a wrong number of shifts
 * @source EXtra-geom, offset. There the metadata is lost; here it stays.
 */
export function offsetGeometry(
  geometry: Geometry,
  shift: Vector3 | readonly Vector3[],
  which: MovedTiles = {},
): Geometry {
  const [start, stop] = rangeOf('modules', which.modules, geometry.detector.dataShape[0]);
  const shifts = (isVector(shift) ? Array.from({ length: stop - start }, () => shift) : shift) as readonly Vector3[];
  if (shifts.length !== stop - start) {
    throw new SelectionInvalid(`${stop - start} modules are moved, but ${shifts.length} shifts are given.`, {
      expected: stop - start,
      got: shifts.length,
    });
  }
  return change(geometry, which, (numbers, module) => {
    for (let axis = 0; axis < 3; axis++) numbers[axis] += shifts[module - start][axis];
  });
}

/**
 * The geometry with tiles turned: right-handed, first about z, then y, then x.
 * @param angles rad about (x, y, z)
 * @param centre point in m that stays where it is. When not given: the origin for the whole detector, each module's own middle
 * when `modules` is given, each tile's own middle when `tiles` is given.
 * @throws SelectionInvalid for a range outside of the detector
 * @source EXtra-geom 1.14 and later, rotate: R = Rx Ry Rz (older versions turn the other way)
 */
export function rotateGeometry(
  geometry: Geometry,
  angles: Vector3,
  which: MovedTiles & { readonly centre?: Vector3 } = {},
): Geometry {
  const { detector } = geometry;
  const pivotOf = (module: number, tile: number): Vector3 => {
    if (which.centre) return which.centre;
    if (which.tiles) return middleOf(geometry, module, [tile]);
    return which.modules ? middleOf(geometry, module, [...detector.tiles.keys()]) : [0, 0, 0];
  };
  const matrix = rotationMatrix(angles);
  const turn = (numbers: Float64Array, at: number, [cx, cy, cz]: Vector3) => {
    const [x, y, z] = [numbers[at] - cx, numbers[at + 1] - cy, numbers[at + 2] - cz];
    for (const [row, origin] of [cx, cy, cz].entries())
      numbers[at + row] = matrix[row][0] * x + matrix[row][1] * y + matrix[row][2] * z + origin;
  };
  return change(geometry, which, (numbers, module, tile) => {
    turn(numbers, 0, pivotOf(module, tile));
    turn(numbers, 3, [0, 0, 0]);
    turn(numbers, 6, [0, 0, 0]);
  });
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

function isVector(shift: Vector3 | readonly Vector3[]): shift is Vector3 {
  return typeof shift[0] === 'number';
}
