import { readFileSync } from 'node:fs';
import { type BenchReport, timeCalls } from '../../tools/measure.ts';
import { KernelArena } from './arena.ts';
import type { Kernels, PackedConstants } from './kernels.ts';
import { referenceKernels } from './reference.ts';
import { createWasmKernels } from './wasm.ts';

const PIXELS = 512 * 128;
const MODULES = 16;
const PULSES = 64;

function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function checkEqual(name: string, got: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 0): void {
  for (let i = 0; i < expected.length; i++) {
    const isSame =
      Object.is(got[i], expected[i]) || Math.abs(got[i] - expected[i]) <= tolerance * Math.abs(expected[i]);
    if (!isSame) throw new Error(`${name} differs from the reference at ${i}: ${got[i]}, not ${expected[i]}`);
  }
}

/** Speed of the WebAssembly kernels on one thread, at the sizes of an AGIPD1M. */
export async function bench(report: BenchReport): Promise<void> {
  const arena = KernelArena.create(1 << 30);
  const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
  const wasm = await createWasmKernels(module, arena, arena.allocate('float64', [2]).data);
  benchCorrect(report, wasm, arena);
  benchImage(report, wasm, arena);
}

/** One module, 64 pulses of 64 cells: constants of all cells do not fit the caches, as in reality. */
function benchCorrect(report: BenchReport, wasm: Kernels, arena: KernelArena): void {
  const random = randomNumbers(1);
  const raw = arena.allocate('uint16', [PULSES, 2, PIXELS]).data;
  const limits = arena.allocate('uint16', [PULSES, 4, PIXELS]).data;
  const factors = arena.allocate('float32', [PULSES, 6, PIXELS]).data;
  for (let frame = 0; frame < PULSES; frame++) {
    for (let i = 0; i < PIXELS; i++) {
      // 2 % of the pixels, in two spots, have switched to medium gain
      const isBright = i % 128 < 36 && (i >> 7) % 256 < 18;
      raw[2 * frame * PIXELS + i] = isBright ? 8500 + 100 * random() : 5000 + 300 * random();
      raw[(2 * frame + 1) * PIXELS + i] = isBright ? 7000 : 5000 + 50 * random();
      for (let k = 0; k < 4; k++) limits[(frame * 4 + k) * PIXELS + i] = [6000, 8000, 8000, 6000][k];
      const isMasked = random() < 0.01;
      for (let k = 0; k < 6; k++)
        factors[(frame * 6 + k) * PIXELS + i] = isMasked && k % 2 ? Number.NaN : [5000, 0.15, 8000, 4, 8000, 18][k];
    }
  }
  const constants: PackedConstants = { cells: PULSES, pixels: PIXELS, limits, factors };
  const layout = { base: 0, frameStride: 2 * PIXELS, frames: PULSES };
  const own = arena.allocate('uint16', [PULSES]).data;
  own.forEach((_, i) => {
    own[i] = i;
  });
  const one = arena.allocate('uint16', [PULSES]).data;
  const out = arena.allocate('float32', [PULSES, PIXELS]).data;
  const stage = arena.allocate('uint8', [PULSES, PIXELS]).data;
  const sum = arena.allocate('float32', [PIXELS]).data;
  const count = arena.allocate('int32', [PIXELS]).data;

  const few = { ...layout, frames: 2 };
  const expected = { out: new Float32Array(2 * PIXELS), stage: new Uint8Array(2 * PIXELS) };
  referenceKernels.correct(raw, few, PIXELS, own, constants, 1e6, expected.out, expected.stage);
  wasm.correct(raw, few, PIXELS, own, constants, 1e6, out, stage);
  checkEqual('correct', out.subarray(0, 2 * PIXELS), expected.out);
  checkEqual('correct (stage)', stage.subarray(0, 2 * PIXELS), expected.stage);
  const sums = { sum: new Float32Array(PIXELS), count: new Int32Array(PIXELS) };
  referenceKernels.correctAccumulate(raw, few, PIXELS, own, constants, 1e6, sums.sum, sums.count);
  wasm.correctAccumulate(raw, few, PIXELS, own, constants, 1e6, sum, count);
  checkEqual('correctAccumulate', sum, sums.sum);
  checkEqual('correctAccumulate (count)', count, sums.count);

  const pixels = PULSES * PIXELS;
  const rate = (name: string, limit: string | undefined, note: string, call: () => void) => {
    const { median, best } = timeCalls(call);
    const bestRate = (pixels / best / 1e3).toFixed(0);
    report({ name, value: pixels / median / 1e3, unit: 'Mpixel/s', limit, note: `${note}; best ${bestRate}` });
  };
  const apart = 'constants of 64 cells (134 MB) from memory';
  rate('correct to a stack, 64 cells', '>= 500', apart, () =>
    wasm.correct(raw, layout, PIXELS, own, constants, 1e6, out, null),
  );
  rate('correct to a stack and stages, 64 cells', undefined, apart, () =>
    wasm.correct(raw, layout, PIXELS, own, constants, 1e6, out, stage),
  );
  rate('correct to a stack, one cell', undefined, 'constants stay in the cache', () =>
    wasm.correct(raw, layout, PIXELS, one, constants, 1e6, out, null),
  );
  const fused = (cells: Uint16Array) => () => {
    sum.fill(0);
    count.fill(0);
    wasm.correctAccumulate(raw, layout, PIXELS, cells, constants, 1e6, sum, count);
  };
  rate('correct and mean over pulses, fused, 64 cells', '>= 500', apart, fused(own));
  rate('correct and mean over pulses, fused, one cell', undefined, 'constants stay in the cache', fused(one));
  rate('mean of raw over pulses', undefined, '2 byte a pixel', () => {
    sum.fill(0);
    count.fill(0);
    wasm.rawAccumulate(raw, layout, sum, count);
  });
}

/** One megapixel: mean over a float stack, assembly, ROI. */
function benchImage(report: BenchReport, wasm: Kernels, arena: KernelArena): void {
  const mark = arena.mark();
  const random = randomNumbers(2);
  const stackPixels = MODULES * PIXELS;
  const stack = arena.allocate('float32', [PULSES, stackPixels]).data;
  for (let i = 0; i < stackPixels; i++) stack[i] = random() < 0.02 ? Number.NaN : 100 * random();
  for (let k = 1; k < PULSES; k++) stack.copyWithin(k * stackPixels, 0, stackPixels);
  const sum = arena.allocate('float32', [stackPixels]).data;
  const count = arena.allocate('int32', [stackPixels]).data;
  const mean = arena.allocate('float32', [stackPixels]).data;
  const meanOf = (kernels: Kernels) => {
    sum.fill(0);
    count.fill(0);
    kernels.floatAccumulate(stack, { base: 0, frameStride: stackPixels, frames: PULSES }, 1e6, sum, count);
    kernels.finishMean(sum, count, mean);
    return mean;
  };
  const expected = meanOf(referenceKernels).slice();
  checkEqual('mean', meanOf(wasm), expected);
  const meanTime = timeCalls(() => meanOf(wasm)).median;
  const gigabytes = (PULSES * stackPixels * 4) / 1e9;
  report({
    name: 'mean over 64 x 1 Mpixel float32, NaN left out',
    value: gigabytes / (meanTime / 1e3),
    unit: 'GB/s',
    limit: '>= 6',
    note: `${meanTime.toFixed(1)} ms`,
  });

  const [height, width] = [1256, 1092];
  const image = arena.allocate('float32', [height, width]).data.fill(Number.NaN);
  const tiles = agipdLikeTiles(arena, width);
  const plain = new Float32Array(image.length).fill(Number.NaN);
  referenceKernels.assemble(mean, tiles, plain);
  wasm.assemble(mean, tiles, image);
  checkEqual('assemble', image, plain);
  const assembly = timeCalls(() => wasm.assemble(mean, tiles, image)).median;
  report({ name: 'assembly of 1 Mpixel, 128 tiles', value: assembly, unit: 'ms', limit: '<= 1' });

  const roi = wasm.roiSum(image, width, 300, 300, 500, 500);
  const plainRoi = referenceKernels.roiSum(image, width, 300, 300, 500, 500);
  checkEqual('roiSum', [roi.sum, roi.count], [plainRoi.sum, plainRoi.count], 1e-12);
  const roiTime = timeCalls(() => wasm.roiSum(image, width, 300, 300, 500, 500), 500).median;
  report({ name: 'ROI of 500 x 500 pixels', value: roiTime, unit: 'ms' });
  arena.resetTo(mark);
}

/** 16 modules of 8 tiles (64 x 128), each tile with its slow scan along the rows of the image, as AGIPD1M's lie. */
function agipdLikeTiles(arena: KernelArena, width: number): Int32Array {
  const tiles = arena.allocate('int32', [MODULES * 8, 7]).data;
  for (let module = 0; module < MODULES; module++) {
    const [quadrant, place] = [module >> 2, module & 3];
    const isLeft = quadrant === 0 || quadrant === 3;
    const top = (quadrant === 0 || quadrant === 1 ? 0 : 628) + place * 157;
    for (let tile = 0; tile < 8; tile++) {
      const left = (isLeft ? 0 : 560) + tile * 66;
      const source = module * PIXELS + tile * 64 * 128;
      const target = isLeft ? (top + 127) * width + left : top * width + left + 63;
      tiles.set([source, 64, 128, 128, target, isLeft ? 1 : -1, isLeft ? -width : width], (module * 8 + tile) * 7);
    }
  }
  return tiles;
}
