import type { Levels } from './levels.ts';
import type { Scale } from './scale.ts';

/** Where the image is on the canvas: CSS pixels of its lower left corner, and CSS pixels per image pixel. */
export interface ImageView {
  readonly left: number;
  readonly bottom: number;
  readonly zoom: number;
}

/** Draws one float image on a canvas; row 0 is at the bottom. */
export interface ImagePainter {
  /** Takes the values: float32 (height, width), NaN where there is none. They are not kept after the next call. */
  setImage(data: Float32Array, width: number, height: number): void;
  /**
   * Tells which pixels belong to the detector: those without value are hatched (masked), all others are gaps.
   * @param inside uint8 (height, width), 1 inside; null when it is not known, then all are gaps
   */
  setInside(inside: Uint8Array | null, width: number, height: number): void;
  /** @param table uint8 (256, 4), see colourTable */
  setColours(table: Uint8Array): void;
  /** Draws. @param gap colour of gaps, 0 to 1 */
  draw(view: ImageView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void;
  /** Frees memory. */
  dispose(): void;
}

/** What draws pictures: the graphics card, or the processor where there is none. */
