import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { KernelArena } from './arena.ts';
import type { Kernels, PackedConstants } from './kernels.ts';
import { referenceKernels } from './reference.ts';
import { createWasmKernels } from './wasm.ts';

const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
const arena = KernelArena.create(64 << 20);
const wasm: Kernels = await createWasmKernels(module, arena, arena.allocate('float64', [2]).data);

/** Numbers in [0, 1) that are the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const PIXELS = 1024 + 64;
const CELLS = 3;
const FRAMES = 7;
/** A pixel that is bad in all stages and cells. */
const MASKED = 17;

/** A module whose pixels are in every stage, with masked pixels, forced stages, and values exactly on a limit. */
function makeModule(modules: number) {
  const random = randomNumbers(11);
  const stack = modules * PIXELS;
  const raw = arena.allocate('uint16', [FRAMES, 2, modules, PIXELS]).data;
  const limits = arena.allocate('uint16', [CELLS, 4, PIXELS]).data;
  const factors = arena.allocate('float32', [CELLS, 6, PIXELS]).data;
  for (let cell = 0; cell < CELLS; cell++) {
    for (let i = 0; i < PIXELS; i++) {
      for (let k = 0; k < 4; k++)
        limits[(cell * 4 + k) * PIXELS + i] = [5000, 6000, 7000, 5500][k] + Math.round(20 * random());
      for (let k = 0; k < 6; k++)
        factors[(cell * 6 + k) * PIXELS + i] = [4000, 0.1, 6500, 4, 7000, 20][k] * (1 + 0.1 * random());
      if (i === MASKED) for (const k of [1, 3, 5]) factors[(cell * 6 + k) * PIXELS + i] = Number.NaN;
      if (random() < 0.05) factors[(cell * 6 + 1 + 2 * Math.floor(3 * random())) * PIXELS + i] = Number.NaN;
    }
  }
  for (let frame = 0; frame < FRAMES; frame++) {
    for (let i = 0; i < stack; i++) {
      // most blocks of 64 pixels stay in high gain, so that the short way is taken as well
      const isQuiet = (i >> 6) % 3 !== 0;
      raw[2 * frame * stack + i] = 4000 + 5000 * random() * (isQuiet ? 0.2 : 1);
      raw[(2 * frame + 1) * stack + i] = isQuiet ? 4000 + 500 * random() : 4900 + 1300 * random();
      if (random() < 0.1) raw[(2 * frame + 1) * stack + i] = limits[i % PIXELS];
    }
  }
  const cells = arena.allocate('uint16', [FRAMES]).data;
  cells.set([2, 0, 1, 5, 2, 2, 0]);
  const constants: PackedConstants = { cells: CELLS, pixels: PIXELS, limits, factors };
  return { raw, constants, cells, stack };
}

/** The first differing element of two arrays, so that a failure is one line and not a million. */
function same(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  const at = Array.from(expected).findIndex((value, i) => !Object.is(value, got[i]));
  expect({ at, value: got[at] }).toEqual({ at: -1, value: undefined });
}

describe('kernels in WebAssembly agree with the reference', () => {
  it.each([1, 3])('correct, with %i modules in the array', (modules) => {
    const { raw, constants, cells, stack } = makeModule(modules);
    const base = (modules - 1) * PIXELS;
    const layout = { base, frameStride: 2 * stack, frames: FRAMES };
    const results = [referenceKernels, wasm].map((kernels) => {
      const out = arena.allocate('float32', [FRAMES, PIXELS]).data;
      const stage = arena.allocate('uint8', [FRAMES, PIXELS]).data;
      kernels.correct(raw, layout, base + stack, cells, constants, 5000, out, stage);
      return { out, stage };
    });
    same(results[1].stage, results[0].stage);
    same(results[1].out, results[0].out);
    expect(new Set(results[0].stage)).toEqual(new Set([0, 1, 2]));
    const lost = results[0].out.subarray(3 * PIXELS, 4 * PIXELS);
    expect(lost.every(Number.isNaN)).toBe(true);
    const isOutOfRange = results[0].out.some((v) => Number.isNaN(v)) && results[0].out.every((v) => !(v > 5000));
    expect(isOutOfRange).toBe(true);
  });

  it('takes the stage strictly above its threshold, and falls back strictly below its limit', () => {
    const raw = arena.allocate('uint16', [1, 2, 8]).data;
    raw.set([100, 100, 99, 100, 50, 49, 49, 200], 0);
    raw.set([10, 11, 21, 21, 21, 21, 11, 65535], 8);
    const limits = arena.allocate('uint16', [1, 4, 8]).data;
    [10, 20, 100, 50].forEach((v, k) => {
      limits.fill(v, 8 * k, 8 * k + 8);
    });
    const factors = arena.allocate('float32', [1, 6, 8]).data;
    [0, 1, 0, 10, 0, 100].forEach((v, k) => {
      factors.fill(v, 8 * k, 8 * k + 8);
    });
    const cells = arena.allocate('uint16', [1]).data;
    for (const kernels of [referenceKernels, wasm]) {
      const out = arena.allocate('float32', [8]).data;
      const stage = arena.allocate('uint8', [8]).data;
      const layout = { base: 0, frameStride: 16, frames: 1 };
      kernels.correct(raw, layout, 8, cells, { cells: 1, pixels: 8, limits, factors }, 1e6, out, stage);
      expect([...stage], kernels === wasm ? 'wasm' : 'reference').toEqual([0, 1, 1, 2, 1, 0, 0, 2]);
      expect([...out]).toEqual([100, 1000, 990, 10000, 500, 49, 49, 20000]);
    }
  });

  it('correctAccumulate and finishMean', () => {
    const { raw, constants, cells, stack } = makeModule(2);
    const layout = { base: PIXELS, frameStride: 2 * stack, frames: FRAMES };
    const results = [referenceKernels, wasm].map((kernels) => {
      const sum = arena.allocate('float32', [PIXELS]).data;
      const count = arena.allocate('int32', [PIXELS]).data;
      const mean = arena.allocate('float32', [PIXELS]).data;
      kernels.correctAccumulate(raw, layout, PIXELS + stack, cells, constants, 5000, sum, count);
      kernels.finishMean(sum, count, mean);
      return { sum, count, mean };
    });
    same(results[1].count, results[0].count);
    same(results[1].sum, results[0].sum);
    same(results[1].mean, results[0].mean);
    expect(Math.max(...results[0].count)).toBe(FRAMES - 1);
    expect(results[0].mean[MASKED]).toBeNaN();
    expect(results[0].count[MASKED]).toBe(0);
  });

  it('rawAccumulate and floatAccumulate', () => {
    const { raw, stack } = makeModule(1);
    const layout = { base: 0, frameStride: 2 * stack, frames: FRAMES };
    const values = arena.allocate('float32', [FRAMES, PIXELS]).data;
    const random = randomNumbers(3);
    for (let i = 0; i < values.length; i++) values[i] = random() < 0.2 ? Number.NaN : 1000 * (random() - 0.5);
    values.fill(Number.NaN, 0, 1);
    const results = [referenceKernels, wasm].map((kernels) => {
      const sums = [0, 1].map(() => arena.allocate('float32', [PIXELS]).data);
      const counts = [0, 1].map(() => arena.allocate('int32', [PIXELS]).data);
      kernels.rawAccumulate(raw, layout, sums[0], counts[0]);
      kernels.floatAccumulate(values, { base: 0, frameStride: PIXELS, frames: FRAMES }, 450, sums[1], counts[1]);
      return [...sums, ...counts];
    });
    results[0].forEach((array, i) => {
      same(results[1][i], array);
    });
    expect(results[0][2][5]).toBe(FRAMES);
    expect(results[0][3].some((n) => n < FRAMES)).toBe(true);
  });

  it('assembles tiles in all eight orientations, and leaves the gaps alone', () => {
    const rows = 9;
    const columns = 14;
    const side = 40;
    const modules = arena.allocate('float32', [8, rows, 2 * columns]).data;
    modules.forEach((_, i) => {
      modules[i] = i + 1;
    });
    const steps = [side, -side].flatMap((r) => [1, -1].map((c) => [r, c] as const));
    const orientations = [...steps, ...steps.map(([r, c]) => [c, r] as const)];
    const tiles = arena.allocate('int32', [8, 7]).data;
    const height = 8 * side;
    orientations.forEach(([rowStep, columnStep], t) => {
      const target = t * side * side + 20 * side + 20;
      const words = [t * rows * 2 * columns + (t % 2) * columns, rows, columns, 2 * columns, target];
      tiles.set([...words, rowStep, columnStep], 7 * t);
    });
    const images = [referenceKernels, wasm].map((kernels) => {
      const image = arena.allocate('float32', [height, side]).data.fill(Number.NaN);
      kernels.assemble(modules, tiles, image);
      return image;
    });
    same(images[1], images[0]);
    expect(images[0].filter((v) => !Number.isNaN(v)).length).toBe(8 * rows * columns);
  });

  it('assembles tiles that lie beside, below and over each other: where they overlap the later one is seen', () => {
    const random = randomNumbers(21);
    const below = (limit: number) => Math.floor(random() * limit);
    const [count, width, height] = [9, 120, 90];
    const modules = arena.allocate('float32', [count * 40 * 40]).data;
    modules.forEach((_, i) => {
      modules[i] = i + 1;
    });
    const tiles = arena.allocate('int32', [count, 7]).data;
    const images = [referenceKernels, wasm].map((kernels) => ({
      kernels,
      image: arena.allocate('float32', [height, width]).data,
    }));
    for (let round = 0; round < 400; round++) {
      // ss along x, as in AGIPD: whole bands of 16 columns and remains of them, rows by four and others.
      const [rows, columns] = [
        [8, 16],
        [12, 32],
        [5, 16],
        [8, 19],
        [4, 7],
        [13, 37],
      ][round % 6];
      const [stepX, stepY] = [random() < 0.5 ? 1 : -1, random() < 0.5 ? 1 : -1];
      const isBeside = random() < 0.5;
      for (let tile = 0; tile < count; tile++) {
        const x = isBeside ? Math.min(tile * (rows + below(3) - 1), width - rows) : below(width - rows);
        const y = isBeside ? below(3) : below(height - columns);
        const corner = (stepY > 0 ? y : y + columns - 1) * width + (stepX > 0 ? x : x + rows - 1);
        tiles.set([tile * 40 * 40 + below(3), rows, columns, 40, corner, stepX, stepY * width], 7 * tile);
      }
      for (const { kernels, image } of images) kernels.assemble(modules, tiles, image.fill(Number.NaN));
      same(images[1].image, images[0].image);
    }
  });

  it('roiSum', () => {
    const random = randomNumbers(9);
    const image = arena.allocate('float32', [50, 70]).data;
    for (let i = 0; i < image.length; i++) image[i] = random() < 0.3 ? Number.NaN : Math.round(1000 * random());
    for (const [x, y, width, height] of [
      [0, 0, 70, 50],
      [3, 7, 13, 5],
      [69, 49, 1, 1],
    ]) {
      const expected = referenceKernels.roiSum(image, 70, x, y, width, height);
      expect(wasm.roiSum(image, 70, x, y, width, height)).toEqual(expected);
      expect(expected.count).toBeLessThanOrEqual(width * height);
    }
  });
});

describe('the WebAssembly kernels refuse', () => {
  it('arrays outside of the arena', () => {
    const inside = arena.allocate('float32', [8]).data;
    const count = arena.allocate('int32', [8]).data;
    const attempt = () => wasm.finishMean(new Float32Array(8), count, inside);
    expect(attempt).toThrow(/outside of its arena/);
    try {
      attempt();
    } catch (error) {
      expect(isXfelError(error, 'Unsupported')).toBe(true);
    }
  });

  it('frames that reach beyond their array', () => {
    const raw = arena.allocate('uint16', [2, 64]).data;
    const sum = arena.allocate('float32', [64]).data;
    const count = arena.allocate('int32', [64]).data;
    expect(() => wasm.rawAccumulate(raw, { base: 0, frameStride: 64, frames: 3 }, sum, count)).toThrow(RangeError);
    wasm.rawAccumulate(raw, { base: 0, frameStride: 64, frames: 2 }, sum, count);
    expect(count[63]).toBe(2);
  });

  it('tiles, regions and results that do not fit', () => {
    const modules = arena.allocate('float32', [64]).data;
    const image = arena.allocate('float32', [64]).data;
    const table = (...words: number[]) => {
      const tiles = arena.allocate('int32', [7]).data;
      tiles.set(words);
      return tiles;
    };
    wasm.assemble(modules, table(0, 8, 8, 8, 63, -8, -1), image);
    expect(() => wasm.assemble(modules, table(0, 8, 8, 8, 62, -8, -1), image)).toThrow(/tile 0 .* the image/);
    expect(() => wasm.assemble(modules, table(1, 8, 8, 8, 63, -8, -1), image)).toThrow(/tile 0 .* the module stack/);
    expect(() => wasm.roiSum(image, 8, 4, 4, 5, 1)).toThrow(/8 wide/);
    expect(() => wasm.roiSum(image, 8, 4, 4, 4, 5)).toThrow(RangeError);
    const cells = arena.allocate('uint16', [1]).data;
    const raw = arena.allocate('uint16', [2, 64]).data;
    const limits = arena.allocate('uint16', [1, 4, 64]).data;
    const factors = arena.allocate('float32', [1, 6, 64]).data;
    const constants = { cells: 2, pixels: 64, limits, factors };
    const layout = { base: 0, frameStride: 128, frames: 1 };
    expect(() => wasm.correct(raw, layout, 64, cells, constants, 1, image, null)).toThrow(/limits/);
    const fitting = { ...constants, cells: 1 };
    wasm.correct(raw, layout, 64, cells, fitting, 1, image, null);
    expect(() => wasm.correct(raw, layout, 64, cells, fitting, 1, image.subarray(1), null)).toThrow(/out/);
  });
});
