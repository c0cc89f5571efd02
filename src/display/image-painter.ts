import type { Levels } from './levels.ts';
import type { PixelLattice } from './pixel-lattice.ts';
import type { Scale } from './scale.ts';

/** Where the image is on the canvas: CSS pixels of its lower left corner, and CSS pixels per width of an image pixel. */
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
   * Tells where the pixels of the detector really lie: those without value are hatched (masked), all else is gap.
   * @param lattice null when it is not known: pixels are squares, those without value are gaps
   */
  setLattice(lattice: PixelLattice | null): void;
  /** @param table uint8 (256, 4), see colourTable */
  setColours(table: Uint8Array): void;
  /** Draws. @param gap colour of gaps, 0 to 1 */
  draw(view: ImageView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void;
  /** Frees memory. */
  dispose(): void;
}
