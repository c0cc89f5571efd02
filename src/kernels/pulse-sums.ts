import { Unsupported } from '../core/errors.ts';
import type { KernelArena } from './arena.ts';
import type { FrameLayout, PackedConstants } from './kernels.ts';
import type { OnlineLayout } from './online-order.ts';
import { BLOCK_PIXELS, BLOCK_PLACES, LEAST_COUNT, type PulseTable, pixelAt } from './pulse-table.ts';
import { referenceKernels } from './reference.ts';

/** Frames that go through a table at a time. */
const FRAMES_IN_ONE = 8;
/** Frames in online order that are read at a time: of one pixel they are a cache line. */
const FRAMES_IN_LINE = 16;

/** What is made of the frames of one module. */
export interface PulseTargets {
  readonly table: PulseTable;
  /** float32 and int32 (pixel): valid values of all frames are added. */
  readonly sum: Float32Array;
  readonly count: Int32Array;
  /** float64 (frame, bin, 2) = signal, norm: added to. A slot of the table whose values are all missing adds nothing. */
  readonly sums: Float64Array;
}

/**
 * The loops for azimuthal integration of every frame. Blocks of pixels are corrected, put side by side for eight frames and added up
 * by the table before the next ones, so that they stay in the cache; the mean over pulses is taken on the way. NaN and values beyond
 * +-range are missing.
 */
export interface PulseKernels {
  /** Frames of uint16 as they are. */
  addRaw(raw: Uint16Array, layout: FrameLayout, to: PulseTargets): void;
  /** Raw frames, corrected as `correct` of kernels.ts does. */
  addCorrected(
    raw: Uint16Array,
    analogue: FrameLayout,
    gainBase: number,
    cells: Uint16Array,
    constants: PackedConstants,
    range: number,
    to: PulseTargets,
  ): void;
  /** Frames of float32. */
  addFloats(values: Float32Array, layout: FrameLayout, range: number, to: PulseTargets): void;
  /** Frames of float32 in online order; `sum`, `count` and the table are in file order. */
  addOnline(values: Float32Array, layout: OnlineLayout, range: number, to: PulseTargets): void;
}

/** Most slots of a block, one for each bin. */
const MOST_SLOTS = 8192;
/** Bytes of the parts of a thread's scratch memory; the first two numbers are known to assembly/pulses.ts. */
const FRAME_BYTES = 4 * BLOCK_PIXELS + 64;
const LOSS_BYTES = 136;
const FRAMES_BYTES = 4 * FRAME_BYTES;
const VALUES_BYTES = 4 * FRAMES_IN_ONE * BLOCK_PLACES;
const MISSING_BYTES = 4 * 2 * BLOCK_PIXELS;
const SIGNALS_BYTES = 8 * FRAMES_IN_ONE;

/** Elements of the scratch memory, float64, that each thread's kernels need in the arena. */
export const PULSE_SCRATCH_LENGTH =
  (FRAMES_BYTES + 2 * (VALUES_BYTES + MISSING_BYTES) + SIGNALS_BYTES + MOST_SLOTS * LOSS_BYTES) / 8;

/** Adds one frame by a table, plainly. @param at value of a pixel, NaN = missing */
function addFrame(at: (pixel: number) => number, range: number, frame: number, to: PulseTargets): void {
  const { table, sum, count, sums } = to;
  const values = new Float32Array(table.weights.length);
  for (let pixel = 0; pixel < values.length; pixel++) {
    const value = at(pixel);
    values[pixel] = Math.abs(value) <= range ? value : Number.NaN;
    if (Number.isNaN(values[pixel])) continue;
    sum[pixel] += values[pixel];
    count[pixel]++;
  }
  let entry = 0;
  for (let block = 0; block < table.firstSlots.length - 1; block++) {
    for (let slot = table.firstSlots[block]; slot < table.firstSlots[block + 1]; slot++) {
      let [signal, norm, number] = [0, 0, 0];
      for (; entry < table.slots[2 * slot + 1]; entry++) {
        const pixel = block * BLOCK_PIXELS + pixelAt(table.entries[entry]);
        if (Number.isNaN(values[pixel])) continue;
        const share = table.shares === null ? 1 : table.shares[entry];
        signal += values[pixel] * share;
        norm += table.weights[pixel] * share;
        number += share;
      }
      if (!(number > LEAST_COUNT)) continue;
      sums[2 * (frame * table.bins + table.slots[2 * slot])] += signal;
      sums[2 * (frame * table.bins + table.slots[2 * slot]) + 1] += norm;
    }
  }
}

/** The kernels in plain TypeScript: slow, obvious, and what the fast ones are tested against. */
export const referencePulseKernels: PulseKernels = {
  addRaw(raw, layout, to) {
    this.addFloats(Float32Array.from(raw), layout, Number.POSITIVE_INFINITY, to);
  },
  addCorrected(raw, analogue, gainBase, cells, constants, range, to) {
    const { pixels } = constants;
    const out = new Float32Array(analogue.frames * pixels);
    referenceKernels.correct(raw, analogue, gainBase, cells, constants, range, out, null);
    this.addFloats(out, { base: 0, frameStride: pixels, frames: analogue.frames }, range, to);
  },
  addFloats(values, { base, frameStride, frames }, range, to) {
    for (let frame = 0; frame < frames; frame++)
      addFrame((pixel) => values[base + frame * frameStride + pixel], range, frame, to);
  },
  addOnline(values, { base, pixelStride, frames, slowScan, fastScan }, range, to) {
    const from = (pixel: number) => base + ((pixel % fastScan) * slowScan + Math.floor(pixel / fastScan)) * pixelStride;
    for (let frame = 0; frame < frames; frame++) addFrame((pixel) => values[from(pixel) + frame], range, frame, to);
  },
};

/** What build/kernels.wasm exports: all arguments are byte addresses, counts, or byte strides. */
interface Exports {
  placeRaw(...args: number[]): number;
  placeCorrected(...args: number[]): number;
  placeFloats(...args: number[]): number;
  placeOnline(...args: number[]): number;
  eightSums(...args: number[]): void;
}

/** Pixels [start, start + pixels) of frames [first, first + frames), and where their sums and counts are. */
interface Block {
  readonly start: number;
  readonly pixels: number;
  readonly first: number;
  readonly frames: number;
  readonly sum: number;
  readonly count: number;
}

// A kernel writes wherever it is told to: lengths are checked once a call, because nothing else would notice.
function checkLength(name: string, array: ArrayLike<unknown>, needed: number): void {
  if (!(array.length >= needed)) throw new RangeError(`${name} has ${array.length} elements, ${needed} are needed`);
}

function checkFrames(name: string, array: ArrayLike<unknown>, layout: FrameLayout, pixels: number, base = layout.base) {
  if (layout.frames > 0) checkLength(name, array, base + (layout.frames - 1) * layout.frameStride + pixels);
}

/** @returns pixels of the module */
function checkTargets({ table, sum, count, sums }: PulseTargets, frames: number): number {
  const { bins, firstSlots, slots, totals, entries, shares, ownStarts, ownSlots, ownShares, weights } = table;
  const pixels = weights.length;
  const blocks = Math.ceil(pixels / BLOCK_PIXELS);
  if (pixels % 8 !== 0) throw new RangeError(`${pixels} pixels: a multiple of 8 is needed`);
  if (bins > MOST_SLOTS) throw new RangeError(`${bins} bins: ${MOST_SLOTS} are the most for I(q) of every pulse`);
  checkLength('sum', sum, pixels);
  checkLength('count', count, pixels);
  checkLength('sums', sums, 2 * frames * bins);
  checkLength('firstSlots', firstSlots, blocks + 1);
  checkLength('slots', slots, 2 * firstSlots[blocks]);
  checkLength('totals', totals, 2 * firstSlots[blocks]);
  checkLength('ownStarts', ownStarts, pixels + 1);
  const used = ownStarts[pixels];
  for (const [name, array] of Object.entries({ entries, shares, ownSlots, ownShares }))
    if (array) checkLength(name, array, used);
  return pixels;
}

/**
 * The kernels in WebAssembly SIMD, over the arrays of one arena. Modules need a multiple of 8 pixels.
 * @param module compiled from build/kernels.wasm
 * @param scratch float64 ({@link PULSE_SCRATCH_LENGTH}) in the arena, one for each thread
 * @throws Unsupported from a kernel that is given an array outside of the arena
 */
export async function createPulseKernels(
  module: WebAssembly.Module,
  arena: KernelArena,
  scratch: Float64Array,
): Promise<PulseKernels> {
  const instance = await WebAssembly.instantiate(module, { env: { memory: arena.memory } });
  const wasm = instance.exports as unknown as Exports;
  const at = (array: ArrayBufferView, element = 0): number => {
    if (!arena.contains(array))
      throw new Unsupported('A WebAssembly kernel was given an array outside of its arena: allocate it there.');
    return array.byteOffset + element * (array as Uint8Array).BYTES_PER_ELEMENT;
  };
  checkLength('scratch', scratch, PULSE_SCRATCH_LENGTH);
  // What slots lost must be 0 at the start, and memory may have been used before.
  scratch.fill(0);
  const frames = at(scratch);
  const values = frames + FRAMES_BYTES;
  const missing = values + 2 * VALUES_BYTES;
  const signals = missing + 2 * MISSING_BYTES;
  const losses = signals + SIGNALS_BYTES;

  /**
   * Every block of `together` frames through `place`, and the table.
   * @param place returns how many missing values it listed, for each eight frames; nothing where no frame has any value
   */
  const run = (
    to: PulseTargets,
    frameCount: number,
    together: number,
    place: (block: Block) => readonly number[],
  ): void => {
    const { table } = to;
    const { bins, firstSlots } = table;
    const [sum, count, sums] = [at(to.sum), at(to.count), at(to.sums)];
    const [slots, totals, weights, ownStarts] = [table.slots, table.totals, table.weights, table.ownStarts].map((a) =>
      at(a),
    );
    const entries = [at(table.entries), table.shares ? at(table.shares) : 0];
    const own = [at(table.ownSlots), table.ownShares ? at(table.ownShares) : 0];
    for (let block = 0; block < firstSlots.length - 1; block++) {
      const start = block * BLOCK_PIXELS;
      const pixels = Math.min(BLOCK_PIXELS, table.weights.length - start);
      const firstSlot = firstSlots[block];
      const slotCount = firstSlots[block + 1] - firstSlot;
      const firstEntry = firstSlot === 0 ? 0 : table.slots[2 * firstSlot - 1];
      for (let first = 0; first < frameCount; first += together) {
        const some = Math.min(together, frameCount - first);
        const listed = place({ start, pixels, first, frames: some, sum: sum + 4 * start, count: count + 4 * start });
        for (const [eight, length] of listed.entries()) {
          const list = missing + eight * MISSING_BYTES;
          const before = eight * FRAMES_IN_ONE;
          wasm.eightSums(
            ...[values + eight * VALUES_BYTES, list, list + 4 * length, slots + 8 * firstSlot, slotCount, firstEntry],
            ...[
              ...entries,
              totals + 16 * firstSlot,
              ownStarts + 4 * start,
              ...own,
              weights + 4 * start,
              losses,
              signals,
            ],
            ...[bins, Math.min(FRAMES_IN_ONE, some - before), sums + 16 * (first + before) * bins],
          );
        }
      }
    }
  };
  /** Numbers of a list in memory that ends at `end`. */
  const listedTo = (end: number): readonly number[] => [(end - missing) / 4];

  return {
    addRaw(raw, layout, to) {
      checkFrames('raw', raw, layout, checkTargets(to, layout.frames));
      const from = at(raw, layout.base);
      const stride = 2 * layout.frameStride;
      run(to, layout.frames, FRAMES_IN_ONE, ({ start, pixels, first, frames: some, sum, count }) => {
        const block = from + 2 * start + first * stride;
        const rest = [Number.POSITIVE_INFINITY, sum, count, frames, values, missing];
        return listedTo(wasm.placeRaw(block, stride, some, pixels, ...rest));
      });
    },
    addCorrected(raw, analogue, gainBase, cells, constants, range, to) {
      const modulePixels = checkTargets(to, analogue.frames);
      if (constants.pixels !== modulePixels)
        throw new RangeError(`constants of ${constants.pixels} pixels, the table has ${modulePixels}`);
      checkFrames('raw', raw, analogue, modulePixels);
      checkFrames('raw (gain)', raw, analogue, modulePixels, gainBase);
      checkLength('cells', cells, analogue.frames);
      checkLength('limits', constants.limits, constants.cells * 4 * modulePixels);
      checkLength('factors', constants.factors, constants.cells * 6 * modulePixels);
      const [from, gain, cell] = [at(raw, analogue.base), at(raw, gainBase), at(cells)];
      const stride = 2 * analogue.frameStride;
      const ofConstants = [constants.cells, modulePixels, at(constants.limits), at(constants.factors)];
      run(to, analogue.frames, FRAMES_IN_ONE, ({ start, pixels, first, frames: some, sum, count }) => {
        if (!cells.subarray(first, first + some).some((number) => number < constants.cells)) return [];
        const offset = 2 * start + first * stride;
        const rest = [start, pixels, range, sum, count, frames, values, missing];
        const ofFrames = [from + offset, gain + offset, stride, some, cell + 2 * first];
        return listedTo(wasm.placeCorrected(...ofFrames, ...ofConstants, ...rest));
      });
    },
    addFloats(floats, layout, range, to) {
      checkFrames('values', floats, layout, checkTargets(to, layout.frames));
      const from = at(floats, layout.base);
      const stride = 4 * layout.frameStride;
      run(to, layout.frames, FRAMES_IN_ONE, ({ start, pixels, first, frames: some, sum, count }) => {
        const block = from + 4 * start + first * stride;
        return listedTo(wasm.placeFloats(block, stride, some, pixels, range, sum, count, values, missing));
      });
    },
    addOnline(floats, { base, pixelStride, frames: frameCount, slowScan, fastScan }, range, to) {
      const modulePixels = checkTargets(to, frameCount);
      if (slowScan * fastScan !== modulePixels)
        throw new RangeError(`frames of ${slowScan} x ${fastScan} pixels, the table has ${modulePixels}`);
      if (frameCount > 0) checkLength('values', floats, base + (modulePixels - 1) * pixelStride + frameCount);
      const from = at(floats, base);
      run(to, frameCount, FRAMES_IN_LINE, ({ start, pixels, first, frames: some, sum, count }) => {
        const listed = wasm.placeOnline(
          ...[from + 4 * first, 4 * pixelStride, some, slowScan, fastScan, start, pixels, range, sum, count],
          ...[values, missing, values + VALUES_BYTES, missing + MISSING_BYTES],
        );
        return some > FRAMES_IN_ONE ? [listed & 0xffff, listed >>> 16] : [listed & 0xffff];
      });
    },
  };
}
