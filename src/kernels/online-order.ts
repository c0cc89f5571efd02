import { Unsupported } from '../core/errors.ts';
import type { KernelArena } from './arena.ts';

/** Where the frames of one module lie in online order: (fs, ss, [plane,] frame), in elements. */
export interface OnlineLayout {
  /** Elements before the first pixel's first frame. */
  readonly base: number;
  /** Elements from one pixel to the next along ss. */
  readonly pixelStride: number;
  readonly frames: number;
  readonly slowScan: number;
  readonly fastScan: number;
}

/**
 * The loops over frames in online order. Means are taken where the frames are, without putting them in another order; what
 * needs whole frames gets a few at a time. Sums and counts are (ss, fs), as of frames in file order.
 */
export interface OnlineKernels {
  /** Adds float32 frames; NaN and values beyond +-range are left out. */
  floatAccumulate(
    values: Float32Array,
    layout: OnlineLayout,
    range: number,
    sum: Float32Array,
    count: Int32Array,
  ): void;
  /** Adds uint16 frames as they are. */
  rawAccumulate(raw: Uint16Array, layout: OnlineLayout, sum: Float32Array, count: Int32Array): void;
  /**
   * Copies frames [start, stop) in file order.
   * @param out uint16; frame i goes to [i * outStride, i * outStride + ss * fs)
   */
  frames(
    raw: Uint16Array,
    layout: OnlineLayout,
    start: number,
    stop: number,
    out: Uint16Array,
    outStride: number,
  ): void;
}

/** The kernels in plain TypeScript: slow, obvious, and what the fast ones are tested against. */
export const referenceOnlineKernels: OnlineKernels = {
  floatAccumulate(values, layout, range, sum, count) {
    forEachPixel(layout, (from, pixel) => {
      for (let frame = 0; frame < layout.frames; frame++) {
        const value = values[from + frame];
        if (!(Math.abs(value) <= range)) continue;
        sum[pixel] += value;
        count[pixel]++;
      }
    });
  },
  rawAccumulate(raw, layout, sum, count) {
    forEachPixel(layout, (from, pixel) => {
      for (let frame = 0; frame < layout.frames; frame++) sum[pixel] += raw[from + frame];
      count[pixel] += layout.frames;
    });
  },
  frames(raw, layout, start, stop, out, outStride) {
    forEachPixel(layout, (from, pixel) => {
      for (let frame = start; frame < stop; frame++) out[(frame - start) * outStride + pixel] = raw[from + frame];
    });
  },
};

function forEachPixel(
  { base, pixelStride, slowScan, fastScan }: OnlineLayout,
  visit: (from: number, pixel: number) => void,
): void {
  for (let fs = 0; fs < fastScan; fs++)
    for (let ss = 0; ss < slowScan; ss++) visit(base + (fs * slowScan + ss) * pixelStride, ss * fastScan + fs);
}

/** What build/kernels.wasm exports: all arguments are byte addresses, counts, or byte strides. */
interface Exports {
  floatAccumulateOnline(...args: number[]): void;
  rawAccumulateOnline(...args: number[]): void;
  framesFromOnline(...args: number[]): void;
}

/**
 * The kernels in WebAssembly SIMD, over the arrays of one arena. `frames` needs a multiple of 8 pixels along fs.
 * @param module compiled from build/kernels.wasm
 * @throws Unsupported from a kernel that is given an array outside of the arena
 */
export async function createOnlineKernels(module: WebAssembly.Module, arena: KernelArena): Promise<OnlineKernels> {
  const instance = await WebAssembly.instantiate(module, { env: { memory: arena.memory } });
  const wasm = instance.exports as unknown as Exports;
  const at = (array: Float32Array | Int32Array | Uint16Array, element = 0): number => {
    if (!arena.contains(array))
      throw new Unsupported('A WebAssembly kernel was given an array outside of its arena: allocate it there.');
    return array.byteOffset + element * array.BYTES_PER_ELEMENT;
  };
  // A kernel writes wherever it is told to: lengths are checked here, once a call, because nothing else would notice.
  const checkFrames = (array: ArrayLike<unknown>, { base, pixelStride, frames, slowScan, fastScan }: OnlineLayout) => {
    const end = base + (slowScan * fastScan - 1) * pixelStride + frames;
    if (!(base >= 0 && end <= array.length))
      throw new RangeError(`frames end at element ${end} of an array of ${array.length}`);
  };
  const checkLength = (name: string, array: ArrayLike<unknown>, needed: number) => {
    if (array.length < needed) throw new RangeError(`${name} has ${array.length} elements, ${needed} are needed`);
  };

  return {
    floatAccumulate(values, layout, range, sum, count) {
      const { base, pixelStride, frames, slowScan, fastScan } = layout;
      checkFrames(values, layout);
      checkLength('sum', sum, slowScan * fastScan);
      checkLength('count', count, slowScan * fastScan);
      wasm.floatAccumulateOnline(
        at(values, base),
        4 * pixelStride,
        frames,
        slowScan,
        fastScan,
        range,
        at(sum),
        at(count),
      );
    },
    rawAccumulate(raw, layout, sum, count) {
      const { base, pixelStride, frames, slowScan, fastScan } = layout;
      checkFrames(raw, layout);
      checkLength('sum', sum, slowScan * fastScan);
      checkLength('count', count, slowScan * fastScan);
      wasm.rawAccumulateOnline(at(raw, base), 2 * pixelStride, frames, slowScan, fastScan, at(sum), at(count));
    },
    frames(raw, layout, start, stop, out, outStride) {
      const { base, pixelStride, frames, slowScan, fastScan } = layout;
      checkFrames(raw, layout);
      if (!(start >= 0 && start <= stop && stop <= frames))
        throw new RangeError(`frames ${start} to ${stop} of ${frames} are wanted`);
      if (fastScan % 8 !== 0) throw new RangeError(`${fastScan} pixels along fs: a multiple of 8 is needed`);
      if (outStride < slowScan * fastScan) throw new RangeError(`frames ${outStride} elements apart overlap`);
      checkLength('out', out, stop > start ? (stop - start - 1) * outStride + slowScan * fastScan : 0);
      wasm.framesFromOnline(
        at(raw, base + start),
        2 * pixelStride,
        stop - start,
        slowScan,
        fastScan,
        at(out),
        2 * outStride,
      );
    },
  };
}
