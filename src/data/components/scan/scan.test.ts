import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { controlSource, FIRST_TRAIN, type MockRun, openMockRun } from '../../../../test/conformance/mock-run.ts';
import { ndarray } from '../../../core/ndarray.ts';
import { RandomStream } from '../../../example/random.ts';
import { labelled } from '../../labelled-array.ts';
import { detectSteps } from './detect-steps.ts';
import { openScan, readScan, scanOf } from './scan.ts';

const MOTOR = 'SPB_EXP_MOT/MOTOR/X';
const opened: MockRun[] = [];
afterAll(async () => {
  for (const mock of opened) await mock.close();
});

/** Positions of a motor that stays `length` trains at each place and moves `moving` trains in between. */
function scanValues(places: readonly number[], length: number, moving: number, jitter: number, seed = 1): number[] {
  const random = new RandomStream(seed, 0x5ca0);
  return places.flatMap((place, i) => {
    const next = places[i + 1];
    const way = next === undefined ? [] : Array.from({ length: moving }, (_, k) => (k + 1) / (moving + 1));
    return [...new Array<number>(length).fill(place), ...way.map((part) => place + part * (next - place))].map(
      (position) => position + jitter * random.normal(),
    );
  });
}

const places = (count: number, start = -1.2, step = 0.05) => Array.from({ length: count }, (_, i) => start + i * step);

describe('detectSteps', () => {
  it.each([
    ['no jitter, no way', 20, 0, 0],
    ['jitter', 20, 0, 5e-4],
    ['strong jitter', 40, 2, 3e-3],
    ['a slow motor', 15, 4, 2e-4],
    ['short steps', 4, 0, 2e-4],
  ] as const)('%s', (_, length, moving, jitter) => {
    const wanted = places(11);
    const { steps } = detectSteps(scanValues(wanted, length, moving, jitter));
    expect(steps).toHaveLength(wanted.length);
    for (const [i, { position, indices }] of steps.entries()) {
      expect(Math.abs(position - wanted[i])).toBeLessThan(0.005);
      const inside = indices.filter(
        (index) => index >= i * (length + moving) && index < i * (length + moving) + length,
      );
      expect(inside.length).toBeGreaterThanOrEqual(0.8 * length);
    }
  });

  it('leaves single stray trains out, and keeps the step whole', () => {
    const values = scanValues(places(5), 20, 1, 1e-4);
    values[7] = 99;
    values[31] = Number.NaN;
    values[50] += 0.02;
    const { steps } = detectSteps(values);
    expect(steps).toHaveLength(5);
    expect(steps.flatMap(({ indices }) => indices).filter((i) => [7, 31, 50].includes(i))).toEqual([]);
    expect(steps[0].indices).toHaveLength(19);
  });

  it('joins what a short excursion parted, not what comes again later', () => {
    const there = new Array<number>(20).fill(3);
    expect(detectSteps([...there, 5, 5, ...there]).steps).toHaveLength(1);
    const back = detectSteps([...there, ...new Array<number>(20).fill(4), ...there]);
    expect(back.steps.map(({ position }) => position)).toEqual([3, 4, 3]);
  });

  it('keeps to the parameters it is given', () => {
    const values = scanValues(places(6), 10, 0, 1e-4);
    expect(detectSteps(values, { resolution: 1 }).steps).toHaveLength(1);
    expect(detectSteps(values, { minTrains: 11 }).steps).toHaveLength(0);
    expect(detectSteps([]).steps).toEqual([]);
  });

  it('finds equal steps whatever their size and unit', () => {
    const count = fc.integer({ min: 3, max: 30 });
    const scale = fc.double({ min: -6, max: 4, noNaN: true });
    fc.assert(
      fc.property(count, fc.integer({ min: 5, max: 40 }), scale, fc.nat(1000), (steps, length, exponent, seed) => {
        const size = 10 ** exponent;
        const wanted = places(steps, 3 * size, size);
        const found = detectSteps(scanValues(wanted, length, 0, 0.01 * size, seed));
        expect(found.steps).toHaveLength(steps);
      }),
      { numRuns: 60 },
    );
  });
});

describe('Scan', () => {
  async function openMotor(values: readonly number[]) {
    const mock = await openMockRun(values.length, {
      control: [
        controlSource(MOTOR, 'Motor', { actualPosition: values, signal: values.map((x, i) => 2 * x + (i % 2)) }),
      ],
    });
    opened.push(mock);
    return mock.run;
  }

  it('knows the trains of each step and splits a run by them', async () => {
    const run = await openMotor(scanValues([1, 2, 3], 6, 1, 0));
    const scan = await openScan(run, MOTOR);
    expect([...scan.positions.data]).toEqual([1, 2, 3]);
    expect(scan.steps[1].trainIds).toEqual([7, 8, 9, 10, 11, 12].map((i) => FIRST_TRAIN + i));
    expect(scan.splitBySteps(run).map(({ trainIds }) => trainIds.length)).toEqual([6, 6, 6]);
    const steps = scan.stepOfTrains();
    expect([steps.shape, steps.data[6]]).toEqual([[18], 1]);
    expect(scan.name).toBe(`${MOTOR}.actualPosition`);
  });

  it('averages over steps', async () => {
    const run = await openMotor(scanValues([1, 2, 3], 6, 0, 0));
    const scan = await openScan(run, MOTOR);
    const { mean, deviation, counts } = scan.binBySteps(await run.key(MOTOR, 'signal').readLabelled());
    expect([mean.dims, [...mean.data]]).toEqual([['position'], [2.5, 4.5, 6.5]]);
    expect([...deviation.data]).toEqual([0.5, 0.5, 0.5]);
    expect([...counts.data]).toEqual([6, 6, 6]);
    expect([...(mean.coords.get('position') as Float64Array)]).toEqual([1, 2, 3]);
    const image = labelled(ndarray('uint16', [2, 2], Uint16Array.of(1, 2, 3, 4)), {
      name: 'image',
      dims: ['trainId', 'x'],
      coords: new Map([['trainId', [FIRST_TRAIN, FIRST_TRAIN + 1]]]),
    });
    const binned = scan.binBySteps(image);
    expect([binned.mean.shape, [...binned.mean.data]]).toEqual([
      [3, 2],
      [2, 3, NaN, NaN, NaN, NaN],
    ]);
    expect([...binned.counts.data]).toEqual([2, 0, 0]);
  });

  it('is no scan where the motor stood still', async () => {
    const run = await openMotor(scanValues([1], 50, 0, 1e-3));
    expect((await openScan(run, MOTOR)).steps).toEqual([]);
  });

  it('says what it cannot use', async () => {
    const run = await openMotor([1, 2]);
    await expect(openScan(run, 'SPB_EXP_MOT/MOTOR/Y')).rejects.toMatchObject({ tag: 'SourceNotFound' });
    await expect(openScan(run, MOTOR, { key: 'target' })).rejects.toMatchObject({ tag: 'KeyNotFound' });
    const nothing = run.key(MOTOR, 'actualPosition').selectTrains({ by: 'id', ids: [] });
    await expect(readScan(nothing)).rejects.toMatchObject({ tag: 'NoData' });
    const plane = labelled(ndarray('float64', [1, 1], Float64Array.of(1)), {
      name: 'plane',
      dims: ['trainId', 'x'],
      coords: new Map([['trainId', [1]]]),
    });
    expect(() => scanOf(plane)).toThrow(expect.objectContaining({ tag: 'ShapeMismatch' }));
    expect(() => scanOf({ ...plane, dims: ['x', 'y'] })).toThrow(/needs trainId/);
  });
});
