import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KernelArena } from './arena.ts';
import type { SumTable } from './kernels.ts';
import {
  createPulseKernels,
  PULSE_SCRATCH_LENGTH,
  type PulseKernels,
  type PulseTargets,
  referencePulseKernels,
} from './pulse-sums.ts';
import { BLOCK_PIXELS, BLOCK_PLACES, type PulseTable, pixelAt, pixelPlace, toPulseTable } from './pulse-table.ts';
import { referenceKernels } from './reference.ts';

const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
const arena = KernelArena.create(256 << 20);
const scratch = arena.allocate('float64', [PULSE_SCRATCH_LENGTH]).data.fill(3);
const wasm = await createPulseKernels(module, arena, scratch);
/** A module of three blocks, the last one short; neither rows nor columns are a power of two. */
const [slowScan, fastScan] = [72, 121];
const pixels = slowScan * fastScan;
const BINS = 9;

let state = 11;
/** Numbers in [0, 1) that are the same in every run. */
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** Every fifth value is missing, some are beyond the range, some are negative. */
const someValue = () => (random() < 0.2 ? Number.NaN : random() < 0.05 ? -1e9 : 100 * random() - 10);

/** Bins of unlike size, in no order of pixels; the third is empty, the last has only pixels 5 and 4097. */
function tableOf(hasShares: boolean): SumTable {
  const entries = Array.from({ length: BINS }, (_, bin) =>
    bin === 2
      ? []
      : bin === BINS - 1
        ? [5, BLOCK_PIXELS + 1]
        : Array.from({ length: 2000 + bin }, () => Math.floor(random() * pixels)),
  );
  const weights = Float32Array.from({ length: pixels }, () => 0.5 + random());
  const shares = hasShares ? Float32Array.from(entries.flat(), () => random()) : null;
  const starts = new Uint32Array(BINS + 1);
  const totals = new Float64Array(3 * BINS);
  let at = 0;
  for (const [bin, list] of entries.entries()) {
    for (const pixel of list) {
      const share = shares ? shares[at] : 1;
      totals[3 * bin + 1] += share * weights[pixel];
      totals[3 * bin + 2] += share;
      at++;
    }
    starts[bin + 1] = at;
  }
  return { starts, pixels: Uint32Array.from(entries.flat()), shares, weights, dark: null, totals };
}

function inArena(table: PulseTable): PulseTable {
  const u32 = (array: Uint32Array) => set(arena.allocate('uint32', [array.length]).data, array);
  const u16 = (array: Uint16Array) => set(arena.allocate('uint16', [array.length]).data, array);
  const f32 = (array: Float32Array) => set(arena.allocate('float32', [array.length]).data, array);
  return {
    bins: table.bins,
    firstSlots: u32(table.firstSlots),
    slots: u32(table.slots),
    totals: set(arena.allocate('float64', [table.totals.length]).data, table.totals),
    entries: u16(table.entries),
    shares: table.shares && f32(table.shares),
    ownStarts: u32(table.ownStarts),
    ownSlots: u16(table.ownSlots),
    ownShares: table.ownShares && f32(table.ownShares),
    weights: f32(table.weights),
  };
}

function set<A extends { set(array: A): void }>(to: A, from: A): A {
  to.set(from);
  return to;
}

function targetsOf(table: PulseTable, frames: number): PulseTargets {
  return {
    table,
    sum: arena.allocate('float32', [pixels]).data.fill(3),
    count: arena.allocate('int32', [pixels]).data.fill(1),
    sums: arena.allocate('float64', [frames, BINS, 2]).data.fill(5),
  };
}

/** Where two arrays differ first; -1 where they do not. Quicker than to compare all numbers one by one in `expect`. */
function firstDifference(a: Float32Array | Int32Array, b: Float32Array | Int32Array): number {
  return a.findIndex((value, i) => !Object.is(value, b[i]));
}

/** The fast kernels against the plain ones, and against each frame by itself. */
function expectAlike(
  table: SumTable,
  frames: number,
  call: (kernels: PulseKernels, to: PulseTargets) => void,
  values: (frame: number) => Float32Array,
): void {
  const blocks = inArena(toPulseTable(table));
  const [plain, fast] = [referencePulseKernels, wasm].map((kernels) => {
    const to = targetsOf(blocks, frames);
    call(kernels, to);
    return to;
  });
  expect([firstDifference(fast.sum, plain.sum), firstDifference(fast.count, plain.count)]).toEqual([-1, -1]);
  const sum = new Float32Array(pixels).fill(3);
  const count = new Int32Array(pixels).fill(1);
  const one = new Float64Array(3 * BINS);
  for (let frame = 0; frame < frames; frame++) {
    const own = values(frame);
    referenceKernels.floatAccumulate(own, { base: 0, frameStride: 0, frames: 1 }, 1e6, sum, count);
    const valid = own.map((value) => (Math.abs(value) <= 1e6 ? value : Number.NaN));
    referenceKernels.tableSums(valid, table, one);
    for (let bin = 0; bin < BINS; bin++) {
      const at = 2 * (frame * BINS + bin);
      const hasAny = one[3 * bin + 2] > 1e-6;
      for (const [k, expected] of [hasAny ? one[3 * bin] : 0, hasAny ? one[3 * bin + 1] : 0].entries()) {
        const scale = Math.max(1, Math.abs(expected));
        expect(Math.abs(plain.sums[at + k] - 5 - expected)).toBeLessThan(1e-9 * scale);
        expect(Math.abs(fast.sums[at + k] - 5 - expected)).toBeLessThan((k === 0 ? 2e-6 : 1e-9) * scale);
      }
    }
    // the empty bin
    expect([...fast.sums.subarray(2 * (frame * BINS + 2), 2 * (frame * BINS + 3))]).toEqual([5, 5]);
  }
  expect([firstDifference(fast.sum, sum), firstDifference(fast.count, count)]).toEqual([-1, -1]);
}

describe('a table in blocks', () => {
  it.each([false, true])('has the entries of the module, each once: shares %s', (hasShares) => {
    const table = tableOf(hasShares);
    const blocks = toPulseTable(table);
    const found: string[] = [];
    let entry = 0;
    for (let block = 0; block < 3; block++)
      for (let slot = blocks.firstSlots[block]; slot < blocks.firstSlots[block + 1]; slot++)
        for (; entry < blocks.slots[2 * slot + 1]; entry++) {
          const pixel = block * BLOCK_PIXELS + pixelAt(blocks.entries[entry]);
          found.push(`${blocks.slots[2 * slot]} ${pixel} ${blocks.shares?.[entry]}`);
        }
    const own: string[] = [];
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let i = blocks.ownStarts[pixel]; i < blocks.ownStarts[pixel + 1]; i++) {
        const slot = blocks.firstSlots[Math.floor(pixel / BLOCK_PIXELS)] + blocks.ownSlots[i];
        own.push(`${blocks.slots[2 * slot]} ${pixel} ${blocks.ownShares?.[i]}`);
      }
    const expected: string[] = [];
    for (let bin = 0; bin < BINS; bin++)
      for (let i = table.starts[bin]; i < table.starts[bin + 1]; i++)
        expected.push(`${bin} ${table.pixels[i]} ${table.shares?.[i]}`);
    expect(found.sort()).toEqual(expected.sort());
    expect(own.sort()).toEqual(expected);
  });

  it('leaves gaps, and no two pixels have one place', () => {
    const places = Array.from({ length: BLOCK_PIXELS }, (_, pixel) => pixelPlace(pixel));
    expect(places.map(pixelAt)).toEqual(places.map((_, pixel) => pixel));
    expect([places[127], places[128], places[BLOCK_PIXELS - 1]]).toEqual([127, 130, BLOCK_PLACES - 3]);
  });
});

describe('kernels of every frame: WebAssembly as the plain ones', () => {
  // One frame, rests of four, of eight and of sixteen, and whole ones.
  const counts = [1, 2, 4, 5, 7, 8, 11, 16, 29];

  it.each(counts)('%i frames of float32, in both orders', (frames) => {
    const file = arena.allocate('float32', [frames + 1, pixels]).data;
    for (let i = 0; i < file.length; i++) file[i] = someValue();
    // The last bin has no value in the first frame, and one in the second.
    file[pixels + 5] = file[pixels + BLOCK_PIXELS + 1] = Number.NaN;
    if (frames > 1) file.set([7], 2 * pixels + 5);
    const pixelStride = frames + 3;
    const online = arena.allocate('float32', [pixels, pixelStride]).data;
    for (let fs = 0; fs < fastScan; fs++)
      for (let ss = 0; ss < slowScan; ss++)
        for (let frame = 0; frame <= frames; frame++)
          online[(fs * slowScan + ss) * pixelStride + frame] = file[frame * pixels + ss * fastScan + fs];
    const frameOf = (frame: number) => file.subarray((1 + frame) * pixels, (2 + frame) * pixels);
    const layout = { base: pixels, frameStride: pixels, frames };
    const shape = { base: 1, pixelStride, frames, slowScan, fastScan };
    for (const table of [tableOf(false), tableOf(true)]) {
      expectAlike(table, frames, (kernels, to) => kernels.addFloats(file, layout, 1e6, to), frameOf);
      expectAlike(table, frames, (kernels, to) => kernels.addOnline(online, shape, 1e6, to), frameOf);
    }
  });

  it.each(counts)('%i frames of raw data as they are', (frames) => {
    const raw = arena.allocate('uint16', [frames, 2, pixels]).data;
    for (let i = 0; i < raw.length; i++) raw[i] = Math.floor(65536 * random());
    const layout = { base: pixels, frameStride: 2 * pixels, frames };
    const frameOf = (frame: number) =>
      Float32Array.from(raw.subarray((2 * frame + 1) * pixels, (2 * frame + 2) * pixels));
    for (const table of [tableOf(false), tableOf(true)])
      expectAlike(table, frames, (kernels, to) => kernels.addRaw(raw, layout, to), frameOf);
  });

  it.each(counts)('%i raw frames that are corrected, in all gain stages and with missing cells', (frames) => {
    const raw = arena.allocate('uint16', [frames, 2, pixels]).data;
    for (let i = 0; i < raw.length; i++) raw[i] = 4000 + Math.floor(3000 * random());
    const cellCount = 5;
    const limits = arena.allocate('uint16', [cellCount, 4, pixels]).data;
    const factors = arena.allocate('float32', [cellCount, 6, pixels]).data;
    for (let i = 0; i < limits.length; i++)
      limits[i] = [5500, 6200, 4500, 4300][Math.floor(i / pixels) % 4] + 100 * random();
    for (let i = 0; i < factors.length; i++) {
      const isGain = Math.floor(i / pixels) % 2 === 1;
      factors[i] = random() < 0.02 ? Number.NaN : isGain ? 0.01 + random() : 4000 + 100 * random();
    }
    const constants = { cells: cellCount, pixels, limits, factors };
    // The last eight frames have no constants when there are 16, and some before.
    const cells = arena.allocate('uint16', [frames]).data;
    for (let i = 0; i < frames; i++) cells[i] = i >= 8 && frames === 16 ? 700 : [3, 0, 9, 4, 1][i % 5];
    const layout = { base: 0, frameStride: 2 * pixels, frames };
    const corrected = new Float32Array(frames * pixels);
    referenceKernels.correct(raw, layout, pixels, cells, constants, 1e6, corrected, null);
    for (const table of [tableOf(false), tableOf(true)])
      expectAlike(
        table,
        frames,
        (kernels, to) => kernels.addCorrected(raw, layout, pixels, cells, constants, 1e6, to),
        (frame) => corrected.subarray(frame * pixels, (frame + 1) * pixels),
      );
  });

  it('read and write nothing beyond what they are given', () => {
    const table = inArena(toPulseTable(tableOf(true)));
    const frames = 3;
    const around = arena.allocate('float32', [8 + frames * pixels + 8]).data.fill(1e30);
    const values = around.subarray(8, 8 + frames * pixels).fill(2);
    const to = targetsOf(table, frames);
    const rest = arena.allocate('float64', [8]).data.fill(-1);
    wasm.addFloats(values, { base: 0, frameStride: pixels, frames }, Number.POSITIVE_INFINITY, to);
    expect(new Set(to.sum)).toEqual(new Set([9]));
    expect(new Set(to.count)).toEqual(new Set([4]));
    expect([...rest]).toEqual(new Array(8).fill(-1));
    // Nothing is left of missing values for the next call.
    expect(new Set(scratch.subarray(scratch.length - 17 * 8192))).toEqual(new Set([0]));
  });

  it('refuse what does not fit', () => {
    const table = inArena(toPulseTable(tableOf(true)));
    const values = arena.allocate('float32', [2, pixels]).data;
    const add = (frames: number, to = targetsOf(table, frames)) =>
      wasm.addFloats(values, { base: 0, frameStride: pixels, frames }, 1, to);
    add(2);
    add(0);
    const to = targetsOf(table, 2);
    expect(() => add(3)).toThrow(/values has 17424 elements, 26136/);
    expect(() => add(2, { ...to, sums: to.sums.subarray(1) })).toThrow(/sums has 35 elements, 36/);
    expect(() => add(2, { ...to, count: to.count.subarray(8) })).toThrow(/count has/);
    expect(() => add(2, { ...to, sum: new Float32Array(pixels) })).toThrow(/outside of its arena/);
    const cut = { ...table, entries: table.entries.subarray(1) };
    expect(() => add(2, { ...to, table: cut })).toThrow(/entries has/);
    expect(() => add(2, { ...to, table: { ...table, weights: table.weights.subarray(1) } })).toThrow(/multiple of 8/);
    expect(() => add(2, { ...to, table: { ...table, bins: 8193 } })).toThrow(/8193 bins/);
    const shape = { base: 0, pixelStride: 2, frames: 2, slowScan, fastScan: fastScan - 1 };
    expect(() => wasm.addOnline(values, shape, 1, to)).toThrow(/72 x 120 pixels/);
    expect(() => wasm.addOnline(values, { ...shape, fastScan, frames: 3 }, 1, targetsOf(table, 3))).toThrow(
      /values has/,
    );
    const raw = arena.allocate('uint16', [2, pixels]).data;
    expect(() => wasm.addRaw(raw, { base: 8, frameStride: pixels, frames: 2 }, to)).toThrow(/raw has/);
    const constants = {
      cells: 1,
      pixels,
      limits: arena.allocate('uint16', [4, pixels]).data,
      factors: arena.allocate('float32', [6, pixels]).data,
    };
    const correct = (gainBase: number, cells: number, packed = constants) =>
      wasm.addCorrected(
        raw,
        { base: 0, frameStride: pixels, frames: 2 },
        gainBase,
        arena.allocate('uint16', [cells]).data,
        packed,
        1,
        to,
      );
    correct(0, 2);
    expect(() => correct(8, 2)).toThrow(/raw \(gain\) has/);
    expect(() => correct(0, 1)).toThrow(/cells has/);
    expect(() => correct(0, 2, { ...constants, cells: 2 })).toThrow(/limits has/);
    expect(() => correct(0, 2, { ...constants, pixels: 8 })).toThrow(/constants of 8 pixels/);
  });

  it('need their scratch memory', async () => {
    await expect(createPulseKernels(module, arena, scratch.subarray(1))).rejects.toThrow(/scratch has/);
  });
});
