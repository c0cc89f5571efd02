import type { Detector } from '../../detector/detector.ts';
import { addMoves, type PartLevel, type PartMove, partsOf } from '../../detector/refinement/detector-part.ts';
import { numberText } from '../number-text.ts';
import { moreMoves } from './geometry-document.ts';
import { useGeometry } from './geometry-store.ts';

/** Degrees in a radian. */
export const DEGREES = 180 / Math.PI;

/** Name of a part: `Q3`, `M12`, `M12 T5`. */
export function partLabel(detector: Detector, level: PartLevel, part: number): string {
  return partsOf(detector, level)[part]?.label ?? '';
}

/** The part of a level that a tile belongs to. */
export function partOfTile(detector: Detector, level: PartLevel, module: number, tile: number): number {
  if (level === 'tile') return module * detector.tiles.length + tile;
  return level === 'module' ? module : detector.modules[module].group;
}

/** A move in words, for the history: `Q3 moved by −3.0, 0.0 px`. */
export function moveText(label: string, { shift: [x, y, z], angle }: PartMove, pixelSize: number): string {
  const parts: string[] = [];
  if (x !== 0 || y !== 0) parts.push(`moved by ${numberText(x / pixelSize, 1)}, ${numberText(y / pixelSize, 1)} px`);
  if (angle !== 0) parts.push(`turned by ${numberText(angle * DEGREES, 2)}°`);
  if (z !== 0) parts.push(`moved along the beam by ${numberText(z * 1e3, 2)} mm`);
  return `${label} ${parts.join(', ') || 'put back'}`;
}

/** Moves the selected part further. @returns false if nothing is selected */
export function moveSelected(move: PartMove): boolean {
  const { selection, document: settled, gliding, glide } = useGeometry.getState();
  const document = gliding?.document ?? settled;
  if (!document || selection.part === null) return false;
  const { level, part } = selection;
  const { detector } = document.start;
  const before = document.moves[level].get(part);
  const words = moveText(partLabel(detector, level, part), before ? addMoves(before, move) : move, detector.pixelSize);
  glide(moreMoves(document.moves, level, new Map([[part, move]])), words, `${level} ${part}`);
  return true;
}

/** Moves the selected part by steps of pixels on the screen. @param isFront seen from the sample: +x goes to the left */
export function moveSelectedOnScreen(right: number, up: number, isFront: boolean): boolean {
  const { document } = useGeometry.getState();
  if (!document) return false;
  const { pixelSize } = document.start.detector;
  return moveSelected({ shift: [(isFront ? -right : right) * pixelSize, up * pixelSize, 0], angle: 0 });
}

/** Turns the selected part, counter-clockwise on the screen, degrees. */
export function turnSelectedOnScreen(degrees: number, isFront: boolean): boolean {
  return moveSelected({ shift: [0, 0, 0], angle: (isFront ? -degrees : degrees) / DEGREES });
}

/** Moves several parts of a level at once, as one step of the history. */
export function moveTogether(level: PartLevel, moves: ReadonlyMap<number, PartMove>, what: string): void {
  const { document, edit } = useGeometry.getState();
  if (document && moves.size > 0) edit({ moves: moreMoves(document.moves, level, moves) }, what);
}

/** Selects the next part of the level, or the one before it; the first or last one if none is. */
export function selectNext(step: 1 | -1): void {
  const { selection, document, select } = useGeometry.getState();
  if (!document) return;
  const count = partsOf(document.start.detector, selection.level).length;
  const from = selection.part ?? (step === 1 ? -1 : count);
  select({ ...selection, part: (from + step + count) % count });
}
