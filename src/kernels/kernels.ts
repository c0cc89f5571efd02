/** Where the frames of one module lie in an array: byte-free, in elements of that array. */
export interface FrameLayout {
  /** Elements before the first frame's plane. */
  readonly base: number;
  /** Elements from one frame to the next. */
  readonly frameStride: number;
  readonly frames: number;
}

/**
 * Constants of one detector module, packed for the kernels (made by calib/pack-constants.ts).
 * `limits`: uint16 (cell, 4, pixel) = T0 <= T1 (a gain evaluation strictly above means stage 1, 2), L1, L0 (an analogue value
 * below falls back to stage 1, 0). `factors`: float32 (cell, 6, pixel) = offset and gain of stage 0, 1, 2; NaN gain = masked.
 */
export interface PackedConstants {
  readonly cells: number;
  readonly pixels: number;
  readonly limits: Uint16Array;
  readonly factors: Float32Array;
}

/**
 * Tiles of a detector as copies into an image: int32 (tile, 7) = source offset, rows, columns, source row stride, target
 * offset, target stride of a row step and of a column step; all in elements.
 */
export type TileTable = Int32Array;

/** Elements of one tile in a {@link TileTable}. */
export const TILE_FIELDS = 7;

/**
 * Pixels in bin order, for azimuthal integration: what goes into each bin (made by detector/integration).
 * `starts`: uint32 (bin + 1), first entry of each bin. `pixels`: uint32 (entry). `shares`: float32 (entry), the part of the pixel
 * that the bin gets, or null where all are whole. `weights`: float32 (pixel), its norm. `dark`: float32 (pixel), or null.
 * `totals`: float64 (bin, 3) = minus the dark signal, norm and count of all entries, as if no value was missing.
 */
export interface SumTable {
  readonly starts: Uint32Array;
  readonly pixels: Uint32Array;
  readonly shares: Float32Array | null;
  readonly weights: Float32Array;
  readonly dark: Float32Array | null;
  readonly totals: Float64Array;
}

/** Sum, and how many pixels went into it. */
export interface RoiSum {
  readonly sum: number;
  readonly count: number;
}

/**
 * The loops that see every pixel. One implementation in plain TypeScript (reference.ts) and one in WebAssembly
 * (wasm.ts); both take the same flat arrays, allocate nothing and agree to float32 rounding.
 * The arrays given to the WebAssembly one must lie in its arena.
 */
export interface Kernels {
  /**
   * Corrects raw frames of one module: out = (analogue - offset) * gain of the pixel's stage.
   * @param raw uint16, analogue and gain-evaluation planes wherever `analogue` and `gainBase` say
   * @param cells memory cell of each frame; a cell without constants gives NaN
   * @param range values beyond +-range become NaN
   * @param out float32 (frame, pixel), NaN = masked
   * @param stage uint8 (frame, pixel), or null
   */
  correct(
    raw: Uint16Array,
    analogue: FrameLayout,
    gainBase: number,
    cells: Uint16Array,
    constants: PackedConstants,
    range: number,
    out: Float32Array,
    stage: Uint8Array | null,
  ): void;
  /** The same, adding valid pixels to `sum` (float32) and `count` (int32) instead of keeping the frames. */
  correctAccumulate(
    raw: Uint16Array,
    analogue: FrameLayout,
    gainBase: number,
    cells: Uint16Array,
    constants: PackedConstants,
    range: number,
    sum: Float32Array,
    count: Int32Array,
  ): void;
  /** Adds uint16 frames as they are. `pixels` = length of `sum`. */
  rawAccumulate(raw: Uint16Array, layout: FrameLayout, sum: Float32Array, count: Int32Array): void;
  /** Adds float32 frames; NaN and values beyond +-range are left out. */
  floatAccumulate(values: Float32Array, layout: FrameLayout, range: number, sum: Float32Array, count: Int32Array): void;
  /** out = sum / count; NaN where the count is 0. `out` may be `sum`. */
  finishMean(sum: Float32Array, count: Int32Array, out: Float32Array): void;
  /** Copies the tiles of a module stack into an image; pixels outside of all tiles keep their value. */
  assemble(modules: Float32Array, tiles: TileTable, image: Float32Array): void;
  /**
   * Azimuthal sums of one frame by a table: each bin's pixels times their shares. NaN is left out of signal, norm and count.
   * @param values float32 (pixel) @param sums float64 (bin, 3) = signal, norm, count; overwritten
   */
  tableSums(values: Float32Array, table: SumTable, sums: Float64Array): void;
  /** Sum and number of the finite pixels of columns [x, x+width), rows [y, y+height); the rectangle must lie inside. */
  roiSum(image: Float32Array, imageWidth: number, x: number, y: number, width: number, height: number): RoiSum;
}
