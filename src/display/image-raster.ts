import type { ImagePainter, ImageView } from './image-painter.ts';
import type { Levels } from './levels.ts';
import { PIXEL_KIND, type PixelLattice, pixelAt, SMALLEST_HEXAGON } from './pixel-lattice.ts';
import { colourBytes, HATCH, LINE_SHARE, MASKED, MASKED_LINE, MISSING, RasterCanvas } from './raster-canvas.ts';
import { lowestShown, type Scale, scaleCurve } from './scale.ts';

/** Behind the picture: the colour of the image layer, as bytes of RGBA. */
const WELL = 0xff0a0705;
/** What a screen pixel shows where no pixel of the detector is. */
const NO_PIXEL = { gap: -1, well: -2 } as const;

/**
 * Draws one float image without WebGL: one look-up for each pixel of the screen, not of the image. Same pictures as the image
 * layer; the faster one where WebGL itself is drawn by the CPU.
 */
export class ImageRaster implements ImagePainter {
  readonly #canvas: RasterCanvas;
  #image: Float32Array = new Float32Array(0);
  #width = 0;
  #height = 0;
  #lattice: PixelLattice | null = null;
  #columns = new Int32Array(0);
  /** Where rows interlock: the image pixel under each screen pixel, or one of {@link NO_PIXEL}; and for which view. */
  #places = new Int32Array(0);
  #placedFor: readonly unknown[] = [];

  /** @throws Error if the browser gives no drawing surface */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = new RasterCanvas(canvas);
  }

  setImage(data: Float32Array, width: number, height: number): void {
    this.#image = data;
    this.#width = width;
    this.#height = height;
  }

  setLattice(lattice: PixelLattice | null): void {
    this.#lattice = lattice;
  }

  setColours(table: Uint8Array): void {
    this.#canvas.setColours(table);
  }

  draw(view: ImageView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
    const screen = this.#canvas.begin();
    if (!screen) return;
    const lattice = this.#lattice?.kinds.length === this.#image.length ? this.#lattice : null;
    if (lattice && lattice.shift !== 0) this.#fillPlaced(screen, view, lattice, levels, scale, colourBytes(gap));
    else this.#fill(screen, view, lattice, levels, scale, colourBytes(gap));
    this.#canvas.show();
  }

  dispose(): void {
    this.#canvas.dispose();
    this.#image = new Float32Array(0);
    this.#places = new Int32Array(0);
    this.#placedFor = [];
    this.#width = 0;
    this.#height = 0;
  }

  #fill(
    { pixels, width: screenWidth, height: screenHeight, ratio }: NonNullable<ReturnType<RasterCanvas['begin']>>,
    { left, bottom, zoom }: ImageView,
    lattice: PixelLattice | null,
    levels: Levels,
    scale: Scale,
    gap: number,
  ): void {
    if (this.#columns.length !== screenWidth) this.#columns = new Int32Array(screenWidth);
    const columns = this.#columns;
    const image = this.#image;
    const inside = lattice?.kinds ?? null;
    const pixelHeight = zoom * (lattice?.aspect ?? 1);
    const { colours } = this.#canvas;
    // Screen columns [first, last) lie on the image.
    let first = screenWidth;
    let last = 0;
    for (let x = 0; x < screenWidth; x++) {
      const column = Math.floor(((x + 0.5) / ratio - left) / zoom);
      columns[x] = column;
      if (column < 0 || column >= this.#width) continue;
      first = Math.min(first, x);
      last = x + 1;
    }
    const low = scaleCurve(lowestShown(levels, scale), scale);
    const factor = 255 / (scaleCurve(levels.high, scale) - low);
    const [bottomColour, top] = [colours[0], colours[255]];
    const hatch = HATCH * ratio;
    for (let y = 0; y < screenHeight; y++) {
      const start = y * screenWidth;
      const row = Math.floor((bottom - (y + 0.5) / ratio) / pixelHeight);
      if (row < 0 || row >= this.#height || first >= last) {
        pixels.fill(WELL, start, start + screenWidth);
        continue;
      }
      pixels.fill(WELL, start, start + first);
      pixels.fill(WELL, start + last, start + screenWidth);
      const base = row * this.#width;
      // Two loops: a call for each pixel would cost more than all the rest of the linear one.
      if (scale === 'lin') {
        for (let x = first; x < last; x++) {
          const place = (image[base + columns[x]] - low) * factor;
          // A missing value fails both comparisons.
          pixels[start + x] =
            place > 0 ? (place < 255 ? colours[(place + 0.5) | 0] : top) : place <= 0 ? bottomColour : MISSING;
        }
      } else {
        for (let x = first; x < last; x++) {
          const value = image[base + columns[x]];
          const place = (scaleCurve(value, scale) - low) * factor;
          pixels[start + x] = Number.isNaN(value)
            ? MISSING
            : colours[place <= 0 ? 0 : place >= 255 ? 255 : (place + 0.5) | 0];
        }
      }
      const lineStart = (screenHeight - y) % hatch;
      for (let x = first; x < last; x++) {
        if (pixels[start + x] !== MISSING) continue;
        const isMasked = inside !== null && inside[base + columns[x]] !== 0;
        const isLine = (x + lineStart) % hatch < LINE_SHARE * hatch;
        pixels[start + x] = isMasked ? (isLine ? MASKED_LINE : MASKED) : gap;
      }
    }
  }

  /** The same where rows interlock. Which pixel is where is found once for a view: trains change only the values. */
  #fillPlaced(
    screen: NonNullable<ReturnType<RasterCanvas['begin']>>,
    view: ImageView,
    lattice: PixelLattice,
    levels: Levels,
    scale: Scale,
    gap: number,
  ): void {
    const { pixels, width, height, ratio } = screen;
    const { left, bottom, zoom } = view;
    const wanted = [lattice, left, bottom, zoom, width, height, ratio];
    if (wanted.some((each, i) => each !== this.#placedFor[i])) {
      this.#place(screen, view, lattice);
      this.#placedFor = wanted;
    }
    const [places, image] = [this.#places, this.#image];
    const { colours } = this.#canvas;
    const low = scaleCurve(lowestShown(levels, scale), scale);
    const factor = 255 / (scaleCurve(levels.high, scale) - low);
    const hatch = HATCH * ratio;
    for (let y = 0; y < height; y++) {
      const start = y * width;
      const lineStart = (height - y) % hatch;
      for (let x = 0; x < width; x++) {
        const at = places[start + x];
        if (at < 0) {
          pixels[start + x] = at === NO_PIXEL.gap ? gap : WELL;
          continue;
        }
        const value = image[at];
        const place = ((scale === 'lin' ? value : scaleCurve(value, scale)) - low) * factor;
        if (!Number.isNaN(value)) pixels[start + x] = colours[place <= 0 ? 0 : place >= 255 ? 255 : (place + 0.5) | 0];
        else pixels[start + x] = (x + lineStart) % hatch < LINE_SHARE * hatch ? MASKED_LINE : MASKED;
      }
    }
  }

  #place(
    { width, height, ratio }: NonNullable<ReturnType<RasterCanvas['begin']>>,
    { left, bottom, zoom }: ImageView,
    lattice: PixelLattice,
  ): void {
    if (this.#places.length !== width * height) this.#places = new Int32Array(width * height);
    const places = this.#places;
    const [rows, columns] = lattice.shape;
    const hasOutlines = lattice.isHexagon && zoom * ratio >= SMALLEST_HEXAGON;
    const xs = Float64Array.from({ length: width }, (_, x) => ((x + 0.5) / ratio - left) / zoom);
    const guess = lattice.isUpright ? null : new RowGuess(lattice, xs);
    for (let y = 0; y < height; y++) {
      const imageY = (bottom - (y + 0.5) / ratio) / (zoom * lattice.aspect);
      const isBeside = imageY < 0 || imageY >= rows;
      if (imageY < -1 || imageY >= rows + 1) {
        places.fill(NO_PIXEL.well, y * width, (y + 1) * width);
        continue;
      }
      guess?.goTo(imageY);
      for (let x = 0; x < width; x++) {
        const imageX = xs[x];
        if (imageX < -1 || imageX >= columns + 1) {
          places[y * width + x] = NO_PIXEL.well;
          continue;
        }
        let at = guess ? guess.pixel(x, hasOutlines) : UNSURE;
        if (at === UNSURE) at = pixelAt(lattice, imageX, imageY, hasOutlines);
        const isWell = isBeside || imageX < 0 || imageX >= columns;
        places[y * width + x] = at >= 0 ? at : isWell ? NO_PIXEL.well : NO_PIXEL.gap;
      }
    }
  }
}

/** Ask `pixelAt`. */
const UNSURE = -3;

/** `pixelAt` along rows of the screen, where it is easily told: it makes moving the picture several times as quick. */
class RowGuess {
  readonly #lattice: PixelLattice;
  readonly #xs: Float64Array;
  /** Column of the pixel under each place of rows that are not moved, moved ahead, moved behind. */
  readonly #columns: readonly Int32Array[];
  #row = 0;
  /** From the middle of the row, rows. */
  #aside = 0;

  constructor(lattice: PixelLattice, xs: Float64Array) {
    this.#lattice = lattice;
    this.#xs = xs;
    this.#columns = [0, lattice.shift, -lattice.shift].map((shift) =>
      Int32Array.from(xs, (x) => Math.min(lattice.shape[1], Math.max(-1, Math.floor(x - shift)))),
    );
  }

  goTo(imageY: number): void {
    this.#row = Math.floor(imageY);
    this.#aside = imageY - this.#row - 0.5;
  }

  pixel(x: number, hasOutlines: boolean): number {
    const { kinds, shape } = this.#lattice;
    const [height, width] = shape;
    const [plain, ahead, behind] = this.#columns;
    if (this.#row < 0 || this.#row >= height) return hasOutlines ? UNSURE : -1;
    const base = this.#row * width;
    const here = plain[x];
    const kind = here < 0 || here >= width ? 0 : kinds[base + here];
    if (kind === 0) {
      if (hasOutlines) return UNSURE;
      // At the edge of a tile a moved row reaches here.
      if (this.#isMoved(ahead[x], PIXEL_KIND.ahead)) return base + ahead[x];
      return this.#isMoved(behind[x], PIXEL_KIND.behind) ? base + behind[x] : -1;
    }
    const moved = kind & (PIXEL_KIND.ahead | PIXEL_KIND.behind);
    const column = moved === 0 ? here : moved === PIXEL_KIND.ahead ? ahead[x] : behind[x];
    if (column !== here && (column < 0 || column >= width || kinds[base + column] !== kind)) return UNSURE;
    if (!hasOutlines) return base + column;
    const up = (kind & PIXEL_KIND.above) !== 0 ? 1 / 6 : (kind & PIXEL_KIND.below) !== 0 ? -1 / 6 : 0;
    const across = Math.abs(this.#aside - up);
    // Between its corners a hexagon is as wide as a rectangle.
    if (across <= 1 / 3) return base + column;
    const along = moved === 0 ? 0 : moved === PIXEL_KIND.ahead ? this.#lattice.shift : -this.#lattice.shift;
    return across <= (2 / 3) * (1 - Math.abs(this.#xs[x] - column - 0.5 - along)) ? base + column : UNSURE;
  }

  #isMoved(column: number, way: number): boolean {
    const { kinds, shape } = this.#lattice;
    return column >= 0 && column < shape[1] && (kinds[this.#row * shape[1] + column] & way) !== 0;
  }
}
