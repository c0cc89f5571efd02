import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KernelArena } from './arena.ts';
import type { SumTable } from './kernels.ts';
import { createPulseKernels, type PulseKernels, referencePulseKernels } from './pulse-sums.ts';
import { referenceKernels } from './reference.ts';

const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
const arena = KernelArena.create(16 << 20);
const wasm = await createPulseKernels(module, arena);
const both = [referencePulseKernels, wasm];
const [slowScan, fastScan] = [12, 10];
const pixels = slowScan * fastScan;

let state = 11;
/** Numbers in [0, 1) that are the same in every run. */
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** Every fifth value is missing, some in all frames, some are beyond the range. */
const someValue = () => (random() < 0.2 ? Number.NaN : random() < 0.05 ? 1e9 : 100 * random());

function results(call: (kernels: PulseKernels, sum: Float32Array, count: Int32Array, out: Float32Array) => void) {
  return both.map((kernels) => {
    const sum = arena.allocate('float32', [pixels]).data.fill(3);
    const count = arena.allocate('int32', [pixels]).data.fill(1);
    const out = arena.allocate('float32', [pixels, 4]).data.fill(-1);
    call(kernels, sum, count, out);
    return { sum: [...sum], count: [...count], out: [...out] };
  });
}

/** Bins of unlike size; the third is empty, the last has only pixel 5. */
function tableOf(hasShares: boolean, hasDark: boolean): SumTable {
  const entries = [...Array(7)].map((_, bin) =>
    bin === 2 ? [] : bin === 6 ? [5] : Array.from({ length: 30 + bin }, () => Math.floor(random() * pixels)),
  );
  const table = {
    starts: arena.allocate('uint32', [8]).data,
    pixels: arena.allocate('uint32', [entries.flat().length]).data,
    shares: hasShares ? arena.allocate('float32', [entries.flat().length]).data : null,
    weights: arena.allocate('float32', [pixels]).data,
    dark: hasDark ? arena.allocate('float32', [pixels]).data : null,
    totals: arena.allocate('float64', [7, 3]).data,
  };
  table.pixels.set(entries.flat());
  for (let i = 0; i < pixels; i++) table.weights[i] = 0.5 + random();
  for (let i = 0; table.dark && i < pixels; i++) table.dark[i] = random();
  let at = 0;
  for (const [bin, list] of entries.entries()) {
    for (const pixel of list) {
      const share = table.shares ? random() : 1;
      if (table.shares) table.shares[at] = share;
      const kept = table.shares ? table.shares[at] : 1;
      table.totals[3 * bin] -= kept * (table.dark ? table.dark[pixel] : 0);
      table.totals[3 * bin + 1] += kept * table.weights[pixel];
      table.totals[3 * bin + 2] += kept;
      at++;
    }
    table.starts[bin + 1] = at;
  }
  return table;
}

describe('kernels of every frame: WebAssembly as the plain ones', () => {
  it.each([1, 2, 3, 4])('%i frames beside each other, in both orders, with their mean', (frames) => {
    const file = arena.allocate('float32', [6, pixels]).data;
    for (let i = 0; i < file.length; i++) file[i] = someValue();
    const online = arena.allocate('float32', [fastScan, slowScan, 6]).data;
    for (let i = 0; i < online.length; i++) {
      const pixel = Math.floor(i / 6);
      online[i] = file[(i % 6) * pixels + (pixel % slowScan) * fastScan + Math.floor(pixel / slowScan)];
    }
    const layout = { base: pixels, frameStride: pixels, frames };
    const inFiles = results((kernels, ...to) => kernels.beside(file, layout, 1e6, ...to));
    const shape = { base: 0, pixelStride: 6, frames: 6, slowScan, fastScan };
    const inOnline = results((kernels, ...to) => kernels.besideOnline(online, shape, 1, 1 + frames, 1e6, ...to));
    expect(inFiles[1]).toEqual(inFiles[0]);
    for (const other of inOnline) expect(other).toEqual(inFiles[0]);
    const sum = new Float32Array(pixels).fill(3);
    const count = new Int32Array(pixels).fill(1);
    referenceKernels.floatAccumulate(file, layout, 1e6, sum, count);
    expect([inFiles[0].sum, inFiles[0].count]).toEqual([[...sum], [...count]]);
    for (let i = 0; i < pixels; i++)
      for (let k = 0; k < 4; k++) {
        const value = k < frames ? file[(1 + k) * pixels + i] : Number.NaN;
        expect(inFiles[1].out[4 * i + k]).toEqual(Math.abs(value) <= 1e6 ? value : Number.NaN);
      }
  });

  it('raw frames as float32', () => {
    const raw = arena.allocate('uint16', [5, pixels]).data;
    for (let i = 0; i < raw.length; i++) raw[i] = Math.floor(65536 * random());
    const outs = both.map((kernels) => {
      const out = arena.allocate('float32', [3, pixels]).data;
      kernels.floats(raw, { base: pixels, frameStride: 2 * pixels, frames: 2 }, pixels, out);
      return out;
    });
    expect(outs[1]).toEqual(outs[0]);
    expect([outs[1][1], outs[1][pixels], outs[1][2 * pixels]]).toEqual([raw[pixels + 1], raw[3 * pixels], 0]);
  });

  it.each([
    [false, false],
    [true, false],
    [true, true],
  ])('sums of four frames are those of each: shares %s, dark %s', (hasShares, hasDark) => {
    const table = tableOf(hasShares, hasDark);
    const four = arena.allocate('float32', [pixels, 4]).data;
    for (let i = 0; i < four.length; i++) four[i] = random() < 0.2 ? Number.NaN : 100 * random();
    four.set([1, Number.NaN, 2, Number.NaN], 20);
    for (const frames of [1, 2, 3, 4]) {
      const [plain, fast] = both.map((kernels) => {
        const sums = arena.allocate('float64', [4, 7, 2]).data.fill(5);
        kernels.fourSums(four, table, frames, sums);
        return sums;
      });
      for (let i = 0; i < plain.length; i++) expect(Math.abs(fast[i] - plain[i])).toBeLessThan(2e-6 * plain[i]);
      for (let frame = 0; frame < 4; frame++) {
        const one = new Float64Array(21);
        referenceKernels.tableSums(
          Float32Array.from({ length: pixels }, (_, i) => four[4 * i + frame]),
          table,
          one,
        );
        for (let bin = 0; bin < 7; bin++) {
          const hasAny = frame < frames && one[3 * bin + 2] > 1e-6;
          expect(plain[2 * (frame * 7 + bin)]).toBeCloseTo(5 + (hasAny ? one[3 * bin] : 0), 9);
          expect(plain[2 * (frame * 7 + bin) + 1]).toBeCloseTo(5 + (hasAny ? one[3 * bin + 1] : 0), 9);
        }
        // the empty bin, and the one whose only pixel is missing in frames 1 and 3
        expect(fast[2 * (frame * 7 + 2) + 1]).toBe(5);
        expect(fast[2 * (frame * 7 + 6) + 1] > 5).toBe(frame < frames && frame % 2 === 0);
      }
    }
  });

  it('refuse what does not fit', () => {
    const values = arena.allocate('float32', [2, pixels]).data;
    const sum = arena.allocate('float32', [pixels]).data;
    const count = arena.allocate('int32', [pixels]).data;
    const out = arena.allocate('float32', [pixels, 4]).data;
    const beside = (frames: number, to = out) =>
      wasm.beside(values, { base: 0, frameStride: pixels, frames }, 1, sum, count, to);
    beside(2);
    expect(() => beside(3)).toThrow(/values has 240 elements, 360/);
    expect(() => beside(5)).toThrow(/1 to 4/);
    expect(() => beside(0)).toThrow(/1 to 4/);
    expect(() => beside(2, out.subarray(1))).toThrow(/out/);
    expect(() => beside(2, new Float32Array(4 * pixels))).toThrow(/outside of its arena/);
    const shape = { base: 0, pixelStride: 2, frames: 2, slowScan, fastScan };
    expect(() => wasm.besideOnline(values, shape, 1, 3, 1, sum, count, out)).toThrow(/frames 1 to 3 of 2/);
    expect(() => wasm.fourSums(out, tableOf(true, true), 4, arena.allocate('float64', [55]).data)).toThrow(/sums has/);
  });
});
