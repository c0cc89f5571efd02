import type { ImagePainter, ImageView } from './image-painter.ts';
import type { Levels } from './levels.ts';
import { colourBytes, HATCH, LINE_SHARE, MASKED, MASKED_LINE, MISSING, RasterCanvas } from './raster-canvas.ts';
import { lowestShown, type Scale, scaleCurve } from './scale.ts';

/** Behind the picture: the colour of the image layer, as bytes of RGBA. */
const WELL = 0xff0a0705;

/**
 * Draws one float image without WebGL: one look-up for each pixel of the screen, not of the image. Same pictures as the image
 * layer; the faster one where WebGL itself is drawn by the CPU.
 */
export class ImageRaster implements ImagePainter {
  readonly #canvas: RasterCanvas;
  #image: Float32Array = new Float32Array(0);
  #width = 0;
  #height = 0;
  #inside: Uint8Array | null = null;
  #columns = new Int32Array(0);

  /** @throws Error if the browser gives no drawing surface */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = new RasterCanvas(canvas);
  }

  setImage(data: Float32Array, width: number, height: number): void {
    this.#image = data;
    this.#width = width;
    this.#height = height;
  }

  setInside(inside: Uint8Array | null, width: number, height: number): void {
    this.#inside = inside?.length === width * height ? inside : null;
  }

  setColours(table: Uint8Array): void {
    this.#canvas.setColours(table);
  }

  draw(view: ImageView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
    const screen = this.#canvas.begin();
    if (!screen) return;
    if (this.#columns.length !== screen.width) this.#columns = new Int32Array(screen.width);
    this.#fill(screen, view, levels, scale, colourBytes(gap));
    this.#canvas.show();
  }

  dispose(): void {
    this.#canvas.dispose();
    this.#image = new Float32Array(0);
    this.#width = 0;
    this.#height = 0;
  }

  #fill(
    { pixels, width: screenWidth, height: screenHeight, ratio }: NonNullable<ReturnType<RasterCanvas['begin']>>,
    { left, bottom, zoom }: ImageView,
    levels: Levels,
    scale: Scale,
    gap: number,
  ): void {
    const columns = this.#columns;
    const image = this.#image;
    const inside = this.#inside?.length === image.length ? this.#inside : null;
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
      const row = Math.floor((bottom - (y + 0.5) / ratio) / zoom);
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
        const isMasked = inside !== null && inside[base + columns[x]] === 1;
        const isLine = (x + lineStart) % hatch < LINE_SHARE * hatch;
        pixels[start + x] = isMasked ? (isLine ? MASKED_LINE : MASKED) : gap;
      }
    }
  }
}
