/** Raw frames of one module somewhere in an array: the layouts of files and of the bridge differ only in these numbers. */
export interface RawFrames {
  readonly data: Uint16Array;
  /** Element offset of the first frame's analogue plane. */
  readonly base: number;
  /** Element offset of the first frame's gain-evaluation plane; -1 if there is none (every pixel is then in stage 0). */
  readonly gainBase: number;
  /** Elements from one frame to the next. */
  readonly frameStride: number;
  readonly frames: number;
  /** Pixels of one plane; a multiple of 16. */
  readonly pixels: number;
}

/**
 * AGIPD constants of one module as the kernels read them. Arrays are (cell, pixel); `gain` arrays are (pixel) when
 * `gainCellStride` is 0. Stage 0 is high, 1 medium, 2 low gain. A pixel that must not be used has a NaN offset in that stage.
 * `keV = (ADU - offset[stage]) * gain[stage]`.
 */
export interface PackedConstants {
  readonly cells: number;
  readonly pixels: number;
  /** 0 if one gain serves all cells, else `pixels`. */
  readonly gainCellStride: number;
  /** The pixel leaves high gain if its gain evaluation is >= this. uint16 */
  readonly switchMedium: Uint16Array;
  /** The pixel is in low gain if its gain evaluation is >= this. uint16 */
  readonly switchLow: Uint16Array;
  /** Low gain is taken back to medium below this analogue value; 0 = never. uint16 */
  readonly forceMedium: Uint16Array;
  /** Any other stage is taken back to high below this analogue value, tested last; 0 = never. uint16 */
  readonly forceHigh: Uint16Array;
  /** ADU, per stage; the medium-gain baseline shift is folded in. float32 */
  readonly offset: readonly [Float32Array, Float32Array, Float32Array];
  /** keV per ADU, per stage. float32 */
  readonly gain: readonly [Float32Array, Float32Array, Float32Array];
}

/** Sum and number of finite pixels in a rectangle. */
export interface RegionSum {
  readonly sum: number;
  readonly pixels: number;
}

/**
 * The pure loops of the program. They take flat arrays, allocate nothing and write only what is called `out`, `sum`, `count`
 * or `norm`. The WebAssembly version needs its large arrays in a {@link KernelArena} and says so when they are not.
 */
export interface Kernels {
  readonly name: 'wasm' | 'reference';
  /**
   * Raw to keV. @param cellIds memory cell of each frame; a cell without constants gives NaN
   * @param out (frame, pixel) float32 keV, NaN = bad pixel @param gain (frame, pixel) stage 0..2, or null
   */
  correct(
    raw: RawFrames,
    cellIds: Uint16Array,
    constants: PackedConstants,
    out: Float32Array,
    gain?: Uint8Array | null,
  ): void;
  /** Raw to keV, added up over the frames without writing them. @param sum (pixel) += keV @param count (pixel) += finite values */
  correctAccumulate(
    raw: RawFrames,
    cellIds: Uint16Array,
    constants: PackedConstants,
    sum: Float32Array,
    count: Uint16Array,
  ): void;
  /** Analogue planes added up as they are, ADU. @param sum (pixel) += ADU @param count (pixel) += frames */
  accumulateRaw(raw: RawFrames, sum: Float32Array, count: Uint16Array): void;
  /** `out = sum / count`, NaN where `count` is 0. `out` may be `sum`. */
  finishMean(sum: Float32Array, count: Uint16Array, out: Float32Array): void;
  /** Mean over the first axis of (frames, pixels), leaving NaN out; NaN where nothing is left. */
  nanMean(stack: Float32Array, frames: number, pixels: number, out: Float32Array): void;
  /** Every element = `value`. */
  fill(out: Float32Array, value: number): void;
  /** Copies tiles of a module stack into an image; the gaps stay as they are. @param tiles from `packTileCopies` */
  assemble(stack: Float32Array, tiles: Int32Array, out: Float32Array): void;
  /**
   * Adds pixels to their radial bins; the intensity is `sum / norm` ({@link Kernels.finishRadial}). NaN pixels are left out.
   * @param bins (pixel) bin of each pixel, -1 = none @param weights (pixel) normalisation (solid angle times polarisation),
   * null = 1 @param sum (bin) float64 += value @param norm (bin) float64 += weight
   */
  radial(
    values: Float32Array,
    bins: Int16Array,
    weights: Float32Array | null,
    sum: Float64Array,
    norm: Float64Array,
  ): void;
  /** `out = sum / norm`, NaN where `norm` is 0. */
  finishRadial(sum: Float64Array, norm: Float64Array, out: Float32Array): void;
  /** Sum and number of finite pixels of the rectangle `[x, x + width) x [y, y + height)`, cut to the image. */
  roiSum(
    image: Float32Array,
    imageWidth: number,
    roi: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  ): RegionSum;
}
