import type { Levels } from './levels.ts';
import type { Scale } from './scale.ts';

/** How the detector's plane is seen: metres of the geometry's frame to CSS pixels of the canvas. */
export interface TileView {
  /** Where the frame's origin is, CSS pixels from the canvas's left and top. */
  readonly originX: number;
  readonly originY: number;
  /** CSS pixels per metre. */
  readonly zoom: number;
  /** Seen from the sample: +x goes to the left. */
  readonly isFront: boolean;
}

/**
 * Tiles as they lie in space: float32 (tile, 10) = x, y of the first pixel's corner, x, y of a step along ss, x, y of a step
 * along fs (m), then row and column of its first pixel in the stack, and its rows and columns.
 */
export type PlacedTiles = Float32Array;

/** Numbers of a tile in {@link PlacedTiles}. */
export const PLACED_FIELDS = 10;

/** Draws a stack of modules with every tile where it really is: nothing is rounded to a grid. Later tiles cover earlier ones. */
export interface TilePainter {
  /**
   * Takes the values; they are kept, and must not change after the call.
   * @param data float32 (row, column): rows are all slow-scan lines of all modules one after the other; NaN = masked
   */
  setStack(data: Float32Array, rows: number, columns: number): void;
  /** Moves tiles. @param oddRowShift how far odd rows of a tile lie along fs, pixels (hexagons: 0.5) */
  setTiles(tiles: PlacedTiles, oddRowShift: number): void;
  /** @param table uint8 (256, 4), see colourTable */
  setColours(table: Uint8Array): void;
  /** Draws. @param gap colour where no tile is, 0 to 1 */
  draw(view: TileView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void;
  /** Frees memory. */
  dispose(): void;
}
