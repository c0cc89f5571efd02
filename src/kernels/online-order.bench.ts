import { readFileSync } from 'node:fs';
import { type BenchReport, timeCalls } from '../../tools/measure.ts';
import { inFileOrder } from '../core/frame-order.ts';
import { ndarray } from '../core/ndarray.ts';
import { KernelArena } from './arena.ts';
import { createOnlineKernels, type OnlineKernels, type OnlineLayout, referenceOnlineKernels } from './online-order.ts';

const [MODULES, SLOW_SCAN, FAST_SCAN, PULSES] = [16, 512, 128, 64];
const PIXELS = SLOW_SCAN * FAST_SCAN;
/** Frames that the live pipeline puts in file order at a time. */
const AT_ONCE = 32;
/** Elements from one of them to the next. */
const STRIDE = PIXELS + 32;

/** Trains of an AGIPD1M in online order, 64 pulses, on one thread. */
export async function bench(report: BenchReport): Promise<void> {
  const arena = KernelArena.create(900 * 2 ** 20);
  const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
  const wasm = await createOnlineKernels(module, arena);
  const values = arena.allocate('float32', [MODULES * PIXELS * PULSES]).data;
  // whole numbers: sums are exact in any order
  for (let i = 0; i < values.length; i++) values[i] = (i * 7919) % 1601;
  const raw = arena.allocate('uint16', [MODULES * PIXELS * PULSES]).data;
  for (let i = 0; i < raw.length; i++) raw[i] = values[i];
  const sum = arena.allocate('float32', [PIXELS]).data;
  const count = arena.allocate('int32', [PIXELS]).data;
  const frames = arena.allocate('uint16', [AT_ONCE * STRIDE]).data;
  const layoutOf = (index: number): OnlineLayout => ({
    base: index * PIXELS * PULSES,
    pixelStride: PULSES,
    frames: PULSES,
    slowScan: SLOW_SCAN,
    fastScan: FAST_SCAN,
  });

  const resultsOf = (kernels: OnlineKernels) => {
    const results: ArrayLike<number>[] = [];
    kernels.floatAccumulate(values, layoutOf(3), 1500, sum.fill(0), count.fill(0));
    results.push(sum.slice(), count.slice());
    kernels.rawAccumulate(raw, layoutOf(3), sum.fill(0), count.fill(0));
    results.push(sum.slice());
    kernels.frames(raw, layoutOf(3), 8, 8 + AT_ONCE, frames, STRIDE);
    return [...results, frames.slice()];
  };
  const expected = resultsOf(referenceOnlineKernels);
  for (const [i, got] of resultsOf(wasm).entries())
    for (let j = 0; j < got.length; j++)
      if (got[j] !== expected[i][j]) throw new Error(`result ${i} differs from the reference at ${j}`);

  const measure = (name: string, bytes: number, limit: string | undefined, call: (layout: OnlineLayout) => void) => {
    const { best } = timeCalls(() => {
      for (let index = 0; index < MODULES; index++) call(layoutOf(index));
    });
    report({ name, value: best, unit: 'ms', limit, note: `best; ${(bytes / best / 1e6).toFixed(1)} GB/s` });
  };
  measure('float32 train, mean of pulses', values.byteLength, '<= 100', (layout) =>
    wasm.floatAccumulate(values, layout, 1e6, sum, count),
  );
  measure('uint16 train, mean of pulses', raw.byteLength, '<= 50', (layout) =>
    wasm.rawAccumulate(raw, layout, sum, count),
  );
  measure('uint16 train, to file order 32 frames at a time', raw.byteLength, undefined, (layout) => {
    for (let start = 0; start < PULSES; start += AT_ONCE)
      wasm.frames(raw, layout, start, start + AT_ONCE, frames, STRIDE);
  });
  const axes = { order: 'online', frames: PULSES, planes: 0, isMerged: true, isCertain: true } as const;
  const shape = [MODULES, FAST_SCAN, SLOW_SCAN, PULSES];
  const array = ndarray('float32', shape, values);
  const out = new Float32Array(values.length);
  const { best } = timeCalls(() =>
    inFileOrder(array, axes, { modules: MODULES, slowScan: SLOW_SCAN, fastScan: FAST_SCAN }, out),
  );
  report({
    name: 'float32 train, copied to file order in TypeScript',
    value: best,
    unit: 'ms',
    note: 'best; for users of the library',
  });
}
