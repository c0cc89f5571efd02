import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BadPixels } from '../core/bad-pixels.ts';
import { isXfelError } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { uniformGain } from './agipd-constants.ts';
import type { AgipdFrame } from './agipd-correction.ts';
import { type AgipdDarkSource, characteriseAgipdDarks, constantsFromDarks } from './agipd-dark.ts';
import { describeSamples, medianAndDeviation } from './dark-statistics.ts';

const folder = fileURLToPath(new URL('../../test/golden/calibration/dark-agipd/', import.meta.url));
const SIDE = 48;
const PIXELS = SIDE * SIDE;
const CELLS = 2;

const runs = await Promise.all(
  [11, 12, 13].map(async (run) => {
    const file = await nodeHdf5Opener.open(`${folder}RAW-R00${run}-AGIPD00-S00000.h5`);
    const image = '/INSTRUMENT/SPB_DET_AGIPD1M-1/DET/0CH0:xtdf/image';
    const data = (file.read(`${image}/data`) as NdArray<'uint16'>).data;
    const cellIds = (file.read(`${image}/cellId`) as NdArray<'uint16'>).data;
    return { data, cellIds };
  }),
);
const expected = await nodeHdf5Opener.open(`${folder}expected.h5`);

let passes = 0;
const source: AgipdDarkSource = {
  cells: CELLS,
  slowScan: SIDE,
  fastScan: SIDE,
  async *frames(stage, { start, stop }): AsyncGenerator<AgipdFrame> {
    passes++;
    const { data, cellIds } = runs[stage];
    // one buffer for all frames: whoever keeps a frame must copy it
    const frame = new Uint16Array(2 * PIXELS);
    for (let k = 0; k < cellIds.length; k++) {
      if (cellIds[k] < start || cellIds[k] >= stop) continue;
      frame.set(data.subarray(2 * k * PIXELS, 2 * (k + 1) * PIXELS));
      yield { analogue: frame.subarray(0, PIXELS), gain: frame.subarray(PIXELS), cellId: cellIds[k] };
    }
  },
};

/** The largest difference to a constant of the fixture, whose axes are (stage, cell, ss, fs). */
function difference(name: string, got: NdArray, stages: number): number {
  const want = expected.read(`/${name}`) as NdArray<'float32'>;
  let largest = 0;
  for (let stage = 0; stage < stages; stage++)
    for (let cell = 0; cell < CELLS; cell++)
      for (let i = 0; i < PIXELS; i++) {
        const a = Number(got.data[(cell * stages + stage) * PIXELS + i]);
        const b = Number(want.data[(stage * CELLS + cell) * PIXELS + i]);
        if (Number.isNaN(a) && Number.isNaN(b)) continue;
        largest = Math.max(largest, Number.isNaN(a - b) ? Number.POSITIVE_INFINITY : Math.abs(a - b));
      }
  return largest;
}

describe('characteriseAgipdDarks', () => {
  it.each([
    ['all cells at once', 512 * 2 ** 20, 3],
    ['one cell a pass', 1, 6],
  ])('gives the constants of the fixture, %s', async (_name, memory, expectedPasses) => {
    passes = 0;
    const progress: number[] = [];
    const darks = await characteriseAgipdDarks(source, { memory, onProgress: (fraction) => progress.push(fraction) });
    expect(passes).toBe(expectedPasses);
    expect(progress.at(-1)).toBe(1);
    expect(difference('Offset', darks.offset, 3)).toBe(0);
    expect(difference('OffsetMean', darks.offsetMean, 3)).toBeLessThan(1e-3);
    expect(difference('Noise', darks.noise, 3)).toBeLessThan(1e-4);
    expect(difference('GainLevel', darks.gainLevel, 3)).toBe(0);
    expect(difference('GainLevelStd', darks.gainLevelDeviation, 3)).toBeLessThan(1e-4);
    expect(difference('BadPixelsDark', darks.badPixels, 3)).toBe(0);
    const thresholds = expected.read('/ThresholdsDark') as NdArray<'float32'>;
    for (let cell = 0; cell < CELLS; cell++)
      for (let k = 0; k < 2; k++)
        expect(darks.thresholds.data.subarray((cell * 2 + k) * PIXELS, (cell * 2 + k + 1) * PIXELS)).toEqual(
          thresholds.data.subarray((k * CELLS + cell) * PIXELS, (k * CELLS + cell + 1) * PIXELS),
        );
    const bad = darks.badPixels.data.filter((bits) => bits !== 0).length / darks.badPixels.data.length;
    expect(bad).toBeGreaterThan(0);
    expect(bad).toBeLessThan(0.1);
    const constants = constantsFromDarks(darks, uniformGain(7, 0.2, 0.05));
    expect(constants.offset).toBe(darks.offset);
  });

  it('has no constants where there are too few frames, and says why', async () => {
    const darks = await characteriseAgipdDarks(source, { minFrames: 1000 });
    expect(darks.offset.data.every(Number.isNaN)).toBe(true);
    expect(darks.badPixels.data.every((bits) => (bits & BadPixels.OFFSET_NOISE_EVAL_ERROR) !== 0)).toBe(true);
  });

  it('refuses runs without frames, and stops when it is told to', async () => {
    const empty: AgipdDarkSource = { ...source, async *frames() {} };
    const failure = await characteriseAgipdDarks(empty).catch((error: unknown) => error);
    expect(isXfelError(failure, 'NoData')).toBe(true);
    const stopped = await characteriseAgipdDarks(source, { signal: AbortSignal.abort('enough') }).catch((e) => e);
    expect(stopped).toBe('enough');
  });
});

describe('describeSamples', () => {
  it.each([1, 2, 5, 6, 40, 41])('is exact for %i frames', (n) => {
    let state = 7;
    const frames = Array.from({ length: n }, () =>
      Uint16Array.from({ length: 300 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state >>> 18;
      }),
    );
    const out = { median: new Float32Array(300), mean: new Float32Array(300), deviation: new Float32Array(300) };
    describeSamples(frames, out);
    for (const pixel of [0, 255, 256, 299]) {
      const values = frames.map((frame) => frame[pixel]).sort((a, b) => a - b);
      const mean = values.reduce((a, b) => a + b, 0) / n;
      expect(out.median[pixel]).toBe(n % 2 ? values[(n - 1) / 2] : (values[n / 2 - 1] + values[n / 2]) / 2);
      expect(out.mean[pixel]).toBe(Math.fround(mean));
      expect(out.deviation[pixel]).toBeCloseTo(Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / n), 3);
    }
  });
});

describe('medianAndDeviation', () => {
  it.each([1, 2, 3, 10, 1001, 4096])('of %i values, some of them equal, leaving out what is not finite', (n) => {
    let state = n;
    const values = Float32Array.from({ length: n }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state >>> 24) / 2;
    });
    const sorted = values.slice().sort();
    const mean = values.reduce((a, b) => a + b, 0) / n;
    const got = medianAndDeviation(Float32Array.from([Number.NaN, ...values, Number.POSITIVE_INFINITY]));
    expect(got.median).toBe(n % 2 ? sorted[(n - 1) / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2);
    expect(got.deviation).toBeCloseTo(Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / n), 9);
  });

  it('of nothing is NaN', () => {
    expect(medianAndDeviation(Float32Array.of(Number.NaN))).toEqual({ median: Number.NaN, deviation: Number.NaN });
  });
});
