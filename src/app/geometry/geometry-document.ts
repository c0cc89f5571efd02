import type { Geometry } from '../../detector/geometry.ts';
import type { Experiment } from '../../detector/integration/experiment.ts';
import {
  addMoves,
  applyMoves,
  isStill,
  type LevelMoves,
  type PartLevel,
  type PartMove,
} from '../../detector/refinement/detector-part.ts';

/** A line that is drawn over the picture to compare it with. Lengths in m, in the geometry's frame. */
export interface Helper {
  readonly id: number;
  readonly kind: 'circle' | 'rectangle';
  readonly centre: readonly [x: number, y: number];
  /** Diameter of a circle, or width and height. */
  readonly size: readonly [number, number];
  /** Of a rectangle, degrees. */
  readonly angleDeg: number;
}

/** Everything that a person edits on the geometry page; one value a state, so that undo is a step back in a list. */
export interface GeometryDocument {
  /** As loaded; never changed by moves. */
  readonly start: Geometry;
  /** What `start` was read from: a file's name, or `example`. */
  readonly origin: string;
  /** The text of the .geom file, so that its comments and unknown keys are kept when it is saved; null for others. */
  readonly text: string | null;
  /** Against `start`. */
  readonly moves: LevelMoves;
  readonly experiment: Experiment & { readonly photonEnergyKeV: number };
  readonly calibrant: string;
  /** Rings that are drawn and refined with, from the innermost. */
  readonly rings: number;
  readonly helpers: readonly Helper[];
}

/** A step of the history. */
export interface DocumentStep {
  readonly document: GeometryDocument;
  /** What was done, for the history list: `Q3 moved by -3.0, 0.0 px`. */
  readonly what: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** No part moved. */
export const NO_MOVES: LevelMoves = { quadrant: new Map(), module: new Map(), tile: new Map() };

/** Moves with some parts of a level moved further. */
export function moreMoves(
  moves: LevelMoves,
  level: PartLevel,
  further: ReadonlyMap<number, PartMove> | readonly PartMove[],
): LevelMoves {
  const changed = new Map(moves[level]);
  for (const [part, move] of further.entries()) {
    const old = changed.get(part);
    const sum = old ? addMoves(old, move) : move;
    if (isStill(sum)) changed.delete(part);
    else changed.set(part, sum);
  }
  return { ...moves, [level]: changed };
}

/** The geometry that a document describes. */
export function geometryOf({ start, moves }: GeometryDocument): Geometry {
  return applyMoves(start, moves);
}
