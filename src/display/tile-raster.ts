import type { Levels } from './levels.ts';
import {
  colourBytes,
  HATCH,
  LINE_SHARE,
  MASKED,
  MASKED_LINE,
  MISSING,
  RasterCanvas,
  type ScreenArea,
} from './raster-canvas.ts';
import { lowestShown, type Scale, scaleCurve } from './scale.ts';
import { PLACED_FIELDS, type PlacedTiles, type TilePainter, type TileView } from './tile-painter.ts';

type Screen = NonNullable<ReturnType<RasterCanvas['begin']>>;
/** Fractions of a pixel in whole numbers: 2 ** 16 of them are one. */
const ONE = 65536;

/**
 * Draws tiles without WebGL. Colours are found once for every pixel of the detector; moving tiles only looks them up again,
 * once for each pixel of the part of the screen where something moved.
 */
export class TileRaster implements TilePainter {
  readonly #canvas: RasterCanvas;
  #stack: Float32Array = new Float32Array(0);
  #columns = 0;
  #tiles: PlacedTiles = new Float32Array(0);
  #oddRowShift = 0;
  /** Colour of each pixel of the stack, and for which levels. */
  #colours = new Uint32Array(0);
  #colouredFor = '';
  /** What the screen shows: all but the tiles, as text, and the tiles. */
  #shownFor = '';
  #shownTiles: PlacedTiles = new Float32Array(0);
  #pixelsShown: Uint32Array | null = null;

  /** @throws Error if the browser gives no drawing surface */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = new RasterCanvas(canvas);
  }

  setStack(data: Float32Array, _rows: number, columns: number): void {
    this.#stack = data;
    this.#columns = columns;
    this.#colouredFor = '';
  }

  setTiles(tiles: PlacedTiles, oddRowShift: number): void {
    this.#tiles = tiles;
    this.#oddRowShift = oddRowShift;
  }

  setColours(table: Uint8Array): void {
    this.#canvas.setColours(table);
    this.#colouredFor = '';
  }

  draw(view: TileView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
    const screen = this.#canvas.begin();
    if (!screen) return;
    const isColoured = !this.#colour(levels, scale);
    const { originX, originY, zoom, isFront } = view;
    const shownFor = [originX, originY, zoom, isFront, ...gap, this.#oddRowShift, screen.width, screen.height].join(
      ' ',
    );
    const canMove =
      isColoured &&
      shownFor === this.#shownFor &&
      screen.pixels === this.#pixelsShown &&
      this.#tiles.length === this.#shownTiles.length;
    const area = canMove ? this.#movedArea(view, screen) : { left: 0, top: 0, right: screen.width, low: screen.height };
    const background = colourBytes(gap);
    for (let row = area.top; row < area.low; row++)
      screen.pixels.fill(background, row * screen.width + area.left, row * screen.width + area.right);
    for (let at = 0; at < this.#tiles.length; at += PLACED_FIELDS) this.#drawTile(at, view, screen, area);
    this.#canvas.show(canMove ? area : undefined);
    this.#shownFor = shownFor;
    this.#shownTiles = this.#tiles;
    this.#pixelsShown = screen.pixels;
  }

  /** The part of the screen where tiles were or are that have moved since the last drawing. */
  #movedArea(view: TileView, screen: Screen): ScreenArea {
    let [left, top, right, low] = [screen.width, screen.height, 0, 0];
    for (let at = 0; at < this.#tiles.length; at += PLACED_FIELDS) {
      let isSame = true;
      for (let i = at; i < at + PLACED_FIELDS; i++) if (this.#tiles[i] !== this.#shownTiles[i]) isSame = false;
      if (isSame) continue;
      for (const tiles of [this.#tiles, this.#shownTiles]) {
        const box = this.#placeOf(tiles, at, view, screen);
        left = Math.min(left, box.left);
        top = Math.min(top, box.top);
        right = Math.max(right, box.right);
        low = Math.max(low, box.low);
      }
    }
    return { left, top, right: Math.max(left, right), low: Math.max(top, low) };
  }

  dispose(): void {
    this.#canvas.dispose();
    this.#stack = new Float32Array(0);
    this.#colours = new Uint32Array(0);
    this.#tiles = new Float32Array(0);
    this.#shownTiles = this.#tiles;
    this.#pixelsShown = null;
  }

  /** @returns whether pixels got other colours */
  #colour(levels: Levels, scale: Scale): boolean {
    const wanted = `${levels.low} ${levels.high} ${scale}`;
    if (this.#colouredFor === wanted) return false;
    this.#colouredFor = wanted;
    const stack = this.#stack;
    if (this.#colours.length !== stack.length) this.#colours = new Uint32Array(stack.length);
    const low = scaleCurve(lowestShown(levels, scale), scale);
    const factor = 255 / (scaleCurve(levels.high, scale) - low);
    for (let i = 0; i < stack.length; i++) {
      const value = scale === 'lin' ? stack[i] : scaleCurve(stack[i], scale);
      const place = (value - low) * factor;
      this.#colours[i] = Number.isNaN(stack[i])
        ? MISSING
        : this.#canvas.colours[place <= 0 ? 0 : place >= 255 ? 255 : (place + 0.5) | 0];
    }
    return true;
  }

  /** A tile on the screen: its corner, steps along ss and fs in device pixels, and the box round it. */
  #placeOf(tiles: PlacedTiles, at: number, view: TileView, { width, height, ratio }: Screen) {
    const mirror = view.isFront ? -1 : 1;
    const zoom = view.zoom * ratio;
    const [x, y] = [view.originX * ratio + mirror * zoom * tiles[at], view.originY * ratio - zoom * tiles[at + 1]];
    const [ssX, ssY] = [mirror * zoom * tiles[at + 2], -zoom * tiles[at + 3]];
    const [fsX, fsY] = [mirror * zoom * tiles[at + 4], -zoom * tiles[at + 5]];
    const rows = tiles[at + 8];
    const wide = tiles[at + 9] + Math.abs(this.#oddRowShift);
    const [highX, highY, wideX, wideY] = [rows * ssX, rows * ssY, wide * fsX, wide * fsY];
    return {
      ...{ x, y, ssX, ssY, fsX, fsY },
      left: Math.max(0, Math.floor(x + Math.min(0, highX) + Math.min(0, wideX))),
      right: Math.min(width, Math.ceil(x + Math.max(0, highX) + Math.max(0, wideX))),
      top: Math.max(0, Math.floor(y + Math.min(0, highY) + Math.min(0, wideY))),
      low: Math.min(height, Math.ceil(y + Math.max(0, highY) + Math.max(0, wideY))),
    };
  }

  #drawTile(at: number, view: TileView, screen: Screen, area: ScreenArea): void {
    const tiles = this.#tiles;
    const [firstRow, firstColumn, rows, columns] = tiles.subarray(at + 6, at + 10);
    const place = this.#placeOf(tiles, at, view, screen);
    const { x, y, ssX, ssY, fsX, fsY } = place;
    const determinant = ssX * fsY - ssY * fsX;
    if (determinant === 0 || (firstRow + rows) * this.#columns > this.#stack.length) return;
    const [left, right] = [Math.max(area.left, place.left), Math.min(area.right, place.right)];
    const [top, low] = [Math.max(area.top, place.top), Math.min(area.low, place.low)];
    // From the screen back to (ss, fs).
    const [ssPerX, ssPerY] = [fsY / determinant, -fsX / determinant];
    const [fsPerX, fsPerY] = [-ssY / determinant, ssX / determinant];
    const shift = this.#oddRowShift;
    const { pixels, width, height, ratio } = screen;
    const [colours, stackColumns] = [this.#colours, this.#columns];
    const first = firstRow * stackColumns + firstColumn;
    const hatch = HATCH * ratio;
    const wide = columns + Math.abs(shift);
    const [ssStep, fsStep] = [Math.round(ssPerX * ONE), Math.round(fsPerX * ONE)];
    const [ssEnd, fsEnd, shiftStep] = [rows * ONE, columns * ONE, Math.round(shift * ONE)];
    for (let row = top; row < low; row++) {
      // From the tile's own edge, not that of the area: what is drawn must not depend on how much of it is drawn.
      const [dx, dy] = [place.left + 0.5 - x, row + 0.5 - y];
      const [ss, fs] = [dx * ssPerX + dy * ssPerY, dx * fsPerX + dy * fsPerY];
      // Where the row enters and leaves the tile: no pixel between needs to be asked.
      const [ssIn, ssOut] = stepsInside(ss, ssPerX, rows);
      const [fsIn, fsOut] = stepsInside(fs, fsPerX, wide);
      const inside = Math.max(0, ssIn, fsIn);
      const enter = Math.max(inside, left - place.left);
      const leave = Math.min(right - place.left, ssOut, fsOut);
      if (!(enter < leave)) continue;
      let ssAt = Math.floor((ss + inside * ssPerX) * ONE) + (enter - inside) * ssStep;
      let fsAt = Math.floor((fs + inside * fsPerX) * ONE) + (enter - inside) * fsStep;
      const stop = row * width + place.left + leave;
      for (let out = row * width + place.left + enter; out < stop; out++, ssAt += ssStep, fsAt += fsStep) {
        const line = ssAt >> 16;
        const along = shiftStep !== 0 && (line & 1) === 1 ? fsAt - shiftStep : fsAt;
        // Rounded steps may reach over the edge by a hair.
        if (ssAt < 0 || ssAt >= ssEnd || along < 0 || along >= fsEnd) continue;
        const colour = colours[first + line * stackColumns + (along >> 16)];
        if (colour !== MISSING) pixels[out] = colour;
        else {
          const column = out - row * width;
          pixels[out] = (column + height - row) % hatch < LINE_SHARE * hatch ? MASKED_LINE : MASKED;
        }
      }
    }
  }
}

/** Numbers n, half-open, for which `from + n * step` is in `[0, length)`. */
function stepsInside(from: number, step: number, length: number): readonly [first: number, stop: number] {
  if (Math.abs(step) < 1e-12) return from >= 0 && from < length ? [0, Number.MAX_SAFE_INTEGER] : [0, 0];
  const [a, b] = [-from / step, (length - from) / step];
  return step > 0 ? [Math.ceil(a), Math.ceil(b)] : [Math.floor(b) + 1, Math.floor(a) + 1];
}
