import { type BenchReport, timeCalls } from '../../tools/measure.ts';
import { referenceKernels } from '../kernels/reference.ts';
import { type AgipdConstants, uniformGain } from './agipd-constants.ts';
import { correctAgipdFrame } from './agipd-correction.ts';
import { characteriseAgipdDarks, constantsFromDarks } from './agipd-dark.ts';
import { DEFAULT_AGIPD_OPTIONS } from './agipd-options.ts';
import { packAgipdConstants, packedLengths } from './pack-constants.ts';

const PIXELS = 512 * 128;
const CELLS = 8;
const FRAMES = 10;

/** What it takes to get from dark runs to corrected frames: one module, plain TypeScript, one thread. */
export async function bench(report: BenchReport): Promise<void> {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const plane = (mean: number) => Uint16Array.from({ length: PIXELS }, () => mean + 30 * (random() + random() - 1));
  const frames = [0, 1, 2].map((stage) =>
    Array.from({ length: FRAMES }, () => ({
      analogue: plane([5000, 8000, 8200][stage]),
      gain: plane(5000 + 1500 * stage),
    })),
  );
  const source = {
    cells: CELLS,
    slowScan: 512,
    fastScan: 128,
    async *frames(stage: 0 | 1 | 2, { start, stop }: { start: number; stop: number }) {
      for (const frame of frames[stage]) for (let cell = start; cell < stop; cell++) yield { ...frame, cellId: cell };
    },
  };
  const start = performance.now();
  const darks = await characteriseAgipdDarks(source);
  report({
    name: `constants from darks, ${CELLS} cells x ${FRAMES} frames x 3 stages`,
    value: performance.now() - start,
    unit: 'ms/module',
  });

  const constants: AgipdConstants = constantsFromDarks(darks, uniformGain(7, 0.25, 0.05));
  const lengths = packedLengths(CELLS, PIXELS);
  const target = { limits: new Uint16Array(lengths.limits), factors: new Float32Array(lengths.factors) };
  const packed = packAgipdConstants(constants, DEFAULT_AGIPD_OPTIONS, target);
  const out = { data: new Float32Array(PIXELS), stage: new Uint8Array(PIXELS), mask: new Uint32Array(PIXELS) };
  const frame = { analogue: plane(5100), gain: plane(5740), cellId: 3 };
  correctAgipdFrame(frame, constants, DEFAULT_AGIPD_OPTIONS, out);
  const raw = new Uint16Array(2 * PIXELS);
  raw.set(frame.analogue);
  raw.set(frame.gain, PIXELS);
  const fast = { data: new Float32Array(PIXELS), stage: new Uint8Array(PIXELS) };
  const layout = { base: 0, frameStride: 2 * PIXELS, frames: 1 };
  const { rangeKeV } = DEFAULT_AGIPD_OPTIONS;
  referenceKernels.correct(raw, layout, PIXELS, Uint16Array.of(3), packed, rangeKeV, fast.data, fast.stage);
  for (let i = 0; i < PIXELS; i++) {
    const isFar = !(Math.abs(fast.data[i] - out.data[i]) <= 1e-3) && !Number.isNaN(fast.data[i]);
    if (fast.stage[i] !== out.stage[i] || isFar) {
      throw new Error(`pixel ${i}: packed constants give ${fast.data[i]}, the plain correction ${out.data[i]}`);
    }
  }
  const packing = timeCalls(() => packAgipdConstants(constants, DEFAULT_AGIPD_OPTIONS, target), 800).median;
  report({ name: `pack constants, ${CELLS} cells`, value: packing, unit: 'ms/module' });
  const plain = timeCalls(() => correctAgipdFrame(frame, constants, DEFAULT_AGIPD_OPTIONS, out), 800).median;
  report({ name: 'correct one frame of one module, with mask (plain)', value: plain, unit: 'ms' });
}
