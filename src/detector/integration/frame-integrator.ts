import type { NumericStorage } from '../../core/dtype.ts';
import { ShapeMismatch } from '../../core/errors.ts';
import type { KernelArena } from '../../kernels/arena.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { type FrameOptions, finishFrame, type Pattern, patternOf } from './integrate.ts';
import type { IntegrationTable } from './integration-table.ts';

/** The result of many frames on the same bins. */
export interface FramePatterns {
  /** float32 (frame, bin): intensity of each frame; NaN in bins without pixels. */
  readonly intensity: Float32Array;
  /** All frames together: sums of signal and norm. */
  readonly mean: Pattern;
}

/** Bytes of a table, a frame and its sums in an arena, for those who make the arena. */
export function arenaBytesOf({ starts, pixels, shares, weights, dark, totals }: IntegrationTable): number {
  const arrays = [starts, pixels, shares, weights, dark, totals, weights, totals];
  return arrays.reduce((bytes, array) => bytes + (array?.byteLength ?? 0) + 64, 0);
}

/** Integrates one frame after the other with the fast kernels: table, frame and sums lie in their arena. */
export class FrameIntegrator {
  readonly table: IntegrationTable;
  /** float32 (pixel): write a frame here and call {@link sumFrame}, or give it to the other methods. */
  readonly frame: Float32Array;
  readonly #kernels: Pick<Kernels, 'tableSums'>;
  readonly #sums: Float64Array;

  /** @throws Unsupported if the arena has no room, see {@link arenaBytesOf} */
  constructor(table: IntegrationTable, kernels: Pick<Kernels, 'tableSums'>, arena: KernelArena) {
    this.table = placeTable(table, arena);
    this.frame = arena.allocate('float32', [table.weights.length]).data;
    this.#sums = arena.allocate('float64', [table.bins, 3]).data;
    this.#kernels = kernels;
  }

  /** Sums of what is in `frame`: float64 (bin, 3) = signal, norm, count; valid until the next call. */
  sumFrame(): Float64Array {
    this.#kernels.tableSums(this.frame, this.table, this.#sums);
    return this.#sums;
  }

  /** One frame of any numbers, (module * ss * fs). @throws ShapeMismatch if it is not of the table's detector */
  integrate(values: ArrayLike<number>, options: FrameOptions = {}): Pattern {
    this.#checkLength(values.length, 1);
    if (values !== this.frame) this.frame.set(values);
    return finishFrame(this.sumFrame(), this.frame, this.table, options);
  }

  /**
   * Many frames: each, and all together.
   * @param values (frame * module * ss * fs) of any numbers
   * @throws ShapeMismatch if they are not whole frames of the table's detector
   */
  integrateFrames(values: Exclude<NumericStorage, BigInt64Array | BigUint64Array>): FramePatterns {
    const pixels = this.frame.length;
    const frames = Math.round(values.length / pixels);
    this.#checkLength(values.length, frames);
    const { bins } = this.table;
    const intensity = new Float32Array(frames * bins);
    const all = new Float64Array(3 * bins);
    for (let i = 0; i < frames; i++) {
      this.frame.set(values.subarray(i * pixels, (i + 1) * pixels));
      const sums = this.sumFrame();
      for (let bin = 0; bin < bins; bin++)
        intensity[i * bins + bin] = sums[3 * bin + 2] > 1e-6 ? sums[3 * bin] / sums[3 * bin + 1] : Number.NaN;
      for (let k = 0; k < all.length; k++) all[k] += sums[k];
    }
    return { intensity, mean: patternOf(all, this.table) };
  }

  #checkLength(length: number, frames: number): void {
    const expected = frames * this.frame.length;
    if (length === 0 || length !== expected)
      throw new ShapeMismatch(
        `Frames of ${length} numbers are no whole frames of ${this.frame.length} pixels: give (.., module, ss, fs) of the table's detector.`,
        { expected: this.frame.length, got: length },
      );
  }
}

/** The same table in an arena, for the WebAssembly kernels. @throws Unsupported if it has no room */
export function placeTable(table: IntegrationTable, arena: KernelArena): IntegrationTable {
  const words = (array: Uint32Array) => {
    const { data } = arena.allocate('uint32', [array.length]);
    data.set(array);
    return data;
  };
  const floats = (array: Float32Array) => {
    const { data } = arena.allocate('float32', [array.length]);
    data.set(array);
    return data;
  };
  const totals = arena.allocate('float64', [table.totals.length]).data;
  totals.set(table.totals);
  return {
    ...table,
    starts: words(table.starts),
    pixels: words(table.pixels),
    shares: table.shares && floats(table.shares),
    weights: floats(table.weights),
    dark: table.dark && floats(table.dark),
    totals,
  };
}
