import type { Detector } from '../detector.ts';
import { createGeometry, type Geometry, TILE_NUMBERS } from '../geometry.ts';
import type { Vector3 } from '../move-geometry.ts';

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

/** A part that stays. */
export const NO_MOVE: PartMove = { shift: [0, 0, 0], angle: 0 };

/** Both moves one after the other, about the same middle. */
export function addMoves(one: PartMove, other: PartMove): PartMove {
  const [x, y, z] = one.shift;
  return { shift: [x + other.shift[0], y + other.shift[1], z + other.shift[2]], angle: one.angle + other.angle };
}

/** Whether a move moves nothing. */
export function isStill({ shift, angle }: PartMove): boolean {
  return angle === 0 && shift.every((value) => value === 0);
}

/**
 * The geometry with parts moved.
 * @param moves one for each part
 * @param pivots what each part is turned about, m; its middle when not given
 */
export function moveParts(
  geometry: Geometry,
  parts: readonly DetectorPart[],
  moves: readonly PartMove[],
  pivots: readonly Vector3[] = parts.map((part) => middleOfPart(geometry, part)),
): Geometry {
  // One copy for all tiles: a drag does this for every step of the pointer.
  const tiles = geometry.tiles.slice();
  for (const [i, part] of parts.entries()) {
    const { shift, angle } = moves[i];
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [pivotX, pivotY] = pivots[i];
    for (const tile of part.tiles) {
      const at = tile * TILE_NUMBERS;
      if (angle !== 0) {
        const [dx, dy] = [tiles[at] - pivotX, tiles[at + 1] - pivotY];
        tiles[at] = pivotX + cos * dx - sin * dy;
        tiles[at + 1] = pivotY + sin * dx + cos * dy;
        for (const vector of [at + 3, at + 6]) {
          const [x, y] = [tiles[vector], tiles[vector + 1]];
          tiles[vector] = cos * x - sin * y;
          tiles[vector + 1] = sin * x + cos * y;
        }
      }
      for (let axis = 0; axis < 3; axis++) tiles[at + axis] += shift[axis];
    }
  }
  return createGeometry(geometry.detector, tiles, geometry.metadata);
}

/** Moves of parts of each level, by the part's index; parts that are not there stay. */
export type LevelMoves = Readonly<Record<PartLevel, ReadonlyMap<number, PartMove>>>;

/**
 * A geometry with tiles moved, then modules, then quadrants; each about its middle in `start`, so that the order in which a
 * person made the moves does not matter and nothing drifts.
 */
export function applyMoves(start: Geometry, moves: LevelMoves): Geometry {
  let moved = start;
  for (const level of ['tile', 'module', 'quadrant'] as const) {
    const chosen = [...moves[level]].filter(([, move]) => !isStill(move));
    if (chosen.length === 0) continue;
    const all = partsOf(start.detector, level);
    const parts = chosen.map(([index]) => all[index]);
    moved = moveParts(
      moved,
      parts,
      chosen.map(([, move]) => move),
      parts.map((part) => middleOfPart(start, part)),
    );
  }
  return moved;
}
