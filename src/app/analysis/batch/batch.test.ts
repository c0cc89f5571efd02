import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FrameGatherer } from '../../../explore/frame-gatherer.ts';
import { batchHdf5, rowLabel } from './batch-file.ts';
import { type BatchChoice, type BatchResult, planBatch } from './batch-store.ts';
import { parsePulses, pulseText } from './pulse-range.ts';

const PYTHON = '/usr/bin/python3';
const hasPython = spawnSync(PYTHON, ['-c', 'import h5py']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'hutch-batch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CHOICE: BatchChoice = { every: 1, firstPulse: 0, lastPulse: 0, pulseStep: 1, rows: 'each' };
const plan = (change: Partial<BatchChoice>, trains = 4, maxPulses = 5) =>
  planBatch({ ...CHOICE, ...change }, { trains, maxPulses }).map(({ train, pulses }) => `${train}:${pulses}`);

describe('a batch', () => {
  it('takes trains and pulses as they are chosen', () => {
    expect(plan({ every: 3 })).toEqual(['0:0', '3:0']);
    expect(plan({ every: 2, firstPulse: 1, lastPulse: null, pulseStep: 2 })).toEqual(['0:1', '0:3', '2:1', '2:3']);
    expect(plan({ every: 2, lastPulse: 2, rows: 'mean' })).toEqual(['0:0,1,2', '2:0,1,2']);
    expect(plan({ every: 9, lastPulse: 99, rows: 'max' })).toEqual(['0:0,1,2,3,4']);
    expect(() => plan({ firstPulse: 5, lastPulse: null })).toThrow(/no pulses from 5 to the end: .* at most 5/);
    expect(() => plan({ firstPulse: 3, lastPulse: 2 })).toThrow(/no pulses from 3 to 2/);
    expect(() => plan({ lastPulse: null }, 5000)).toThrow(/25000 rows are more than 20000/);
    expect(plan({ lastPulse: null, rows: 'sum' }, 5000)).toHaveLength(5000);
  });

  it('pulses are told and read as text', () => {
    for (const text of ['all', '0', '3', '0 to 30', '10 to last', '0 to 350 step 5', '2 to last step 3']) {
      const range = parsePulses(text);
      if (typeof range === 'string') throw new Error(range);
      expect(pulseText(range)).toBe(text);
    }
    expect(parsePulses(' 4..9 ')).toEqual({ firstPulse: 4, lastPulse: 9, pulseStep: 1 });
    expect(parsePulses('')).toEqual({ firstPulse: 0, lastPulse: null, pulseStep: 1 });
    expect(
      ['x', '-1', '1.5', '3 to', '5 to 4', '0 to 9 step 0', '9999999'].map((text) => typeof parsePulses(text)),
    ).toEqual(new Array(7).fill('string'));
  });

  it('gathers the pulses of a train without missing values', () => {
    const frames = [Float32Array.of(1, Number.NaN, Number.NaN), Float32Array.of(3, 5, Number.NaN)];
    const gathered = (['mean', 'max', 'sum'] as const).map((over) => {
      const gather = new FrameGatherer(3, over);
      for (const frame of frames) gather.add(frame);
      return [...gather.finish()];
    });
    expect(gathered).toEqual([
      [2, 5, Number.NaN],
      [3, 5, Number.NaN],
      [4, 5, Number.NaN],
    ]);
  });

  it.skipIf(!hasPython)('is a NeXus file that h5py reads (needs python3-h5py)', () => {
    const result: BatchResult = {
      unit: 'q_A^-1',
      x: Float64Array.of(0.5, 1, 1.5),
      made: 'each',
      rows: [
        { trainId: 1_000_000_007, train: 0, pulses: [2] },
        { trainId: 1_000_000_011, train: 4, pulses: [3] },
      ],
      intensity: Float32Array.of(1, 2, 3, 4, 5, 6.5),
      sigma: Float32Array.of(0, 0, 0, 0, 0, 0.25),
      version: 3,
      name: 'p700000-r4',
      skipped: 0,
      reason: null,
      regions: [],
      regionMeans: [[], []],
    };
    const path = join(folder, 'batch.h5');
    writeFileSync(path, batchHdf5(result));
    const READ = `
import h5py, json, sys
f = h5py.File(sys.argv[1])
g = f[f.attrs['default']][f['entry'].attrs['default']]
signal = g[g.attrs['signal']]
axes = list(g.attrs['axes'])
print(json.dumps([g.attrs['NX_class'], str(signal.dtype), signal[:].tolist(), g['intensity_errors'][1, 2].item(), axes,
  [g[a][:].tolist() for a in axes], g['q'].attrs['units'], g['firstPulse'][:].tolist(), g['trainIndex'][:].tolist()]))`;
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', READ, path], { encoding: 'utf8' });
    if (!stdout) throw new Error(stderr);
    expect(JSON.parse(stdout)).toEqual([
      ...['NXdata', 'float32'],
      ...[
        [
          [1, 2, 3],
          [4, 5, 6.5],
        ],
        0.25,
      ],
      ...[
        ['trainId', 'q'],
        [
          [1_000_000_007, 1_000_000_011],
          [0.5, 1, 1.5],
        ],
        '1/angstrom',
        [2, 3],
        [0, 4],
      ],
    ]);
    expect(result.rows.map((row) => rowLabel(row, true))).toEqual(['…0007 p2', '…0011 p3']);
  });
});
