import { Unsupported } from '../core/errors.ts';
import type { KernelArena } from './arena.ts';
import type { FrameLayout, Kernels } from './kernels.ts';

/** What build/kernels.wasm exports: all arguments are byte addresses, counts, or byte strides. */
interface Exports {
  correct(...args: number[]): void;
  correctAccumulate(...args: number[]): void;
  rawAccumulate(...args: number[]): void;
  floatAccumulate(...args: number[]): void;
  finishMean(...args: number[]): void;
  assemble(...args: number[]): void;
  radialAccumulate(...args: number[]): void;
  roiSum(...args: number[]): void;
}

/**
 * The kernels in WebAssembly SIMD, over the arrays of one arena. Every thread makes its own from the same module and arena.
 * @param module compiled from build/kernels.wasm
 * @param scratch where `roiSum` leaves its result: float64 (2) in the arena, one for each thread
 * @throws Unsupported from a kernel that is given an array outside of the arena
 */
export async function createWasmKernels(
  module: WebAssembly.Module,
  arena: KernelArena,
  scratch: Float64Array,
): Promise<Kernels> {
  const instance = await WebAssembly.instantiate(module, { env: { memory: arena.memory } });
  const wasm = instance.exports as unknown as Exports;

  const at = (array: ArrayBufferView, element = 0): number => {
    if (!arena.contains(array))
      throw new Unsupported('A WebAssembly kernel was given an array outside of its arena: allocate it there.');
    return array.byteOffset + element * (array as Uint8Array).BYTES_PER_ELEMENT;
  };
  const checkFrames = (array: ArrayLike<unknown>, layout: FrameLayout, pixels: number, planeBase = layout.base) => {
    const end = Math.max(planeBase, layout.base) + (layout.frames - 1) * layout.frameStride + pixels;
    if (layout.frames > 0 && end > array.length)
      throw new RangeError(`frames end at element ${end} of an array of ${array.length}`);
    if (pixels % 8 !== 0) throw new RangeError(`${pixels} pixels: a multiple of 8 is needed`);
  };

  return {
    correct(raw, analogue, gainBase, cells, constants, range, out, stage) {
      checkFrames(raw, analogue, constants.pixels, gainBase);
      if (out.length < analogue.frames * constants.pixels) throw new RangeError('out is too short');
      wasm.correct(
        at(raw, analogue.base),
        at(raw, gainBase),
        2 * analogue.frameStride,
        analogue.frames,
        at(cells),
        constants.cells,
        constants.pixels,
        at(constants.limits),
        at(constants.factors),
        range,
        at(out),
        stage ? at(stage) : 0,
      );
    },

    correctAccumulate(raw, analogue, gainBase, cells, constants, range, sum, count) {
      checkFrames(raw, analogue, constants.pixels, gainBase);
      wasm.correctAccumulate(
        at(raw, analogue.base),
        at(raw, gainBase),
        2 * analogue.frameStride,
        analogue.frames,
        at(cells),
        constants.cells,
        constants.pixels,
        at(constants.limits),
        at(constants.factors),
        range,
        at(sum),
        at(count),
      );
    },

    rawAccumulate(raw, layout, sum, count) {
      checkFrames(raw, layout, sum.length);
      wasm.rawAccumulate(at(raw, layout.base), 2 * layout.frameStride, layout.frames, sum.length, at(sum), at(count));
    },

    floatAccumulate(values, layout, range, sum, count) {
      checkFrames(values, layout, sum.length);
      wasm.floatAccumulate(
        at(values, layout.base),
        4 * layout.frameStride,
        layout.frames,
        sum.length,
        range,
        at(sum),
        at(count),
      );
    },

    finishMean(sum, count, out) {
      wasm.finishMean(at(sum), at(count), sum.length, at(out));
    },

    assemble(modules, tiles, image) {
      wasm.assemble(at(modules), at(tiles), tiles.length / 7, at(image));
    },

    radialAccumulate(values, bins, weights, sums) {
      wasm.radialAccumulate(at(values), at(bins), at(weights), values.length, at(sums));
    },

    roiSum(image, imageWidth, x, y, width, height) {
      wasm.roiSum(at(image), imageWidth, x, y, width, height, at(scratch));
      return { sum: scratch[0], count: scratch[1] };
    },
  };
}
