import { afterEach, describe, expect, it } from 'vitest';
import {
  expectArray,
  expectRun,
  GOLDEN,
  type RunFacts,
  readExpected,
} from '../../test/conformance/hdf5-run-expected.ts';
import { isNdArray, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { openRun } from '../platform/node/open-run.ts';
import type { OpenRunOptions } from './open-run.ts';
import type { Run, SourcePattern } from './run.ts';

const RAW = 'root/SPB/202301/p900001/raw/r0034';
const PROC = 'root/SPB/202301/p900001/proc/r0034';
const opened: Run[] = [];

async function open(path: string, options?: OpenRunOptions): Promise<Run> {
  const run = await openRun({ path: GOLDEN + path }, options);
  opened.push(run);
  return run;
}

afterEach(async () => {
  for (const run of opened.splice(0)) await run.close();
});

describe('Run: everything the original says of a run', () => {
  it.each([
    ['raw-run', RAW, 'info'],
    ['proc-run', PROC, 'info'],
    ['empty', 'runs/empty', 'info'],
    ['dssc', 'runs/dssc', 'info'],
    ['lpd-parallelgain', 'runs/lpd-parallelgain', 'info'],
    ['reduced', 'runs/reduced', 'info'],
    ['jungfrau-1cell', 'runs/jungfrau-1cell', 'info'],
    ['jungfrau-burst', 'runs/jungfrau-burst', 'info'],
  ])('%s', async (expected, path, field) => {
    await expectRun(await open(path), readExpected(expected)[field] as RunFacts);
  });

  it.each(['05', '10', '11', '12', '13'])('format %s, with and without suspect trains', async (version) => {
    const expected = readExpected(`fmt${version}`);
    const run = await open(`runs/fmt${version}`);
    // The train without image entries leaves a gap in INDEX of format 0.5, after which the peer reads wrong rows.
    const isPeerWrong = (source: string, key: string) =>
      version === '05' && source.includes('AGIPD') && key.startsWith('image.');
    await expectRun(run, expected.inc_suspect, isPeerWrong);
    expect(run.runMetadata().get('dataFormatVersion')).toBe(expected.inc_suspect.format_version);
    await expectRun(
      await open(`runs/fmt${version}`, { includeSuspectTrains: false }),
      expected.exc_suspect,
      isPeerWrong,
    );
  });
});

describe('Run: gaps in INDEX', () => {
  it('format 0.5: every frame belongs to its train, where the original is two frames off', async () => {
    const run = await open('runs/fmt05');
    const source = run.source('SPB_DET_AGIPD1M-1/DET/7CH0:xtdf');
    const labels = source.key('image.trainId');
    const ids = Array.from((await labels.read()).data as BigUint64Array, Number);
    expect(ids).toEqual(labels.trainIdCoordinates());
    const [peer] = [readExpected('fmt05').inc_suspect.sources[source.name].keys['image.data'].data];
    const ours = await source.key('image.data').read();
    expect(ours.shape).toEqual(peer.shape);
    expect(() => expectArray(ours, peer)).toThrow();
  });

  it('index-gaps: the whole key is the sum of its trains', async () => {
    const expected = readExpected('index-gap-reading');
    const run = await open('runs/validate/index-gaps');
    const rows = Object.values(expected.by_train as Record<string, number[][]>).flat(1);
    const found: string[] = [];
    for (const name of run.instrumentSources) {
      for (const key of run.source(name).keys()) {
        const data = run.key(name, key);
        if (data.shape[0] !== rows.length || data.dtype === 'record') continue;
        const array = await data.read();
        const width = array.data.length / rows.length;
        const heads = rows.map((_, i) =>
          Array.from(array.data.slice(i * width, i * width + rows[0].length) as Uint16Array, Number),
        );
        if (JSON.stringify(heads) !== JSON.stringify(rows)) continue;
        found.push(key);
        expect(data.trainIdCoordinates()).toEqual(expected.train_id_coordinates);
      }
    }
    expect(found).toHaveLength(1);
    expect(rows).not.toEqual(expected.ndarray);
  });
});

describe('Run: suspect trains', () => {
  const expected = readExpected('suspect');
  const names = Object.keys(expected).filter((name) => expected[name].file);

  it.each(names.flatMap((name) => [[name, true] as const, [name, false] as const]))(
    '%s, kept: %s',
    async (name, isKept) => {
      const facts = expected[name][`inc_suspect_trains_${isKept}`];
      const path = expected[name].file;
      if (facts.error) {
        // A train id twice in one file: nobody can say which is right.
        await expect(open(path, { includeSuspectTrains: isKept })).rejects.toMatchObject({ tag: 'FormatInvalid' });
        return;
      }
      const run = await open(path, { includeSuspectTrains: isKept });
      expect(run.trainIds).toEqual(facts.train_ids);
      expectArray(await run.key('SPB_DET_AGIPD1M-1/DET/3CH0:xtdf', 'image.data').read(), facts.image);
      const ix = run.key('SA1_XTD2_XGM/XGM/DOOCS', 'beamPosition.ixPos');
      expectArray(await ix.read(), facts.ix);
      expect(ix.trainIdCoordinates()).toEqual(facts.ix_train_ids);
    },
  );
});

describe('Run: trains', () => {
  const expected = readExpected('raw-run').trains;

  it('gives a train as the original does', async () => {
    const run = await open(RAW);
    expectTrain(await run.readTrain(1000000002), expected.train_from_id.data);
    await expect(run.readTrain(5)).rejects.toMatchObject({ tag: 'TrainNotFound' });
  });

  it('iterates over all trains and stops when aborted', async () => {
    const run = (await open(RAW)).select('*XGM*');
    const ids: number[] = [];
    for await (const train of run.trains()) ids.push(train.trainId);
    expect(ids).toEqual(run.trainIds);
    const reason = new Error('enough');
    const aborted = run.trains({ signal: AbortSignal.abort(reason) })[Symbol.asyncIterator]();
    await expect(aborted.next()).rejects.toBe(reason);
  });
});

function expectTrain(train: Train, facts: Record<string, Record<string, never>>): void {
  expect([...train.sources.keys()].sort()).toEqual(Object.keys(facts).sort());
  for (const [name, keys] of Object.entries(facts)) {
    const source = train.sources.get(name);
    expect([...(source?.data.keys() ?? [])].sort()).toEqual(
      Object.keys(keys)
        .filter((key) => key !== 'metadata')
        .sort(),
    );
    expect(source?.metadata.get('timestamp.tid')).toBe(BigInt(train.trainId));
    for (const [key, value] of source?.data ?? []) {
      if (value instanceof Map) continue;
      expectArray(toArray(value), keys[key], `${name} ${key}`);
    }
  }
}

function toArray(value: TrainValue): NdArray {
  return isNdArray(value) ? value : ndarray('string', [], [value as string]);
}

describe('Run: selections', () => {
  const cases = readExpected('raw-run').selections as {
    ops: [string, ...unknown[]][];
    result: { train_ids: number[]; selection: Record<string, string[] | null>; error?: string };
  }[];
  /** What this reader has: one step of patterns (with a rule for trains) or of trains. */
  const usable = cases.filter(({ ops }) =>
    ops.every(([name, argument]) => name === 'select' || (name === 'select_trains' && trainRange(argument))),
  );

  it('covers a good part of the cases', () => expect(usable.length).toBeGreaterThan(30));

  it.each(usable.map((c) => [JSON.stringify(c.ops), c] as const))('%s', async (_, { ops, result }) => {
    const whole = await open(RAW);
    const apply = () => ops.reduce((run, op) => step(run, op), whole);
    if (result.error) {
      expect(apply).toThrow(/No matches for pattern/);
      return;
    }
    const run = apply();
    expect(run.trainIds).toEqual(result.train_ids);
    const selection = Object.fromEntries([...run.selection].map(([name, keys]) => [name, keys && [...keys].sort()]));
    expect(selection).toEqual(result.selection);
  });
});

type Slice = [number | null, number | null, number | null];

function trainRange(argument: unknown) {
  const a = argument as { slice?: Slice; by_id_slice?: Slice; by_id?: number[] | number; by_index_slice?: Slice };
  const range = ([start, stop, step]: Slice) => ({
    start: start ?? undefined,
    stop: stop ?? undefined,
    step: step ?? undefined,
  });
  if (a.slice) return { by: 'index', ...range(a.slice) } as const;
  if (a.by_index_slice) return { by: 'index', ...range(a.by_index_slice) } as const;
  if (a.by_id_slice) return { by: 'id-range', ...range(a.by_id_slice) } as const;
  if (a.by_id !== undefined) return { by: 'id', ids: [a.by_id].flat() } as const;
  return undefined;
}

function step(run: Run, [name, ...args]: [string, ...unknown[]]): Run {
  if (name === 'select_trains') return run.selectTrains(trainRange(args[0])!);
  const last = args.at(-1) as { _kw?: boolean; require_all?: boolean; require_any?: boolean };
  const positional = last?._kw ? args.slice(0, -1) : args;
  const selected = run.select(positional[0] as string | SourcePattern[], (positional[1] as string) ?? '*');
  if (last?.require_all) return selected.requireData('all');
  return last?.require_any ? selected.requireData('any') : selected;
}

describe('Run: errors say what is near', () => {
  it('source, key', async () => {
    const run = await open(RAW);
    expect(() => run.source('SPB_IRU_MOT/MOTOR/X')).toThrow(
      /No source "SPB_IRU_MOT\/MOTOR\/X".*nearest: SPB_IRU_MOT\/MOTOR\/X1/,
    );
    expect(() => run.key('SPB_IRU_MOT/MOTOR/X1', 'actualPos')).toThrow(/nearest: actualPosition/);
    expect(() => run.source('SA1_XTD2_XGM/XGM/DOOCS:output').runValues()).toThrow(/only control sources/);
  });

  it('a closed run says so', async () => {
    const run = await openRun({ path: GOLDEN + RAW });
    await run.close();
    expect(() => run.key('SPB_IRU_MOT/MOTOR/X1', 'actualPosition')).toThrow(/was closed/);
  });
});
