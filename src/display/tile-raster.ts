import type { Levels } from './levels.ts';
import { colourBytes, HATCH, LINE_SHARE, MASKED, MASKED_LINE, MISSING, RasterCanvas } from './raster-canvas.ts';
import { lowestShown, type Scale, scaleCurve } from './scale.ts';
import { PLACED_FIELDS, type PlacedTiles, type TilePainter, type TileView } from './tile-painter.ts';

/**
 * Draws tiles without WebGL. Colours are found once for every pixel of the detector; moving a tile only looks them up again,
 * once for each pixel of the screen.
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
    this.#colour(levels, scale);
    screen.pixels.fill(colourBytes(gap));
    for (let at = 0; at < this.#tiles.length; at += PLACED_FIELDS) this.#drawTile(at, view, screen);
    this.#canvas.show();
  }

  dispose(): void {
    this.#canvas.dispose();
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
        : this.#canvas.colours[place <= 0 ? 0 : place >= 255 ? 255 : (place + 0.5) | 0];
    }
  }

  #drawTile(
    at: number,
    view: TileView,
    { pixels, width, height, ratio }: NonNullable<ReturnType<RasterCanvas['begin']>>,
  ): void {
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
