import { Unsupported } from '../core/errors.ts';
import type { KernelArena } from './arena.ts';
import { type FrameLayout, type Kernels, type PackedConstants, TILE_FIELDS, type TileTable } from './kernels.ts';

/** What build/kernels.wasm exports: all arguments are byte addresses, counts, or byte strides. */
interface Exports {
  correct(...args: number[]): void;
  correctAccumulate(...args: number[]): void;
  rawAccumulate(...args: number[]): void;
  floatAccumulate(...args: number[]): void;
  finishMean(...args: number[]): void;
  assemble(...args: number[]): void;
  wholeSums(...args: number[]): void;
  sharedSums(...args: number[]): void;
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

  // A kernel writes wherever it is told to: lengths are checked here, once a call, because nothing else would notice.
  const checkLength = (name: string, array: ArrayLike<unknown>, needed: number) => {
    if (array.length < needed) throw new RangeError(`${name} has ${array.length} elements, ${needed} are needed`);
  };
  const checkConstants = (constants: PackedConstants, cells: Uint16Array, frames: number) => {
    checkLength('cells', cells, frames);
    checkLength('limits', constants.limits, constants.cells * 4 * constants.pixels);
    checkLength('factors', constants.factors, constants.cells * 6 * constants.pixels);
  };

  return {
    correct(raw, analogue, gainBase, cells, constants, range, out, stage) {
      checkFrames(raw, analogue, constants.pixels, gainBase);
      checkConstants(constants, cells, analogue.frames);
      checkLength('out', out, analogue.frames * constants.pixels);
      if (stage) checkLength('stage', stage, analogue.frames * constants.pixels);
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
      checkConstants(constants, cells, analogue.frames);
      checkLength('sum', sum, constants.pixels);
      checkLength('count', count, constants.pixels);
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
      checkLength('count', count, sum.length);
      wasm.rawAccumulate(at(raw, layout.base), 2 * layout.frameStride, layout.frames, sum.length, at(sum), at(count));
    },

    floatAccumulate(values, layout, range, sum, count) {
      checkFrames(values, layout, sum.length);
      checkLength('count', count, sum.length);
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
      checkLength('count', count, sum.length);
      checkLength('out', out, sum.length);
      if (sum.length % 4 !== 0) throw new RangeError(`${sum.length} pixels: a multiple of 4 is needed`);
      wasm.finishMean(at(sum), at(count), sum.length, at(out));
    },

    assemble(modules, tiles, image) {
      checkTiles(tiles, modules.length, image.length);
      wasm.assemble(at(modules), at(tiles), tiles.length / TILE_FIELDS, at(image));
    },

    tableSums(values, table, sums) {
      const { starts, pixels, shares, weights, dark, totals } = table;
      const bins = starts.length - 1;
      checkLength('pixels', pixels, starts[bins]);
      checkLength('values', values, weights.length);
      checkLength('totals', totals, 3 * bins);
      checkLength('sums', sums, 3 * bins);
      if (shares) checkLength('shares', shares, starts[bins]);
      if (dark) checkLength('dark', dark, weights.length);
      const rest = [at(weights), dark ? at(dark) : 0, at(totals), bins, at(sums)];
      if (shares) wasm.sharedSums(at(values), at(starts), at(pixels), at(shares), ...rest);
      else wasm.wholeSums(at(values), at(starts), at(pixels), ...rest);
    },

    roiSum(image, imageWidth, x, y, width, height) {
      if (!(x >= 0 && y >= 0 && width >= 0 && height >= 0 && x + width <= imageWidth)) {
        throw new RangeError(`rectangle ${x}, ${y}, ${width} x ${height} is outside of an image ${imageWidth} wide`);
      }
      checkLength('image', image, (y + height) * imageWidth);
      wasm.roiSum(at(image), imageWidth, x, y, width, height, at(scratch));
      return { sum: scratch[0], count: scratch[1] };
    },
  };
}

/** @throws RangeError naming the first tile that reaches outside of the stack or the image */
function checkTiles(tiles: TileTable, stackLength: number, imageLength: number): void {
  const isInside = (start: number, rowSpan: number, columnSpan: number, length: number) =>
    start + Math.min(0, rowSpan) + Math.min(0, columnSpan) >= 0 &&
    start + Math.max(0, rowSpan) + Math.max(0, columnSpan) < length;
  if (tiles.length % TILE_FIELDS !== 0) throw new RangeError(`a tile table of ${tiles.length} elements is cut off`);
  for (let t = 0; t < tiles.length; t += TILE_FIELDS) {
    const [rows, columns] = [tiles[t + 1] - 1, tiles[t + 2] - 1];
    const isSource = isInside(tiles[t], rows * tiles[t + 3], columns, stackLength);
    const isTarget = isInside(tiles[t + 4], rows * tiles[t + 5], columns * tiles[t + 6], imageLength);
    if (!isSource || !isTarget) {
      throw new RangeError(`tile ${t / TILE_FIELDS} reaches outside of ${isSource ? 'the image' : 'the module stack'}`);
    }
  }
}
