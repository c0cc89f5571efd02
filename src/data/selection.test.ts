import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { ndarray } from '../core/ndarray.ts';
import { openRun } from '../platform/node/open-run.ts';
import { labelled, type TrainMask, whereText, whereTrue } from './labelled-array.ts';
import type { Run } from './run.ts';
import type { SourcePattern } from './source-selection.ts';
import { byId, byIndex, selectTrainIds, splitTrainIds } from './train-selection.ts';

let run: Run;

beforeAll(async () => {
  run = await openRun({ path: `${GOLDEN}root/SPB/202301/p900001/raw/r0034` }, { onWarning: () => undefined });
});
afterAll(async () => run.close());

const facts = (from: Run) => ({
  trainIds: from.trainIds,
  selection: [...from.selection].map(([name, keys]) => `${name}: ${keys === null ? 'all' : [...keys].sort()}`).sort(),
});

/** Patterns of which each matches something in the raw run. */
const patterns = fc.constantFrom<SourcePattern>(
  '*XGM*',
  '*MOTOR*',
  '*/DET/*',
  'SPB_IRU_MOT/MOTOR/X1',
  ['*XGM/DOOCS', 'beamPosition.*'],
  ['*XGM/DOOCS', 'state'],
  ['*MOTOR/[XY]1', 'actual*'],
  ['*', 'data.trainId'],
  ['*/DET/*CH0:xtdf', 'image.*'],
);
const trainLists = fc
  .uniqueArray(fc.integer({ min: 1, max: 2000 }), { maxLength: 60 })
  .map((ids) => ids.sort((a, b) => a - b));

describe('properties of selections', () => {
  it('select is idempotent', () => {
    fc.assert(
      fc.property(fc.array(patterns, { minLength: 1, maxLength: 4 }), (list) => {
        const once = run.select(list);
        expect(facts(once.select(once))).toEqual(facts(once));
        expect(facts(once.select('*'))).toEqual(facts(once));
        expect(facts(run.select(once))).toEqual(facts(once));
      }),
    );
  });

  it('what is selected and what is deselected make the whole', () => {
    fc.assert(
      fc.property(fc.array(patterns, { minLength: 1, maxLength: 3 }), (list) => {
        const [chosen, rest] = [run.select(list), run.deselect(list)];
        const keysOf = (from: Run) =>
          from.sources.flatMap((name) =>
            from
              .source(name)
              .keys()
              .map((key) => `${name} ${key}`),
          );
        // A device with run values only has no keys to split.
        expect([...keysOf(chosen), ...keysOf(rest)].sort()).toEqual(keysOf(run).sort());
      }),
      { numRuns: 30 },
    );
  });

  it('the union with itself is itself, and order does not matter', () => {
    fc.assert(
      fc.property(fc.array(patterns, { minLength: 1, maxLength: 3 }), patterns, fc.nat(5), (list, other, index) => {
        const one = run.select(list).selectTrains(byIndex({ start: index }));
        const two = run.select([other]).selectTrains(byIndex({ stop: index + 1 }));
        expect(facts(one.union(one))).toEqual(facts(one));
        expect(facts(one.union(two))).toEqual(facts(two.union(one)));
        expect(one.union(two).trainIds).toEqual([...new Set([...one.trainIds, ...two.trainIds])].sort((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  it('splitTrains concatenates to the whole, in parts of nearly equal size', () => {
    fc.assert(
      fc.property(
        trainLists,
        fc.option(fc.integer({ min: 1, max: 70 }), { nil: undefined }),
        fc.option(fc.integer({ min: 1, max: 70 }), { nil: undefined }),
        (trainIds, parts, trainsPerPart) => {
          fc.pre(parts !== undefined || trainsPerPart !== undefined);
          const split = splitTrainIds(trainIds, { parts, trainsPerPart });
          expect(split.flat()).toEqual(trainIds);
          const sizes = split.map((part) => part.length);
          fc.pre(trainIds.length > 0);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          if (trainsPerPart !== undefined) expect(Math.max(...sizes)).toBeLessThanOrEqual(trainsPerPart);
          if (trainsPerPart === undefined) expect(sizes.length).toBe(Math.min(parts as number, trainIds.length));
        },
      ),
    );
  });

  it('ids, positions and masks agree', () => {
    fc.assert(
      fc.property(trainLists, fc.array(fc.nat(59)), (trainIds, wanted) => {
        const positions = [...new Set(wanted.filter((position) => position < trainIds.length))].sort((a, b) => a - b);
        const ids = positions.map((position) => trainIds[position]);
        const mask = trainIds.map((_, i) => positions.includes(i));
        const trainMask: TrainMask = labelled(ndarray('bool', [ids.length], new Uint8Array(ids.length).fill(1)), {
          name: 'wanted',
          dims: ['trainId'],
          coords: new Map([['trainId', ids]]),
        });
        expect(selectTrainIds(trainIds, byIndex(positions))).toEqual(ids);
        expect(selectTrainIds(trainIds, positions)).toEqual(ids);
        expect(selectTrainIds(trainIds, byId([...ids].reverse()))).toEqual(ids);
        expect(selectTrainIds(trainIds, trainMask)).toEqual(ids);
        if (mask.length > 0) expect(selectTrainIds(trainIds, mask)).toEqual(ids);
        for (const [i, id] of trainIds.entries()) {
          expect(selectTrainIds(trainIds, i)).toEqual([id]);
          expect(selectTrainIds(trainIds, i - trainIds.length)).toEqual([id]);
          expect(selectTrainIds(trainIds, byId(id))).toEqual([id]);
        }
      }),
    );
  });

  it('ranges of ids and of positions agree', () => {
    fc.assert(
      fc.property(trainLists, fc.nat(60), fc.nat(60), fc.integer({ min: 1, max: 5 }), (trainIds, start, stop, by) => {
        fc.pre(start < trainIds.length && stop < trainIds.length);
        expect(selectTrainIds(trainIds, byId({ start: trainIds[start], stop: trainIds[stop], step: by }))).toEqual(
          selectTrainIds(trainIds, byIndex({ start, stop, step: by })),
        );
      }),
    );
  });
});

describe('forms of selections', () => {
  it('sets, records, maps, sources and keys', () => {
    const xgm = run.source('SA1_XTD2_XGM/XGM/DOOCS');
    const two = ['SA1_XTD2_XGM/XGM/DOOCS', 'SA1_XTD2_XGM/XGM/DOOCS:output'];
    expect(run.select(new Set(two)).sources).toEqual(two);
    expect(run.select({ [two[0]]: ['state'], [two[1]]: null }).sources).toEqual(two);
    expect(run.select(new Map([[two[0], new Set(['state'])]])).selection.get(two[0])).toEqual(new Set(['state.value']));
    expect(run.select(xgm.selectKeys('beamPosition.*')).selection.get(two[0])?.size).toBe(4);
    expect(run.select(xgm.key('state')).selection).toEqual(new Map([[two[0], new Set(['state.value'])]]));
    expect(() => run.select({ [two[0]]: 'state' })).toThrow(/must be a list or set of names/);
  });

  it('trains by a condition of another key', async () => {
    const position = await run.key('SPB_IRU_MOT/MOTOR/X1', 'actualPosition').readLabelled();
    const some = run.selectTrains(whereTrue(position, (x) => x > 16 && x < 20.5));
    expect(some.trainIds).toEqual([1000000001, 1000000002, 1000000003]);
    const state = await run.key('SA1_XTD2_XGM/XGM/DOOCS', 'state').readLabelled();
    expect(run.selectTrains(whereText(state, (text) => text !== 'OFF')).trainIds).toEqual([]);
    expect(() => whereTrue(state, () => true)).toThrow(/only real numbers/);
    expect(() => run.selectTrains(whereTrue({ ...position, dims: ['x'] }, () => true))).toThrow(/one axis "trainId"/);
  });

  it('says what is wrong', () => {
    expect(() => run.selectTrains(6)).toThrow(/no train at position 6: the selection has 6/);
    expect(() => run.selectTrains([true])).toThrow(/1 values for 6 trains/);
    expect(() => run.selectTrains(byIndex({ step: 0 }))).toThrow(/Step 0 must be 1 or more/);
    expect(() => run.splitTrains({})).toThrow(/give `parts`, `trainsPerPart` or both/);
    expect(() => run.splitTrains({ parts: 0 })).toThrow(/at least 1/);
  });

  it('sources: one key, index groups, counts', () => {
    const module = run.source('SPB_DET_AGIPD1M-1/DET/2CH0:xtdf');
    expect(module.oneKey('trailer')).toMatch(/^trailer\./);
    expect(() => module.oneKey('nope')).toThrow(/in index group "nope"/);
    expect(module.indexGroups()).toEqual(['detector', 'header', 'image', 'trailer']);
    expect(module.selectKeys(['image.data', 'header.linkId']).indexGroups()).toEqual(['header', 'image']);
    expect(module.dataCounts('image')).toEqual([3, 3, 3, 0, 3, 3]);
    expect(module.dataCounts()).toEqual([3, 3, 3, 1, 3, 3]);
    expect([...module.dataCountsByTrain('image').values()]).toEqual([3, 3, 3, 0, 3, 3]);
    expect(module.dropEmptyTrains('image').trainIds).toHaveLength(5);
    expect(module.dropEmptyTrains().trainIds).toHaveLength(6);
    expect(module.trainIdCoordinates('header')).toHaveLength(6);
    expect(() => module.trainIdCoordinates()).toThrow(/differ in their number of entries/);
    expect(module.splitTrains({ parts: 2 }).map((part) => part.trainIds.length)).toEqual([3, 3]);
    expect([module.storageClass, module.dataCategory, module.isInstrument, module.isAuxiliary]).toEqual([
      'raw',
      'RAW',
      true,
      false,
    ]);
    expect(run.source('SPB_IRU_MOT/MOTOR/X1').runValues({ timestamps: false }).get('classId')).toBe(
      'BeckhoffSimpleMotor',
    );
  });

  it('an old name selected alone is read in trains, beside its source only once', async () => {
    await using proc = await openRun(
      { path: `${GOLDEN}root/SPB/202301/p900001/proc/r0034` },
      { onWarning: () => undefined },
    );
    const old = 'SPB_DET_AGIPD1M-1/DET/0CH0:xtdf';
    const { sources } = await proc.select(old, 'image.trainId').readTrainAt(0);
    expect([...sources.keys()]).toEqual([old]);
    expect([...(sources.get(old)?.data.keys() ?? [])]).toEqual(['image.trainId']);
    const both = await proc.select('*0CH0:*', 'image.trainId').readTrainAt(0);
    expect([...both.sources.keys()]).toEqual(['SPB_DET_AGIPD1M-1/CORR/0CH0:output']);
  });

  it('a selection is not to be closed: the opened run is', async () => {
    await expect(run.select('*XGM*').close()).rejects.toMatchObject({ tag: 'StateInvalid' });
    await expect(run.union(run).close()).rejects.toThrow(/close that run/);
  });

  it('a train of a selection counts its warnings', () => {
    const warnings: string[] = [];
    const warn = ({ kind }: { kind: string }) => void warnings.push(kind);
    expect(selectTrainIds([10, 11], byId([5]), warn)).toEqual([]);
    expect(selectTrainIds([10, 11], byId({ start: 12 }), warn)).toEqual([]);
    expect(selectTrainIds([10, 11], byId({ stop: 10 }), warn)).toEqual([]);
    expect(selectTrainIds([10, 11], byId({ start: 3 }), warn)).toEqual([10, 11]);
    expect(warnings).toEqual(['trains-not-found', 'trains-outside-run', 'trains-outside-run']);
  });
});
