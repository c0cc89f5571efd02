import type { Levels } from './levels.ts';
import { lowestShown, type Scale, scaleCurve } from './scale.ts';
import { PLACED_FIELDS, type PlacedTiles, type TilePainter, type TileView } from './tile-painter.ts';

/** Masked pixels and their lines, as bytes of RGBA: the colours of the tile layer's shader. */
const MASKED = 0xff333333;
const MASKED_LINE = 0xff6b6b6b;
/** Stands for no value: no colour is transparent. */
const MISSING = 0;
/** CSS pixels between two lines of the hatching, and the part of it that is line. */
const HATCH = 5;
const LINE_SHARE = 0.4;

const rgba = (red: number, green: number, blue: number) => ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * Draws tiles without WebGL. Colours are found once for every pixel of the detector; moving a tile only looks them up again,
 * once for each pixel of the screen.
 */
export class TileRaster implements TilePainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #table = new Uint32Array(256);
  #stack: Float32Array = new Float32Array(0);
  #columns = 0;
  #tiles: PlacedTiles = new Float32Array(0);
  #oddRowShift = 0;
  #target: ImageData | null = null;
  #pixels = new Uint32Array(0);
  /** Colour of each pixel of the stack, and for which levels. */
  #colours = new Uint32Array(0);
  #colouredFor = '';

  /** @throws Error if the browser gives no drawing surface */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    if (!context) throw new Error('This browser gives no canvas to draw on. Close other tabs and reload.');
    this.#context = context;
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
    for (let i = 0; i < 256; i++) this.#table[i] = rgba(table[4 * i], table[4 * i + 1], table[4 * i + 2]);
    this.#colouredFor = '';
  }

  draw(view: TileView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
    const { canvas } = this.#context;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (width === 0 || height === 0) return;
    if (!this.#target || canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      this.#target = this.#context.createImageData(width, height);
      this.#pixels = new Uint32Array(this.#target.data.buffer);
    }
    this.#colour(levels, scale);
    this.#pixels.fill(rgba(...(gap.map((part) => Math.round(255 * part)) as [number, number, number])));
    for (let at = 0; at < this.#tiles.length; at += PLACED_FIELDS) this.#drawTile(at, view, width, height, ratio);
    this.#context.putImageData(this.#target, 0, 0);
  }

  dispose(): void {
    this.#target = null;
    this.#stack = new Float32Array(0);
    this.#colours = new Uint32Array(0);
    this.#tiles = new Float32Array(0);
  }

  #colour(levels: Levels, scale: Scale): void {
    const wanted = `${levels.low} ${levels.high} ${scale}`;
    if (this.#colouredFor === wanted) return;
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
        : this.#table[place <= 0 ? 0 : place >= 255 ? 255 : (place + 0.5) | 0];
    }
  }

  #drawTile(at: number, view: TileView, width: number, height: number, ratio: number): void {
    const tiles = this.#tiles;
    const mirror = view.isFront ? -1 : 1;
    const zoom = view.zoom * ratio;
    // Device pixels: corner, and steps along ss and fs.
    const [x, y] = [view.originX * ratio + mirror * zoom * tiles[at], view.originY * ratio - zoom * tiles[at + 1]];
    const [ssX, ssY] = [mirror * zoom * tiles[at + 2], -zoom * tiles[at + 3]];
    const [fsX, fsY] = [mirror * zoom * tiles[at + 4], -zoom * tiles[at + 5]];
    const [firstRow, firstColumn, rows, columns] = tiles.subarray(at + 6, at + 10);
    const area = ssX * fsY - ssY * fsX;
    if (area === 0 || (firstRow + rows) * this.#columns > this.#stack.length) return;
    const shift = this.#oddRowShift;
    const wide = columns + Math.abs(shift);
    const corners = [
      [x, y],
      [x + rows * ssX, y + rows * ssY],
      [x + wide * fsX, y + wide * fsY],
      [x + rows * ssX + wide * fsX, y + rows * ssY + wide * fsY],
    ];
    const left = Math.max(0, Math.floor(Math.min(...corners.map((c) => c[0]))));
    const right = Math.min(width, Math.ceil(Math.max(...corners.map((c) => c[0]))));
    const top = Math.max(0, Math.floor(Math.min(...corners.map((c) => c[1]))));
    const low = Math.min(height, Math.ceil(Math.max(...corners.map((c) => c[1]))));
    // From the screen back to (ss, fs).
    const [ssPerX, ssPerY, fsPerX, fsPerY] = [fsY / area, -fsX / area, -ssY / area, ssX / area];
    const colours = this.#colours;
    const pixels = this.#pixels;
    const hatch = HATCH * ratio;
    for (let row = top; row < low; row++) {
      const dy = row + 0.5 - y;
      let ss = (left + 0.5 - x) * ssPerX + dy * ssPerY;
      let fs = (left + 0.5 - x) * fsPerX + dy * fsPerY;
      for (let column = left, out = row * width + left; column < right; column++, out++, ss += ssPerX, fs += fsPerX) {
        if (!(ss >= 0 && ss < rows)) continue;
        const ssIndex = ss | 0;
        const along = shift !== 0 && (ssIndex & 1) === 1 ? fs - shift : fs;
        if (!(along >= 0 && along < columns)) continue;
        const colour = colours[(firstRow + ssIndex) * this.#columns + firstColumn + (along | 0)];
        if (colour !== MISSING) pixels[out] = colour;
        else pixels[out] = (column + height - 1 - row) % hatch < LINE_SHARE * hatch ? MASKED_LINE : MASKED;
      }
    }
  }
}
