import { afterAll, describe, expect, it } from 'vitest';
import {
  type Case,
  checkField,
  choiceOf,
  compareArray,
  expectError,
  type Json,
  type Result,
  readOptions,
  runCase,
  slice,
} from '../../../test/conformance/detector-expected.ts';
import { GOLDEN, readExpected, sha256 } from '../../../test/conformance/hdf5-run-expected.ts';
import { isBigIntDType } from '../../core/dtype.ts';
import { openRun } from '../../platform/node/open-run.ts';
import type { DataWarning } from '../data-warning.ts';
import type { Run } from '../run.ts';
import { byIndex } from '../train-selection.ts';
import { findDetectors } from './find-detectors.ts';
import type { MultiModule } from './multi-module.ts';
import { type DetectorChoice, openDetector } from './open-detector.ts';
import { stackDetectorData } from './stack-train.ts';

/**
 * Entries in which Hutch differs from EXtra-data 1.24, and in what; everything else must be equal. An entry is
 * `file component field-or-case`, with `*` for any text.
 */
const DIFFERING: readonly { readonly entry: string; readonly aspects: readonly string[]; readonly reason: string }[] = [
  {
    entry: 'agipd-components raw {"call":"get_array","key":"image.data","trains":*"roi":[0,*',
    aspects: ['error'],
    reason: 'a number in the region of a labelled AGIPD array fails in the peer, though its docstring advertises it',
  },
  {
    entry: 'reduced * {"call":"get_array","key":"image.pulseId"}',
    aspects: ['dtype', 'sha256'],
    reason:
      'the peer pads integers with NaN and so makes them float64; Hutch keeps uint64 and says in `presence` what is there',
  },
  {
    entry: 'lpd-parallelgain {"raw":true} {"call":"get_array","key":"image.data","pulses":{"slice":[1,null,2]}}',
    aspects: ['coords', 'sha256'],
    reason:
      'the peer orders pulse ids [9, 25, 5] because pandas dropped unused labels; Hutch always has them ascending',
  },
  {
    entry: '* {"call":"dask"*',
    aspects: ['dims', 'coords'],
    reason: 'the deprecated call of the peer names axes dim_0, dim_1 and labels trainId and pulseId; values are equal',
  },
  {
    entry: 'lpd-parallelgain * {"call":"dask"*',
    aspects: ['dims', 'coords', 'shape'],
    reason: 'the deprecated call of the peer also keeps the axis of length 1 behind the frames',
  },
  {
    entry: 'dssc * {"call":"dask"*',
    aspects: ['dims', 'coords', 'shape'],
    reason: 'the deprecated call of the peer also keeps the axis of length 1 behind the frames',
  },
  {
    entry: 'jungfrau-* {"call":"info"*',
    aspects: ['dimensions'],
    reason: 'the peer leaves the axes of JUNGFRAU unnamed, though its labelled arrays name them; Hutch names both',
  },
  {
    entry: 'jungfrau-burst * frame_counts',
    aspects: ['value'],
    reason: 'the peer counts bursts; Hutch counts frames, 16 in each burst, as the frames per train of both do',
  },
  {
    entry: 'jungfrau-burst * train_ids_perframe',
    aspects: ['value'],
    reason: 'the peer has one id for each burst; Hutch one for each frame',
  },
];

/** Fields that describe the whole run: `golden-runs.test.ts` compares them. */
const OF_THE_RUN = ['fixture', 'peer', 'cls', 'info', 'auxiliary', 'auxiliary_repr'];

const PATHS: Readonly<Record<string, string>> = {
  'agipd-components raw': 'root/SPB/202301/p900001/raw/r0034',
  'agipd-components proc': 'root/SPB/202301/p900001/proc/r0034',
  'lpd-parallelgain': 'runs/lpd-parallelgain',
  dssc: 'runs/dssc',
  reduced: 'runs/reduced',
  'jungfrau-burst': 'runs/jungfrau-burst',
  'jungfrau-1cell': 'runs/jungfrau-1cell',
};

const runs = new Map<string, Promise<Run>>();

function open(path: string): Promise<Run> {
  const known = runs.get(path) ?? openRun({ path: GOLDEN + path });
  runs.set(path, known);
  return known;
}

afterAll(async () => {
  for (const run of runs.values()) await (await run).close();
});

const matched = new Set<string>();

/** What is listed to differ in an entry; the last that fits counts. */
function listedAspects(entry: string): readonly string[] {
  const fitting = DIFFERING.filter(({ entry: pattern }) => {
    const parts = pattern.split('*').map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(entry);
  });
  for (const { entry: pattern } of fitting) matched.add(pattern);
  return fitting.at(-1)?.aspects ?? [];
}

/** Differences must be exactly those listed. */
function expectAspects(entry: string, found: readonly string[]): void {
  expect({ entry, differs: [...found].sort() }).toEqual({ entry, differs: [...listedAspects(entry)].sort() });
}

/** One test for each field and each call of a component. */
function describeComponent(file: string, name: string, path: string, choice: DetectorChoice, facts: Json): void {
  const component = async () => openDetector(await open(path), choice);
  describe(`${file} ${name}`, () => {
    it.each(Object.keys(facts).filter((field) => field !== 'cases' && field !== 'warnings'))('%s', async (field) => {
      expectAspects(`${file} ${name} ${field}`, await checkField(await component(), field, facts[field]));
    });
    const cases = (facts.cases ?? []) as { readonly case: Case; readonly result: Result }[];
    it.each(cases.map((entry) => [JSON.stringify(entry.case), entry] as const))('%s', async (text, entry) => {
      const { case: c, result } = entry;
      let detector = await component();
      if (c.trains) detector = detector.selectTrains(byIndex(slice(c.trains.slice)));
      const id = `${file} ${name} ${text}`;
      if (result.error && listedAspects(id).includes('error')) return checkRoiWithNumber(detector, c);
      if (result.error) return expectError(() => runCase(detector, c, result), result.error);
      expectAspects(id, await runCase(detector, c, result));
    });
  });
}

/** A labelled array with a number in its region, which the peer cannot read: the same as cutting the whole array. */
async function checkRoiWithNumber(detector: MultiModule, c: Case): Promise<void> {
  const key = detector.key(c.key as string);
  const { roi } = readOptions(c);
  const cut = await key.readLabelled({ roi });
  expect(cut.dims).toEqual(['module', 'train', 'pulse', 'slow_scan', 'fast_scan']);
  expect(cut.shape).toEqual([5, 1, 3, 50, 80]);
  const whole = await key.read();
  const [modules, frames, , ss, fs] = whole.shape;
  for (let i = 0; i < modules * frames; i++) {
    for (let row = 0; row < 50; row += 7) {
      const start = ((i * 2 + 0) * ss + 10 + row) * fs + 20;
      const line = (i * 50 + row) * 80;
      expect(cut.data.slice(line, line + 80)).toEqual(whole.data.slice(start, start + 80));
    }
  }
}

describe.each(['lpd-parallelgain', 'dssc', 'reduced', 'jungfrau-burst', 'jungfrau-1cell'])('%s.json', (file) => {
  const expected = readExpected(file);
  for (const [kw, facts] of Object.entries(expected.components as Record<string, Json>)) {
    const parsed = JSON.parse(kw);
    describeComponent(file, JSON.stringify(parsed), PATHS[file], choiceOf(parsed), facts);
  }

  it('has no other fields', () => {
    expect(Object.keys(expected).filter((field) => !OF_THE_RUN.includes(field))).toEqual(['components']);
    expect(Object.keys(expected.components).length).toBeGreaterThan(0);
  });
});

describe('agipd-components.json', () => {
  const { raw, proc, min_modules, modules_subset, fallback, identify, stack, ...rest } =
    readExpected('agipd-components');
  const [rawPath, procPath] = [PATHS['agipd-components raw'], PATHS['agipd-components proc']];
  describeComponent('agipd-components', 'raw', rawPath, { isRaw: true }, raw);
  describeComponent('agipd-components', 'proc', procPath, {}, proc);
  describeComponent('agipd-components', 'modules_subset', rawPath, { isRaw: true, modules: [0, 1] }, modules_subset);
  describeComponent('agipd-components', 'raw_none_on_raw', rawPath, {}, fallback.raw_none_on_raw);

  it('has no other fields', () => {
    expect(Object.keys(rest).filter((field) => !OF_THE_RUN.includes(field))).toEqual([]);
    expect(Object.keys(fallback)).toEqual(['raw_none_on_raw', 'raw_false_on_raw', 'raw_true_on_proc', 'masked_on_raw']);
  });

  it.each(Object.keys(min_modules).map(Number))('min_modules %s', async (minModules) => {
    const { error, train_ids } = min_modules[minModules];
    const choice = { isRaw: true, minModules };
    const run = await open(rawPath);
    if (error) return expectError(() => openDetector(run, choice), error);
    expect(openDetector(run, choice).trainIds).toEqual(train_ids);
  });

  it('fallback', async () => {
    const [rawRun, procRun] = [await open(rawPath), await open(procPath)];
    const warnings: DataWarning[] = [];
    const onWarning = (warning: DataWarning) => warnings.push(warning);
    expect(openDetector(rawRun, { onWarning }).isRaw).toBe(true);
    expect(warnings.map(({ kind }) => kind)).toEqual(['raw-fallback']);
    expect(fallback.raw_none_on_raw.warnings).toHaveLength(1);
    openDetector(rawRun, { isRaw: true, onWarning });
    openDetector(procRun, { onWarning });
    expect(warnings).toHaveLength(1);
    await expectError(() => openDetector(rawRun, { isRaw: false }), fallback.raw_false_on_raw.error);
    await expectError(() => openDetector(procRun, { isRaw: true }), fallback.raw_true_on_proc.error);
    await expectError(() => openDetector(rawRun, { isRaw: true }).maskedData(), fallback.masked_on_raw.error);
  });

  it('identify', async () => {
    const run = await open(rawPath);
    expect(findDetectors(run).map(({ name, kind }) => [name, kind.name])).toEqual(identify.raw);
    await expectError(() => openDetector(run, { type: 'LPD1M' }), identify.lpd.error);
  });

  it('stack', async () => {
    const run = (await open(rawPath)).select('*/DET/*', 'image.data');
    const train = await run.readTrain(run.trainIds[2]);
    expect(compareArray(stackDetectorData(train, 'image.data'), stack)).toEqual([]);
  });
});

describe('where the peer is wrong', () => {
  it('integers of ragged trains keep their dtype, and presence says where there is no frame', async () => {
    const detector = openDetector(await open(PATHS.reduced), { isRaw: false });
    const array = await detector.readLabelled({ key: 'image.pulseId' });
    expect([array.dtype, array.shape, array.presence.dims]).toEqual([
      'uint64',
      [2, 4, 5],
      ['module', 'train', 'pulse'],
    ]);
    expect(isBigIntDType(array.dtype)).toBe(true);
    const facts = Object.values(readExpected('reduced').components)[0] as { cases: { case: Case; result: Json }[] };
    const peer = facts.cases.find(({ case: c }) => c.call === 'get_array' && c.key === 'image.pulseId')?.result;
    const absent = array.presence.data.filter((isThere) => isThere === 0).length;
    expect(absent).toBe(peer?.nan_count);
    const padded = Float64Array.from(array.data as BigUint64Array, (id, i) =>
      array.presence.data[i] ? Number(id) : Number.NaN,
    );
    expect(sha256(new Uint8Array(padded.buffer))).toBe(peer?.sha256);
  });

  it('pulse ids are ascending whatever was selected', async () => {
    const detector = openDetector(await open(PATHS['lpd-parallelgain']), { isRaw: true });
    const pulses = byIndex({ start: 1, step: 2 });
    const array = await detector.readLabelled({ pulses });
    expect(array.coords.get('pulse')).toEqual([5, 9, 25]);
    const all = Object.values(readExpected('lpd-parallelgain').components)[0] as {
      cases: { case: Case; result: Result }[];
    };
    const peer = all.cases.find(({ case: c }) => JSON.stringify(c.pulses) === '{"slice":[1,null,2]}')?.result;
    const order = ((peer?.coords?.pulse ?? []) as number[]).map((id) => [5, 9, 25].indexOf(id));
    const pixels = 256 * 256;
    const reordered = new Uint16Array(array.data.length);
    for (let frame = 0; frame < array.data.length / pixels; frame++) {
      const from = (frame - (frame % 3) + order[frame % 3]) * pixels;
      reordered.set((array.data as Uint16Array).subarray(from, from + pixels), frame * pixels);
    }
    expect(sha256(new Uint8Array(reordered.buffer))).toBe(peer?.sha256);
  });

  it('lists nothing that does not differ', () => {
    expect(DIFFERING.map(({ entry }) => entry).filter((entry) => !matched.has(entry))).toEqual([]);
  });
});
