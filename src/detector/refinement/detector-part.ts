import type { Detector } from '../detector.ts';
import { type Geometry, TILE_NUMBERS } from '../geometry.ts';
import { offsetGeometry, rotateGeometry, type Vector3 } from '../move-geometry.ts';

/** What moves as one piece. */
export type PartLevel = 'quadrant' | 'module' | 'tile';

/** A rigid piece of a detector. */
export interface DetectorPart {
  /** `Q1`, `M3`, `M3 T5`: quadrants and tiles count from 1, modules as in the data from 0. */
  readonly label: string;
  /** Tiles by their number in the whole detector. */
  readonly tiles: readonly number[];
}

/** All parts of a level, in order. */
export function partsOf(detector: Detector, level: PartLevel): DetectorPart[] {
  const perModule = detector.tiles.length;
  const tilesOf = (module: number) => Array.from({ length: perModule }, (_, tile) => module * perModule + tile);
  const modules = Array.from({ length: detector.dataShape[0] }, (_, module) => module);
  if (level === 'tile') {
    return modules.flatMap((module) =>
      tilesOf(module).map((tile, n) => ({ label: `M${module} T${n + 1}`, tiles: [tile] })),
    );
  }
  if (level === 'module') return modules.map((module) => ({ label: `M${module}`, tiles: tilesOf(module) }));
  return detector.groupModules.map((_, group) => ({
    label: `Q${group + 1}`,
    tiles: modules.filter((module) => detector.modules[module].group === group).flatMap(tilesOf),
  }));
}

/** How a part is moved: turned about its middle, then shifted. */
export interface PartMove {
  /** m */
  readonly shift: Vector3;
  /** About the beam, rad, from +x towards +y. */
  readonly angle: number;
}

/** Middle of a part: mean of the middles of its tiles, m. */
export function middleOfPart({ detector, tiles }: Geometry, part: DetectorPart): Vector3 {
  const middle: [number, number, number] = [0, 0, 0];
  for (const tile of part.tiles) {
    const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[tile % detector.tiles.length];
    const at = tile * TILE_NUMBERS;
    for (let axis = 0; axis < 3; axis++) {
      const along = (ssStop - ssStart) * tiles[at + 3 + axis] + (fsStop - fsStart) * tiles[at + 6 + axis];
      middle[axis] += (tiles[at + axis] + along / 2) / part.tiles.length;
    }
  }
  return middle;
}

/**
 * The geometry with parts moved.
 * @param moves one for each part
 * @throws SelectionInvalid never for parts of this detector
 */
export function moveParts(geometry: Geometry, parts: readonly DetectorPart[], moves: readonly PartMove[]): Geometry {
  const perModule = geometry.detector.tiles.length;
  let moved = geometry;
  for (const [i, part] of parts.entries()) {
    const { shift, angle } = moves[i];
    const centre = middleOfPart(geometry, part);
    for (const tile of part.tiles) {
      const module = Math.floor(tile / perModule);
      const which = {
        modules: [module, module + 1],
        tiles: [tile % perModule, (tile % perModule) + 1],
      } as const;
      if (angle !== 0) moved = rotateGeometry(moved, [0, 0, angle], { ...which, centre });
      if (shift.some((value) => value !== 0)) moved = offsetGeometry(moved, shift, which);
    }
  }
  return moved;
}
