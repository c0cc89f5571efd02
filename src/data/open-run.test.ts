import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN, readExpected } from '../../test/conformance/hdf5-run-expected.ts';
import { typeStringOf } from '../core/dtype.ts';
import { listRuns, nodeRunPorts, openRun } from '../platform/node/open-run.ts';
import { OpenFileLimit } from './open-file-limit.ts';
import { createRunOpener } from './open-run.ts';
import { listProposals } from './proposals.ts';

const GOOD = `${GOLDEN}runs/fmt12/RAW-R0009-DA01-S00000.h5`;
const ROOT = `${GOLDEN}root`;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-open-run-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file with a content, alone in a folder of its own or beside a good one. */
function plant(name: string, content: Uint8Array | string, isBesideGood = false): string {
  const run = join(folder, name);
  mkdirSync(run);
  const file = join(run, 'RAW-R0009-DA02-S00000.h5');
  writeFileSync(file, content);
  if (isBesideGood) copyFileSync(GOOD, join(run, 'RAW-R0009-DA01-S00000.h5'));
  return isBesideGood ? run : file;
}

describe('openRun: proposals', () => {
  const cases = readExpected('open-run').cases as {
    kwargs: { data?: unknown };
    result: {
      train_ids?: number[];
      selection: Record<string, null>;
      raw_or_proc: Record<string, string>;
      n_files: number;
    };
  }[];
  const plain = cases.filter(
    ({ kwargs, result }) =>
      Object.keys(kwargs).every((k) => k === 'data') && !Array.isArray(kwargs.data) && result.train_ids,
  );

  it.each(plain.map((c) => [JSON.stringify(c.kwargs), c] as const))('%s', async (_, { kwargs, result }) => {
    const run = await openRun(
      { proposal: 900001, run: 34, dataRoot: ROOT },
      { data: kwargs.data as string | undefined },
    );
    try {
      expect(run.trainIds).toEqual(result.train_ids);
      // The peer shows proc data of module 9 under the raw name when raw has no module 9: we do not.
      const isMixed = kwargs.data === undefined || kwargs.data === 'default';
      const wanted = Object.keys(result.selection).filter((name) => !(isMixed && name.includes('/DET/9CH0')));
      const names = [...run.sources, ...run.legacySources.keys()].sort();
      expect(names.filter((name) => !(isMixed && name.includes('/DET/9CH0')))).toEqual(wanted);
      for (const [source, dtype] of Object.entries(result.raw_or_proc)) {
        if (!run.hasSource(source)) continue;
        expect([source, typeStringOf(run.key(source, 'image.data').dtype as never)]).toEqual([source, dtype]);
      }
    } finally {
      await run.close();
    }
  });

  it.each([
    ['p900001', 'r0034'],
    ['900001', '34'],
    [900001, 34],
  ])('understands %s, %s', async (proposal, number) => {
    const run = await openRun({ proposal, run: number, dataRoot: ROOT }, { data: 'raw' });
    expect(run.files.length).toBe(13);
    await run.close();
  });

  it('says what is not there', async () => {
    await expect(openRun({ proposal: 1, run: 1, dataRoot: ROOT })).rejects.toThrow(/No proposal p000001 below/);
    await expect(openRun({ proposal: 900001, run: 99, dataRoot: ROOT })).rejects.toMatchObject({ tag: 'RunNotFound' });
    await expect(openRun({ proposal: '../x', run: 1, dataRoot: ROOT })).rejects.toMatchObject({ tag: 'Usage' });
    await expect(openRun({ path: join(folder, 'nope') })).rejects.toMatchObject({ tag: 'RunNotFound' });
    await expect(openRun({ path: ROOT })).rejects.toMatchObject({ tag: 'NoData' });
  });

  it('lists proposals and runs, and reads unchanged runs once', async () => {
    expect(await listProposals(nodeRunPorts.files, ROOT)).toMatchObject([
      { proposal: 'p900001', instrument: 'SPB', cycle: '202301', runs: 1 },
    ]);
    const [row] = await listRuns(ROOT, 'p900001');
    expect(row).toMatchObject({
      run: 34,
      hasRaw: true,
      hasProc: true,
      files: 19,
      trains: 6,
      firstTrainId: 1000000000,
      lastTrainId: 1000000005,
      startedAt: 1790000000000,
      durationS: 0.6,
      detectors: ['SPB_DET_AGIPD1M-1'],
      problems: [],
    });
    const [again] = await listRuns(ROOT, 900001);
    expect(again).toBe(row);
  });
});

describe('openRun: bad files', () => {
  const good = readFileSync(GOOD);
  const bad: readonly (readonly [name: string, content: () => Uint8Array | string, reason: RegExp])[] = [
    ['empty', () => '', /is empty/],
    ['text', () => 'not an HDF5 file, but long enough to look at', /is not an HDF5 file/],
    ['cut', () => good.subarray(0, good.length / 2), /is cut off: \d+ bytes of \d+/],
    ['only-signature', () => good.subarray(0, 8), /damaged HDF5 superblock/],
    [
      'zeroed-inside',
      () => Uint8Array.from(good, (byte, i) => (i > 100 && i < good.length - 100 ? 0 : byte)),
      /DA02-S00000\.h5/,
    ],
    [
      'no-metadata',
      () => readFileSync(`${GOLDEN}runs/validate/no-metadata/RAW-R0017-DA01-S00000.h5`),
      /not a European XFEL file/,
    ],
    [
      'no-trainid',
      () => readFileSync(`${GOLDEN}runs/validate/no-trainid/RAW-R0017-DA01-S00000.h5`),
      /not a European XFEL file/,
    ],
  ];

  it.each(bad)('%s: refused alone', async (name, content, reason) => {
    const opening = openRun({ path: plant(`${name}-alone`, content()) });
    await expect(opening).rejects.toThrow(reason);
    await expect(opening).rejects.toSatisfy((error) =>
      ['FileUnreadable', 'FormatInvalid'].includes((error as { tag: string }).tag),
    );
  });

  it.each(bad)('%s: left out of a run, with the reason', async (name, content, reason) => {
    const run = await openRun({ path: plant(name, content(), true) });
    expect(run.skippedFiles).toHaveLength(1);
    expect(run.skippedFiles[0].reason).toMatch(reason);
    expect(run.trainIds).toHaveLength(4);
    expect((await run.key('SPB_IRU_MOT/MOTOR/X1', 'actualPosition').read()).shape).toEqual([4]);
    await run.close();
  });

  it('a run of bad files only', async () => {
    const file = plant('all-bad', 'no');
    await expect(openRun({ path: join(file, '..') })).rejects.toThrow(/None of the 1 HDF5 files/);
  });

  it('an index that refers to rows that were never written', async () => {
    const run = await openRun({ path: `${GOLDEN}runs/validate/index-outside-dataset-instrument` });
    const results = await Promise.allSettled(
      run.instrumentSources.flatMap((name) =>
        run
          .source(name)
          .keys()
          .map((key) => run.key(name, key).read()),
      ),
    );
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toMatch(/INDEX of .* refers to entry \d+, but .* has \d+/);
    await run.close();
  });

  it('zeros in the middle of trainId move no rows', async () => {
    const run = await openRun({ path: `${GOLDEN}runs/validate/zeros-in-trainid` });
    let checked = 0;
    for (const name of run.instrumentSources) {
      for (const key of run
        .source(name)
        .keys()
        .filter((key) => key.endsWith('.trainId'))) {
        const data = run.key(name, key);
        const ids = Array.from((await data.read()).data as BigUint64Array, Number);
        expect(data.trainIdCoordinates()).toEqual(ids);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(0);
    await run.close();
  });
});

describe('openRun: many files', () => {
  it('keeps few open at a time and reads the same', async () => {
    const openFew = createRunOpener(nodeRunPorts, new OpenFileLimit(2));
    const path = `${ROOT}/SPB/202301/p900001/raw/r0034`;
    const [few, all] = [await openFew({ path }), await openRun({ path })];
    for (const [name, key] of [
      ['SPB_DET_AGIPD1M-1/DET/0CH0:xtdf', 'image.trainId'],
      ['SPB_DET_AGIPD1M-1/DET/7CH0:xtdf', 'image.trainId'],
      ['SPB_IRU_MOT/MOTOR/X1', 'actualPosition'],
      ['SPB_VAC/TSENS/T1', 'calibration.rawValue'],
      ['SPB_DET_AGIPD1M-1/DET/0CH0:xtdf', 'image.pulseId'],
    ]) {
      expect((await few.key(name, key).read()).data).toEqual((await all.key(name, key).read()).data);
    }
    await few.close();
    await all.close();
  });
});
