import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { ndarray } from '../core/ndarray.ts';
import { openRun } from '../platform/node/open-run.ts';
import { type EntryRoi, takeSteps } from './entry-roi.ts';
import type { KeyData } from './key-data.ts';
import { dimLength, labelled, selectPositions } from './labelled-array.ts';
import type { Run } from './run.ts';
import { toSingleValue } from './single-value.ts';
import { localTimeText } from './train-times.ts';

let run: Run;
let camera: KeyData;
let peaks: KeyData;

beforeAll(async () => {
  run = await openRun({ path: `${GOLDEN}root/SPB/202301/p900001/raw/r0034` });
  camera = run.key('SPB_IRU_CAM/CAM/SIDEMIC:daqOutput', 'data.image.pixels');
  peaks = run.key('SPB_XTD9_MCP/ADC/1:channel_5.output', 'data.peaks');
});
afterAll(async () => run.close());

describe('KeyData.read with regions', () => {
  it('steps take every n-th position, and labels follow', async () => {
    const whole = await camera.read();
    const roi: EntryRoi = [
      [1, 12, 4],
      [-4, 20, 2],
    ];
    const part = await camera.readLabelled({ roi, extraDims: ['y', 'x'] });
    expect(part.shape).toEqual([4, 3, 2]);
    expect([part.coords.get('y'), part.coords.get('x')]).toEqual([
      [1, 5, 9],
      [16, 18],
    ]);
    const [, height, width] = whole.shape;
    const expected = [0, 1, 2, 3].flatMap((entry) =>
      [1, 5, 9].flatMap((y) => [16, 18].map((x) => whole.data[(entry * height + y) * width + x])),
    );
    expect(Array.from(part.data as Uint16Array)).toEqual(expected);
    expect((await camera.read({ roi: [3, [0, 20, 7]] })).shape).toEqual([4, 3]);
  });

  it('takeSteps agrees with picking elements one by one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
        (entries, inner, steps) => {
          const size = inner.reduce((a, b) => a * b, 1);
          const array = ndarray(
            'int32',
            [entries, ...inner],
            Int32Array.from({ length: entries * size }, (_, i) => i),
          );
          const picked = Array.from(array.data).filter((value) => {
            let rest = value % size;
            return inner.every((_, axis) => {
              const stride = inner.slice(axis + 1).reduce((a, b) => a * b, 1);
              const position = Math.floor(rest / stride);
              rest %= stride;
              return position % steps[axis] === 0;
            });
          });
          expect(Array.from(takeSteps(array, steps).data as Int32Array)).toEqual(picked);
        },
      ),
    );
  });

  it('says what is wrong', async () => {
    await expect(camera.read({ roi: [[0, 3, 0]] })).rejects.toThrow(/step 0 must be 1 or more/);
    await expect(camera.read({ roi: [12] })).rejects.toThrow(/Position 12 is outside axis 0 of length 12/);
    await expect(camera.read({ roi: [[0.5, 2]] })).rejects.toThrow(/needs whole numbers/);
    await expect(camera.read({ roi: [0, 0, 0] })).rejects.toThrow(/more axes than an entry/);
    const out = ndarray('uint16', [4, 6, 20], new Uint16Array(480));
    await expect(camera.read({ roi: [[0, 12, 2]], out })).rejects.toThrow(/steps cannot be read into `out`/);
    await expect(camera.readLabelled({ extraDims: ['y'] })).rejects.toThrow(/2 axes to name, got \[y\]/);
    await expect(camera.readLabelled({ extraCoords: { dim_0: [1, 2] } })).rejects.toThrow(
      /has length 12, its labels 2/,
    );
  });
});

describe('KeyData train by train', () => {
  it('pieces are whole trains and make the whole', async () => {
    const whole = await peaks.read();
    const trainBytes = 3 * 24 * 4;
    for (const maxBytes of [1, trainBytes, 2.5 * trainBytes, 2 ** 30]) {
      const sizes: number[] = [];
      const values: number[] = [];
      for await (const { trainIds, array } of peaks.readPieces({ maxBytes })) {
        sizes.push(trainIds.length);
        values.push(...(array.data as Float32Array));
      }
      expect(values).toEqual(Array.from(whole.data as Float32Array));
      expect(Math.max(...sizes)).toBe(Math.max(1, Math.min(6, Math.floor(maxBytes / trainBytes))));
    }
  });

  it('reads one train at a time, and stops when aborted', async () => {
    const reason = new Error('enough');
    const control = new AbortController();
    const seen: number[] = [];
    const loop = async () => {
      for await (const { trainId } of peaks.trains({ signal: control.signal })) {
        seen.push(trainId);
        control.abort(reason);
      }
    };
    await expect(loop()).rejects.toBe(reason);
    expect(seen).toEqual([1000000000]);
  });

  it('values of a train: axes, records, text, nothing', async () => {
    const [, second] = run.trainIds;
    expect(await camera.readTrainValue(second)).toMatchObject({ shape: [12, 20] });
    expect(await camera.readTrainValue(second, { keepDims: true })).toMatchObject({ shape: [1, 12, 20] });
    expect(await camera.readTrainValue(run.trainIds[0])).toBeNull();
    const hits = (await run.key('SPB_REMI_DLD6/DET/TOP:output', 'rec.hits').readTrainValue(second)) as Map<
      string,
      unknown
    >;
    expect([...hits.keys()]).toEqual(['x', 'y', 't', 'm']);
    const records = await run.key('SPB_REMI_DLD6/DET/TOP:output', 'rec.hits').readLabelledFields();
    expect(records.get('m')?.dims).toEqual(['trainId', 'dim_0']);
    await expect(camera.readTrainValue(5)).rejects.toMatchObject({ tag: 'TrainNotFound' });
    await expect(camera.readTrainValueAt(6)).rejects.toMatchObject({ tag: 'SelectionInvalid' });
  });

  it('bounds fit what is read, also where trains lack data', () => {
    const { starts, stops } = camera.trainIndexBounds();
    expect([starts, stops]).toEqual([
      [0, 0, 1, 2, 2, 3],
      [0, 1, 2, 2, 3, 4],
    ]);
  });
});

describe('single values', () => {
  const column = (...values: number[]) => ndarray('float64', [values.length], Float64Array.from(values));

  it('of numbers, big integers, texts and arrays', () => {
    expect(toSingleValue(column(2, 2, 2), 'x')).toBe(2);
    expect(toSingleValue(column(1, 2), 'x', { atol: 1, reduceBy: 'max' })).toBe(2);
    expect(toSingleValue(column(1, 2), 'x', { atol: 1, reduceBy: (v) => v[0] + 0.5 })).toBe(1.5);
    const big = ndarray('uint64', [2], BigUint64Array.of(2n ** 60n + 1n, 2n ** 60n + 1n));
    expect(toSingleValue(big, 'x')).toBe(2n ** 60n + 1n);
    const pair = ndarray('int32', [2, 2], Int32Array.of(1, 5, 1, 5));
    expect(toSingleValue(pair, 'x')).toEqual(ndarray('float64', [2], Float64Array.of(1, 5)));
    expect(toSingleValue(ndarray('string', [2], ['ON', 'ON']), 'x')).toBe('ON');
  });

  it('says what is wrong', () => {
    expect(() => toSingleValue(column(), 'S k')).toThrow(/S k has no data/);
    expect(() => toSingleValue(column(1, Number.NaN), 'x')).toThrow(/not within tolerance/);
    expect(() => toSingleValue(ndarray('string', [2], ['ON', 'OFF']), 'x')).toThrow(/2 different texts/);
  });
});

describe('labelled arrays', () => {
  it('take positions along an axis', () => {
    const array = labelled(ndarray('int16', [2, 3], Int16Array.of(0, 1, 2, 3, 4, 5)), {
      name: 'a',
      dims: ['trainId', 'x'],
      coords: new Map([['x', [10, 20, 30]]]),
    });
    const part = selectPositions(array, 'x', [2, 0]);
    expect([Array.from(part.data), part.shape, part.coords.get('x')]).toEqual([
      [2, 0, 5, 3],
      [2, 2],
      [30, 10],
    ]);
    expect(dimLength(selectPositions(array, 'trainId', [1]), 'trainId')).toBe(1);
    expect(() => selectPositions(array, 'y', [0])).toThrow(/has no axis "y"; it has trainId, x/);
    expect(() => selectPositions(array, 'x', [3])).toThrow(/Position 3 is outside axis "x"/);
    expect(() => labelled(array, { name: 'b', dims: ['x'] })).toThrow(/2 axes of shape/);
  });
});

describe('local times', () => {
  it('are in summer or winter time, with what fraction there is', () => {
    expect(localTimeText(1790000000100000000n)).toBe('2026-09-21 16:13:20.100000+02:00');
    expect(localTimeText(1800000000000000000n)).toBe('2027-01-15 09:00:00+01:00');
    expect(localTimeText(1800000000000000001n, 'UTC')).toBe('2027-01-15 08:00:00.000000001+00:00');
    expect(localTimeText(1800000000000000000n, 'America/St_Johns')).toBe('2027-01-15 04:30:00-03:30');
  });
});
