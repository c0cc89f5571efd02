import type { ImagePainter, ImageView } from './image-painter.ts';
import type { Levels } from './levels.ts';
import { lowestShown, type Scale, scaleCurve } from './scale.ts';

/** Behind the picture, masked pixels and their lines: the colours of the image layer's shader, as bytes of RGBA. */
const WELL = 0xff0a0705;
const MASKED = 0xff333333;
/** Stands for no value until the row is done: no colour is transparent. */
const MISSING = 0;
const MASKED_LINE = 0xff6b6b6b;
/** CSS pixels between two lines of the hatching, and the part of it that is line. */
const HATCH = 5;
const LINE_SHARE = 0.4;

const rgba = (red: number, green: number, blue: number) => ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * Draws one float image without WebGL: one look-up for each pixel of the screen, not of the image. Same pictures as the image
 * layer; the faster one where WebGL itself is drawn by the CPU.
 */
export class ImageRaster implements ImagePainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #colours = new Uint32Array(256);
  #image: Float32Array = new Float32Array(0);
  #width = 0;
  #height = 0;
  #inside: Uint8Array | null = null;
  #target: ImageData | null = null;
  #pixels = new Uint32Array(0);
  #columns = new Int32Array(0);

  /** @throws Error if the browser gives no drawing surface */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    if (!context) throw new Error('This browser gives no canvas to draw on. Close other tabs and reload.');
    this.#context = context;
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
    for (let i = 0; i < 256; i++) this.#colours[i] = rgba(table[4 * i], table[4 * i + 1], table[4 * i + 2]);
  }

  draw(view: ImageView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
    const { canvas } = this.#context;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (width === 0 || height === 0) return;
    if (!this.#target || canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      this.#target = this.#context.createImageData(width, height);
      this.#pixels = new Uint32Array(this.#target.data.buffer);
      this.#columns = new Int32Array(width);
    }
    this.#fill(view, levels, scale, rgba(...(gap.map((part) => Math.round(255 * part)) as [number, number, number])));
    this.#context.putImageData(this.#target, 0, 0);
  }

  dispose(): void {
    this.#target = null;
    this.#image = new Float32Array(0);
    this.#width = 0;
    this.#height = 0;
  }

  #fill({ left, bottom, zoom }: ImageView, levels: Levels, scale: Scale, gap: number): void {
    const pixels = this.#pixels;
    const columns = this.#columns;
    const image = this.#image;
    const inside = this.#inside?.length === image.length ? this.#inside : null;
    const colours = this.#colours;
    const ratio = window.devicePixelRatio || 1;
    const screenWidth = columns.length;
    const screenHeight = pixels.length / screenWidth;
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
      const lineStart = (screenHeight - 1 - y) % hatch;
      for (let x = first; x < last; x++) {
        if (pixels[start + x] !== MISSING) continue;
        const isMasked = inside !== null && inside[base + columns[x]] === 1;
        const isLine = (x + lineStart) % hatch < LINE_SHARE * hatch;
        pixels[start + x] = isMasked ? (isLine ? MASKED_LINE : MASKED) : gap;
      }
    }
  }
}
