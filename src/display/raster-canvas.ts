/** Masked pixels and their lines: the colours of the shaders, as bytes of RGBA. */
export const MASKED = 0xff333333;
/** See {@link MASKED}. */
export const MASKED_LINE = 0xff6b6b6b;
/** Stands for no value: no colour is transparent. */
export const MISSING = 0;
/** CSS pixels between two lines of the hatching. */
export const HATCH = 5;
/** Part of the hatching that is line. */
export const LINE_SHARE = 0.4;

/** A colour as the bytes of a canvas; parts 0 to 255. */
function rgba(red: number, green: number, blue: number): number {
  return ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A colour of parts 0 to 1 as the bytes of a canvas. */
export function colourBytes([red, green, blue]: readonly [number, number, number]): number {
  return rgba(Math.round(255 * red), Math.round(255 * green), Math.round(255 * blue));
}

/** A rectangle of device pixels, rows from the top; half-open. */
export interface ScreenArea {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly low: number;
}

/** A canvas whose pixels are written one by one. */
export class RasterCanvas {
  readonly #context: CanvasRenderingContext2D;
  #target: ImageData | null = null;
  #pixels = new Uint32Array(0);
  /** Of the colour map, as bytes of a canvas. */
  readonly colours = new Uint32Array(256);

  /** @throws Error if the browser gives no drawing surface */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    if (!context) throw new Error('This browser gives no canvas to draw on. Close other tabs and reload.');
    this.#context = context;
  }

  /** @param table uint8 (256, 4), see colourTable */
  setColours(table: Uint8Array): void {
    for (let i = 0; i < 256; i++) this.colours[i] = rgba(table[4 * i], table[4 * i + 1], table[4 * i + 2]);
  }

  /** The pixels in the size that the canvas has on screen, rows from the top; null while it has none. @returns ratio: device pixels per CSS pixel */
  begin(): { pixels: Uint32Array; width: number; height: number; ratio: number } | null {
    const { canvas } = this.#context;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (width === 0 || height === 0) return null;
    if (!this.#target || canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      this.#target = this.#context.createImageData(width, height);
      this.#pixels = new Uint32Array(this.#target.data.buffer);
    }
    return { pixels: this.#pixels, width, height, ratio };
  }

  /** Shows what was written. @param area only there, where nothing else has changed */
  show(area?: ScreenArea): void {
    if (!this.#target) return;
    if (!area) this.#context.putImageData(this.#target, 0, 0);
    else {
      const { left, top, right, low } = area;
      if (right > left && low > top) this.#context.putImageData(this.#target, 0, 0, left, top, right - left, low - top);
    }
  }

  /** Frees memory. */
  dispose(): void {
    this.#target = null;
    this.#pixels = new Uint32Array(0);
  }
}
