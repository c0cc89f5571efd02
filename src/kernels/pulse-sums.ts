import { Unsupported } from '../core/errors.ts';
import type { KernelArena } from './arena.ts';
import type { FrameLayout, SumTable } from './kernels.ts';
import type { OnlineLayout } from './online-order.ts';

/** Frames that go through a table at a time: one of each is in a vector. */
export const FRAMES_IN_ONE = 4;

/**
 * The loops for azimuthal integration of every frame. Up to four frames are put beside each other, so that the entries of a table
 * are read once for all of them; the mean over pulses is taken on the way.
 */
export interface PulseKernels {
  /** Copies up to four uint16 frames as float32 (frame, pixel). @param pixels of a frame */
  floats(raw: Uint16Array, layout: FrameLayout, pixels: number, out: Float32Array): void;
  /**
   * Puts up to four frames side by side and adds them to `sum` and `count`; NaN and values beyond +-range are left out of these.
   * @param layout its `frames` are 1 to 4 @param out float32 (pixel, 4), NaN where there is no value or no frame
   */
  beside(
    values: Float32Array,
    layout: FrameLayout,
    range: number,
    sum: Float32Array,
    count: Int32Array,
    out: Float32Array,
  ): void;
  /** The same of frames [start, stop) in online order; `out` is in file order, (ss, fs, 4). */
  besideOnline(
    values: Float32Array,
    layout: OnlineLayout,
    start: number,
    stop: number,
    range: number,
    sum: Float32Array,
    count: Int32Array,
    out: Float32Array,
  ): void;
  /**
   * Adds the sums of up to four frames by a table. A bin without values adds nothing.
   * @param values float32 (pixel, 4), of {@link beside} @param frames 1 to 4
   * @param sums float64 (frame, bin, 2) = signal, norm
   */
  fourSums(values: Float32Array, table: SumTable, frames: number, sums: Float64Array): void;
}

/** Least share of pixels that a bin with values has; less is rounding. */
const LEAST_COUNT = 1e-6;

/** The kernels in plain TypeScript: slow, obvious, and what the fast ones are tested against. */
export const referencePulseKernels: PulseKernels = {
  floats(raw, { base, frameStride, frames }, pixels, out) {
    for (let frame = 0; frame < frames; frame++)
      for (let i = 0; i < pixels; i++) out[frame * pixels + i] = raw[base + frame * frameStride + i];
  },
  beside(values, { base, frameStride, frames }, range, sum, count, out) {
    for (let i = 0; i < sum.length; i++)
      for (let frame = 0; frame < FRAMES_IN_ONE; frame++)
        place(frame < frames ? values[base + frame * frameStride + i] : Number.NaN, i, frame, range, sum, count, out);
  },
  besideOnline(values, { base, pixelStride, slowScan, fastScan }, start, stop, range, sum, count, out) {
    for (let ss = 0; ss < slowScan; ss++)
      for (let fs = 0; fs < fastScan; fs++)
        for (let k = 0; k < FRAMES_IN_ONE; k++) {
          const at = base + (fs * slowScan + ss) * pixelStride + start + k;
          place(start + k < stop ? values[at] : Number.NaN, ss * fastScan + fs, k, range, sum, count, out);
        }
  },
  fourSums(values, { starts, pixels, shares, weights, dark, totals }, frames, sums) {
    const bins = starts.length - 1;
    for (let frame = 0; frame < frames; frame++) {
      for (let bin = 0; bin < bins; bin++) {
        let [signal, norm, number] = totals.subarray(3 * bin, 3 * bin + 3);
        for (let entry = starts[bin]; entry < starts[bin + 1]; entry++) {
          const pixel = pixels[entry];
          const value = values[FRAMES_IN_ONE * pixel + frame];
          const share = shares === null ? 1 : shares[entry];
          if (!Number.isNaN(value)) signal += value * share;
          else {
            if (dark !== null) signal += dark[pixel] * share;
            norm -= weights[pixel] * share;
            number -= share;
          }
        }
        if (!(number > LEAST_COUNT)) continue;
        sums[2 * (frame * bins + bin)] += signal;
        sums[2 * (frame * bins + bin) + 1] += norm;
      }
    }
  },
};

function place(
  value: number,
  pixel: number,
  frame: number,
  range: number,
  sum: Float32Array,
  count: Int32Array,
  out: Float32Array,
): void {
  const isValid = Math.abs(value) <= range;
  out[FRAMES_IN_ONE * pixel + frame] = isValid ? value : Number.NaN;
  if (!isValid) return;
  sum[pixel] += value;
  count[pixel]++;
}

/** What build/kernels.wasm exports: all arguments are byte addresses, counts, or byte strides. */
interface Exports {
  floatFromRaw(...args: number[]): void;
  fourFrames(...args: number[]): void;
  fourOnline(...args: number[]): void;
  fourSums(...args: number[]): void;
}

/**
 * The kernels in WebAssembly SIMD, over the arrays of one arena. Modules need a multiple of 8 pixels.
 * @param module compiled from build/kernels.wasm
 * @throws Unsupported from a kernel that is given an array outside of the arena
 */
export async function createPulseKernels(module: WebAssembly.Module, arena: KernelArena): Promise<PulseKernels> {
  const instance = await WebAssembly.instantiate(module, { env: { memory: arena.memory } });
  const wasm = instance.exports as unknown as Exports;
  const at = (array: ArrayBufferView, element = 0): number => {
    if (!arena.contains(array))
      throw new Unsupported('A WebAssembly kernel was given an array outside of its arena: allocate it there.');
    return array.byteOffset + element * (array as Uint8Array).BYTES_PER_ELEMENT;
  };
  // A kernel writes wherever it is told to: lengths are checked here, once a call, because nothing else would notice.
  const checkLength = (name: string, array: ArrayLike<unknown>, needed: number) => {
    if (!(array.length >= needed)) throw new RangeError(`${name} has ${array.length} elements, ${needed} are needed`);
  };
  const checkFrames = (frames: number) => {
    if (!(frames >= 1 && frames <= FRAMES_IN_ONE))
      throw new RangeError(`${frames} frames: 1 to 4 go through at a time`);
  };
  const checkPixels = (pixels: number) => {
    if (pixels % 8 !== 0) throw new RangeError(`${pixels} pixels: a multiple of 8 is needed`);
  };
  const endOf = ({ base, frameStride, frames }: FrameLayout, pixels: number) =>
    base + (frames - 1) * frameStride + pixels;

  return {
    floats(raw, layout, pixels, out) {
      checkFrames(layout.frames);
      checkPixels(pixels);
      checkLength('raw', raw, endOf(layout, pixels));
      checkLength('out', out, layout.frames * pixels);
      wasm.floatFromRaw(at(raw, layout.base), 2 * layout.frameStride, layout.frames, pixels, at(out));
    },
    beside(values, layout, range, sum, count, out) {
      const pixels = sum.length;
      checkFrames(layout.frames);
      checkPixels(pixels);
      checkLength('values', values, endOf(layout, pixels));
      checkLength('count', count, pixels);
      checkLength('out', out, FRAMES_IN_ONE * pixels);
      const from = at(values, layout.base);
      wasm.fourFrames(from, 4 * layout.frameStride, layout.frames, pixels, range, at(sum), at(count), at(out));
    },
    besideOnline(values, { base, pixelStride, frames, slowScan, fastScan }, start, stop, range, sum, count, out) {
      const pixels = slowScan * fastScan;
      checkFrames(stop - start);
      if (!(start >= 0 && stop <= frames)) throw new RangeError(`frames ${start} to ${stop} of ${frames} are wanted`);
      checkLength('values', values, base + (pixels - 1) * pixelStride + frames);
      checkLength('sum', sum, pixels);
      checkLength('count', count, pixels);
      checkLength('out', out, FRAMES_IN_ONE * pixels);
      const from = at(values, base + start);
      const rest = [range, at(sum), at(count), at(out)];
      wasm.fourOnline(from, 4 * pixelStride, stop - start, slowScan, fastScan, ...rest);
    },
    fourSums(values, { starts, pixels, shares, weights, dark, totals }, frames, sums) {
      const bins = starts.length - 1;
      checkFrames(frames);
      checkLength('values', values, FRAMES_IN_ONE * weights.length);
      checkLength('pixels', pixels, starts[bins]);
      checkLength('totals', totals, 3 * bins);
      checkLength('sums', sums, 2 * frames * bins);
      if (shares) checkLength('shares', shares, starts[bins]);
      if (dark) checkLength('dark', dark, weights.length);
      const table = [at(starts), at(pixels), shares ? at(shares) : 0, at(weights), dark ? at(dark) : 0, at(totals)];
      wasm.fourSums(at(values), ...table, bins, frames, at(sums));
    },
  };
}
