import type { Levels } from './levels.ts';
import type { Scale } from './scale.ts';
import { PLACED_FIELDS, type PlacedTiles, type TilePainter, type TileView } from './tile-painter.ts';

/** Stands for "nothing here" while tiles are drawn alone: no colour map has it, and masked pixels are grey. */
const NOTHING: readonly [number, number, number] = [1, 0, 1];
const NOTHING_BYTES = 0xffff00ff;

/** A rectangle of the screen, CSS pixels from the canvas's left and top. */
export interface LiftBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** False where the canvas cuts off a part of what was lifted. */
  readonly isWhole: boolean;
}

/** What is drawn, and how. */
export interface LiftScene {
  readonly tiles: PlacedTiles;
  readonly oddRowShift: number;
  readonly view: TileView;
  readonly levels: Levels;
  readonly scale: Scale;
  readonly gap: readonly [number, number, number];
}

/**
 * The part of the screen that lifted tiles need, on whole pixels of the screen.
 * @param places corners of the tiles, CSS pixels @param ratio device pixels per CSS pixel
 */
export function liftBox(
  places: readonly (readonly [x: number, y: number])[],
  size: { readonly width: number; readonly height: number },
  ratio: number,
): LiftBox {
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
  // One pixel more: edges of tiles are drawn on either side of where they are.
  const low = (values: readonly number[]) => (Math.floor(Math.min(...values) * ratio) - 1) / ratio;
  const high = (values: readonly number[]) => (Math.ceil(Math.max(...values) * ratio) + 1) / ratio;
  const [left, right, top, bottom] = [low(xs), high(xs), low(ys), high(ys)];
  const [inLeft, inTop] = [Math.max(0, left), Math.max(0, top)];
  const [inRight, inBottom] = [Math.min(size.width, right), Math.min(size.height, bottom)];
  return {
    left: inLeft,
    top: inTop,
    width: Math.max(0, inRight - inLeft),
    height: Math.max(0, inBottom - inTop),
    isWhole: left >= 0 && top >= 0 && right <= size.width && bottom <= size.height,
  };
}

/**
 * Draws some tiles on a canvas of their own, which is transparent where none of them is, and the others on the painter's:
 * the browser then moves the lifted ones as a whole, and nothing is drawn for a step of the pointer.
 * @param canvas the painter's @param target takes the lifted tiles, in the size of the box
 * @param lifted numbers of the tiles, in order
 */
export function drawLifted(
  painter: TilePainter,
  canvas: HTMLCanvasElement,
  target: HTMLCanvasElement,
  lifted: readonly number[],
  box: LiftBox,
  { tiles, oddRowShift, view, levels, scale, gap }: LiftScene,
): void {
  const ratio = canvas.clientWidth === 0 ? 1 : window.devicePixelRatio || 1;
  painter.setTiles(tilesOf(tiles, lifted), oddRowShift);
  painter.draw(view, levels, scale, NOTHING);
  target.width = Math.round(box.width * ratio);
  target.height = Math.round(box.height * ratio);
  const context = target.getContext('2d', { willReadFrequently: true });
  if (context && target.width > 0 && target.height > 0) {
    context.drawImage(canvas, -Math.round(box.left * ratio), -Math.round(box.top * ratio));
    const image = context.getImageData(0, 0, target.width, target.height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) if (pixels[i] === NOTHING_BYTES) pixels[i] = 0;
    context.putImageData(image, 0, 0);
  }
  const isLifted = new Set(lifted);
  const others = Array.from({ length: tiles.length / PLACED_FIELDS }, (_, index) => index);
  painter.setTiles(
    tilesOf(
      tiles,
      others.filter((index) => !isLifted.has(index)),
    ),
    oddRowShift,
  );
  painter.draw(view, levels, scale, gap);
}

function tilesOf(tiles: PlacedTiles, chosen: readonly number[]): PlacedTiles {
  const some = new Float32Array(chosen.length * PLACED_FIELDS);
  for (const [i, index] of chosen.entries())
    some.set(tiles.subarray(index * PLACED_FIELDS, (index + 1) * PLACED_FIELDS), i * PLACED_FIELDS);
  return some;
}

/** Where a rigid thing is: a point of it and a direction on it. */
export interface RigidPlace {
  readonly x: number;
  readonly y: number;
  readonly alongX: number;
  readonly alongY: number;
}

/**
 * The CSS transform that brings what was lifted to where it is now; its origin is the box's left top corner.
 * @param from,to the same point and direction before and after, m @param ratio device pixels per CSS pixel
 */
export function liftTransform(
  from: RigidPlace,
  to: RigidPlace,
  view: TileView,
  box: Pick<LiftBox, 'left' | 'top'>,
  ratio: number,
): string {
  const mirror = view.isFront ? -1 : 1;
  const toScreen = ({ x, y }: RigidPlace) => [view.originX + mirror * x * view.zoom, view.originY - y * view.zoom];
  const [[x0, y0], [x1, y1]] = [toScreen(from), toScreen(to)];
  const turned = Math.atan2(
    from.alongX * to.alongY - from.alongY * to.alongX,
    from.alongX * to.alongX + from.alongY * to.alongY,
  );
  // Shifted only: on whole pixels the browser copies it, and it stays as sharp as it was drawn.
  if (Math.abs(turned) < 1e-9) {
    const whole = (length: number) => Math.round(length * ratio) / ratio;
    return `translate(${whole(x1 - x0)}px, ${whole(y1 - y0)}px)`;
  }
  // y goes down on the screen, and the front view is mirrored.
  const angle = -mirror * turned;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [dx, dy] = [box.left - x0, box.top - y0];
  const shift = [cos * dx - sin * dy + x1 - box.left, sin * dx + cos * dy + y1 - box.top];
  return `matrix(${cos}, ${sin}, ${-sin}, ${cos}, ${shift[0]}, ${shift[1]})`;
}
