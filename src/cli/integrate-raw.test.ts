import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHutch } from '../../test/server/hutch-process.ts';
import { ndarray } from '../core/ndarray.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import { writeDaqFile } from '../example/daq-file.ts';
import { encodeNpy } from '../formats/npy.ts';
import { generateExample } from '../platform/node/example-files.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { openRun } from '../platform/node/open-run.ts';
import { correctRawFrames } from './geometry-frames.ts';

const PHOTON_KEV = 9.3;
const PIXELS = 512 * 128;
const MODULES = [3, 4];
const folder = mkdtempSync(join(tmpdir(), 'hutch-integrate-raw-'));
let proposal = '';
const raw = () => join(proposal, 'raw', 'r0004');
const proc = () => join(proposal, 'proc', 'r0004');
const CORRECTED = 'raw frames corrected with dark runs r0001, r0002, r0003 and the gain of usr/constants/gain.h5';

/** Writes the true photons of the data run as corrected frames, as the facility names them, and a mask of faulty pixels. */
async function writeTruth(): Promise<void> {
  const [photons, detector] = await Promise.all(
    ['r0004-photons.h5', 'detector.h5'].map((name) => nodeHdf5Opener.open(join(proposal, 'usr', 'truth', name))),
  );
  const run = await openRun({ path: raw() });
  const mask = new Float32Array(16 * PIXELS).fill(1);
  try {
    for (const [index, module] of MODULES.entries()) {
      const faults = detector.read(`/AGIPD0${module}/faults`).data as Uint8Array;
      for (let i = 0; i < PIXELS; i++) mask[module * PIXELS + i] = faults[i] === 0 ? 0 : 1;
      const trainIds = run.trainIds;
      const there = new Set(
        run.source(`XMPL_DET_AGIPD1M-1/DET/${module}CH0:xtdf`).key('image.data').dropEmptyTrains().trainIds,
      );
      const counts = trainIds.map((id) => (there.has(id) ? 2 : 0));
      const frames = trainIds.flatMap((id, train) => (there.has(id) ? [2 * train, 2 * train + 1] : []));
      const data = new Float32Array(frames.length * PIXELS);
      for (const [i, frame] of frames.entries()) {
        const block = photons.read('/photons', { start: [frame, index, 0, 0], count: [1, 1, 512, 128] });
        data.set(
          (block.data as Uint16Array).map((count) => count),
          i * PIXELS,
        );
      }
      for (let i = 0; i < data.length; i++) data[i] *= PHOTON_KEV;
      const writer = await nodeHdf5Creator.create(join(proc(), `CORR-R0004-AGIPD0${module}-S00000.h5`));
      const ids = ndarray(
        'uint64',
        [frames.length],
        BigUint64Array.from(frames, (f) => BigInt(4 * (f % 2))),
      );
      writeDaqFile(writer, {
        proposal: 700000,
        run: 4,
        sequence: 0,
        runType: 'data',
        sample: '',
        trainIds,
        timestamps: trainIds.map(BigInt),
        control: [],
        pipelines: [
          {
            source: `XMPL_DET_AGIPD1M-1/CORR/${module}CH0:output`,
            group: 'image',
            counts,
            keys: [
              { path: 'data', values: ndarray('float32', [frames.length, 512, 128], data) },
              { path: 'pulseId', values: ids },
              {
                path: 'cellId',
                values: ndarray(
                  'uint16',
                  [frames.length],
                  Uint16Array.from(frames, (f) => f % 2),
                ),
              },
            ],
          },
        ],
      });
      writer.close();
    }
  } finally {
    await run.close();
    photons.close();
    detector.close();
  }
  writeFileSync(join(folder, 'mask.npy'), Buffer.concat(encodeNpy(ndarray('float32', [16, 512, 128], mask))));
}

beforeAll(async () => {
  proposal = await generateExample(folder, { modules: MODULES, trains: 4 });
  await writeTruth();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface PatternJson {
  readonly treatment: string;
  readonly frameCount: number;
  readonly intensity: readonly number[];
  readonly count: readonly number[];
  readonly frames?: readonly (readonly number[])[];
  readonly trainIds?: readonly number[];
  readonly pulseIds?: readonly number[];
}

function call(run: string, ...more: string[]) {
  const geometry = join(proposal, 'usr', 'truth', 'geometry.geom');
  const mask = join(folder, 'mask.npy');
  const words = ['--geometry', geometry, '--mask', mask, '--bins', '100', '--format', 'json'];
  return runHutch(['integrate', run, ...words, ...more]);
}

async function integrate(run: string, ...more: string[]): Promise<PatternJson> {
  const { code, stdout, stderr } = await call(run, ...more);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const pattern = JSON.parse(stdout) as PatternJson;
  expect(stderr).toBe(`${pattern.treatment}\n`);
  return pattern;
}

/** How far bins with many pixels are from the true ones, in photons a pixel. */
function differences(got: readonly number[], truth: readonly number[], count: readonly number[]): number[] {
  const bins = truth.flatMap((_, bin) => (count[bin] > 2000 ? [bin] : []));
  expect(bins.length).toBeGreaterThan(60);
  return bins.map((bin) => Math.abs(got[bin] - truth[bin]) / PHOTON_KEV);
}

describe('hutch integrate of raw AGIPD frames', () => {
  it('corrects them: the curve is that of the true photons, in the mean and in each pulse', async () => {
    const truth = await integrate(proc(), '--per-pulse');
    expect(truth.treatment).toBe('corrected data of the run');
    const got = await integrate(raw(), '--per-pulse');
    expect(got.treatment).toBe(`${CORRECTED} of p700000; ${proc()} has corrected frames, too`);
    expect(got.frameCount).toBe(8);
    expect([got.trainIds, got.pulseIds]).toEqual([truth.trainIds, truth.pulseIds]);
    const { intensity, count } = truth;
    const farthest = Math.max(...differences(got.intensity, intensity, count));
    console.log(`I(q) from raw frames against the true photons: at most ${farthest.toFixed(3)} photons a pixel apart`);
    expect(farthest).toBeLessThan(0.02);
    // Near the beam pixels are in medium and low gain.
    const bright = intensity.flatMap((value, bin) => (value > 30 * PHOTON_KEV ? [got.intensity[bin] / value] : []));
    expect(bright.length).toBeGreaterThan(1);
    for (const ratio of bright) expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
    expect(got.frames).toHaveLength(8);
    for (const [i, each] of (got.frames ?? []).entries()) {
      expect(Math.max(...differences(each, truth.frames?.[i] ?? [], count))).toBeLessThan(0.05);
    }
    const uncorrected = await integrate(raw(), '--raw');
    expect(uncorrected.treatment).toBe('raw, uncorrected, as --raw asks');
    expect(Math.min(...differences(uncorrected.intensity, intensity, count))).toBeGreaterThan(100);
  }, 120_000);

  it('visits the same frames with the constants of one module at a time, and patterns of both add up', async () => {
    const run = await openRun({ path: raw() });
    try {
      const detector = openDetector(run, { isRaw: true });
      const open = (path: string) => openRun({ path });
      const context = { note: () => {}, isTerminal: false, signal: AbortSignal.any([]), openRun: open } as never;
      const visitAll = async (constantBytes: number) => {
        const frames = new Map<number, Map<number, Float32Array>>();
        const order: number[] = [];
        const { isVisited } = await correctRawFrames(context, run, detector, { constantBytes }, (frame) => {
          order.push(frame.index);
          const all = frames.get(frame.index) ?? new Map();
          frames.set(frame.index, all);
          for (const [module, values] of frame.modules) all.set(module, values);
        });
        expect(isVisited).toBe(true);
        return { frames, order };
      };
      const [parts, whole] = [await visitAll(1), await visitAll(Number.POSITIVE_INFINITY)];
      expect(whole.order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      // Module 4 misses two trains.
      expect(parts.order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 6, 7]);
      expect([...whole.frames].map(([, modules]) => [...modules.keys()])).toEqual(
        [2, 1, 1, 2].flatMap((count) => [MODULES.slice(0, count), MODULES.slice(0, count)]),
      );
      expect(parts.frames).toEqual(whole.frames);
    } finally {
      await run.close();
    }
  }, 120_000);

  it('gives all modules at once to clipping', async () => {
    const [truth, got] = [await integrate(proc(), '--sigma-clip', '5'), await integrate(raw(), '--sigma-clip', '5')];
    expect(got.treatment).toContain(CORRECTED);
    // What is clipped differs a little with the noise.
    const [most] = differences(got.intensity, truth.intensity, truth.count).sort((a, b) => b - a);
    expect(most).toBeLessThan(0.1);
  }, 120_000);

  it('takes the constants of another proposal by --constants, where the run lies in none', async () => {
    const elsewhere = join(folder, 'copies', 'r0004');
    mkdirSync(join(folder, 'copies'));
    symlinkSync(raw(), elsewhere);
    const alone = await call(elsewhere);
    expect([alone.code, alone.stdout]).toEqual([1, '']);
    expect(alone.stderr).toMatch(
      /r0004: raw, uncorrected: no constants found, the run lies in no raw folder of a proposal with dark runs\. Give the proc run, or --constants PROPOSAL with dark runs; or say --raw to integrate ADU/,
    );
    const [own, named] = [await integrate(raw()), await integrate(elsewhere, '--constants', proposal)];
    expect(named.treatment).toBe(`${CORRECTED} of p700000`);
    expect(named.intensity).toEqual(own.intensity);
    const nowhere = await call(raw(), '--constants', folder);
    expect([nowhere.code, nowhere.stdout]).toEqual([1, '']);
    expect(nowhere.stderr).toMatch(/has no set of three AGIPD dark runs/);
    const both = await call(raw(), '--constants', proposal, '--raw');
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('give one of the two')]);
  }, 120_000);

  it('says where corrected frames are if there are no dark runs', async () => {
    renameSync(join(proposal, 'raw', 'r0002'), join(proposal, 'r0002'));
    try {
      const { code, stdout, stderr } = await call(raw());
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`${proc()} has corrected frames: give that; or say --raw to integrate ADU`);
      // Run names look into proc, too.
      const byName = await call('p700000/r0004', '--data-root', folder);
      expect([byName.code, byName.stderr]).toEqual([0, 'corrected data of the run\n']);
    } finally {
      renameSync(join(proposal, 'r0002'), join(proposal, 'raw', 'r0002'));
    }
  }, 120_000);
});
