import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { listRuns, nodeRunPorts, openRun } from '../platform/node/open-run.ts';
import { parseAliases } from './alias-table.ts';
import type { KeyData } from './key-data.ts';
import { readAliasFile } from './open-aliases.ts';
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

  it('takes settings from the environment where none are given', async () => {
    const before = process.env['EXTRA_DATA_DATA_ROOT'];
    try {
      process.env['EXTRA_DATA_DATA_ROOT'] = ROOT;
      await using run = await openRun(900001, 34, { data: 'raw' });
      expect(run.files.length).toBe(13);
      await using same = await openRun({ proposal: 'p900001', run: 'r0034' }, { data: ['raw'] });
      expect(same.trainIds).toEqual(run.trainIds);
    } finally {
      if (before === undefined) delete process.env['EXTRA_DATA_DATA_ROOT'];
      else process.env['EXTRA_DATA_DATA_ROOT'] = before;
    }
  });

  it('refuses folders outside the proposal', async () => {
    const target = { proposal: 900001, run: 34, dataRoot: ROOT };
    await expect(openRun(target, { data: '../p900002/raw' })).rejects.toMatchObject({ tag: 'Usage' });
    await expect(openRun(target, { data: [] })).rejects.toMatchObject({ tag: 'Usage' });
    await expect(openRun(target, { data: ['scratch', 'raw'] })).rejects.toMatchObject({ tag: 'RunNotFound' });
  });

  it('asks a filter which files to open', async () => {
    const path = `${ROOT}/SPB/202301/p900001/raw/r0034`;
    const asked: (readonly string[])[] = [];
    const fileFilter = async (paths: readonly string[]) => {
      asked.push(paths);
      return paths.filter((file) => file.includes('-S00000'));
    };
    await using run = await openRun({ path }, { include: '*DA01*', fileFilter });
    expect(asked).toEqual([[join(path, 'RAW-R0034-DA01-S00000.h5'), join(path, 'RAW-R0034-DA01-S00001.h5')]]);
    expect(run.files).toEqual([join(path, 'RAW-R0034-DA01-S00000.h5')]);
    await expect(openRun({ path }, { fileFilter: () => [] })).rejects.toThrow(
      /No HDF5 files in .* and pass the filter/,
    );
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

  it('zero inside trainId: it moves no rows, where the peer takes those of the train before', async () => {
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

describe('openRun: aliases', () => {
  /** A proposal with one small run; its instrument has default aliases. */
  function plantProposal(name: string): { root: string; software: string; usr: string } {
    const root = join(folder, name, 'exp');
    const proposal = join(root, 'SPB/202301/p900009');
    mkdirSync(join(proposal, 'raw/r0001'), { recursive: true });
    copyFileSync(GOOD, join(proposal, 'raw/r0001/RAW-R0009-DA01-S00000.h5'));
    const software = join(folder, name, 'sw');
    mkdirSync(join(software, 'SPB'), { recursive: true });
    writeFileSync(
      join(software, 'SPB/extra-data-aliases-default.yml'),
      'Motor_X: [SPB_IRU_MOT/MOTOR/X1, actualPosition]\n',
    );
    return { root, software, usr: join(proposal, 'usr') };
  }
  const target = (dataRoot: string) => ({ proposal: 900009, run: 1, dataRoot });

  it("a proposal without any gets a copy of its instrument's", async () => {
    const { root, software, usr } = plantProposal('copied');
    const open = createRunOpener({ ...nodeRunPorts, softwareRoot: software });
    await using run = await open(target(root));
    const copy = join(usr, 'extra-data-aliases.yml');
    expect(run.aliases.names).toEqual(['motor-x']);
    expect(run.aliases.table.files).toEqual([copy]);
    expect(statSync(copy).mode & 0o777).toBe(0o666);
    expect((await run.aliases.key('MOTOR_X').read()).shape).toEqual([4]);
    writeFileSync(copy, 'mine: SPB_IRU_MOT/MOTOR/X1\n');
    await using again = await open(target(root));
    expect(again.aliases.names).toEqual(['mine']);
    expect(again.aliases.source('mine').name).toBe('SPB_IRU_MOT/MOTOR/X1');
  });

  it('none, others, or those given', async () => {
    const { root, software } = plantProposal('chosen');
    const nothing = createRunOpener({ ...nodeRunPorts, softwareRoot: join(software, 'nope') });
    await using bare = await nothing(target(root));
    expect(bare.aliases.names).toEqual([]);
    const open = createRunOpener({ ...nodeRunPorts, softwareRoot: software });
    await using none = await open(target(root), { aliases: null });
    expect(none.aliases.names).toEqual([]);
    await using given = await open(target(root), {
      aliases: { m: ['SPB_IRU_MOT/MOTOR/X1', 'busy'], 'A/B/C': { k: 'x' } },
    });
    expect(given.aliases.names).toEqual(['m', 'k']);
    expect(given.select(given.aliases.get('m') as KeyData).sources).toEqual(['SPB_IRU_MOT/MOTOR/X1']);
    expect(() => given.aliases.key('m', 'busy')).toThrow(/stands for a key/);
    expect(() => given.aliases.key('k')).toThrow(/No source "A\/B\/C"/);
    expect(() => given.onlyAliases({ q: 'X/Y/Z' })).toThrow(/None of the 1 aliases/);
    await expect(open(target(root), { aliases: '{}/usr/other.json' })).rejects.toThrow(
      /p900009\/usr\/other\.json is not there/,
    );
  });

  it.each([
    ['bad.yml', 'a: [1, 2\nb: c', /bad\.yml is no valid YML: /],
    ['bad.json', '{', /bad\.json is no valid JSON/],
    ['bad.toml', 'a = = 1', /bad\.toml is no valid TOML/],
    ['list.yml', '- a\n- b', /list\.yml: aliases are a table of names, got a list of 2/],
    ['number.yml', 'a: 3', /number\.yml: "a" is a number. Write alias: source/],
    ['three.json', '{"a": ["b", "c", "d"]}', /"a" is a list of 3/],
    ['inner.toml', '[s]\na = 3', /"s: a" is a number/],
    ['twice.json', '{"A_b": "S/1/2", "a-b": "S/3/4"}', /Conflicting definition of alias a-b/],
    ['other.txt', 'a: b', /must end in \.yml, \.yaml, \.json or \.toml/],
  ])('%s says what is wrong', async (name, text, reason) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    await expect(readAliasFile(nodeRunPorts.files, path)).rejects.toThrow(reason);
  });

  it('an empty file has none; equal definitions are no conflict', async () => {
    const path = join(folder, 'empty.yml');
    writeFileSync(path, '');
    expect((await readAliasFile(nodeRunPorts.files, path)).targets.size).toBe(0);
    expect(parseAliases({ a_b: 'S/1/2', 'A-B': 'S/1/2' }).targets.size).toBe(1);
  });
});
