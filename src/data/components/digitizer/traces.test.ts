import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  controlSource,
  FIRST_TRAIN,
  type MockRun,
  openMockRun,
  pipelineGroup,
} from '../../../../test/conformance/mock-run.ts';
import { ndarray } from '../../../core/ndarray.ts';
import { BUNCH_RATE } from '../../bunch-rate.ts';
import { RaggedArray } from '../../ragged-array.ts';
import { subtractBaseline } from './baseline.ts';
import { openDigitizerChannel } from './channel.ts';
import { findEdges } from './edges.ts';

const SAMPLES = 7000;
const TRAINS = 3;
const DEVICE = 'SPB_EXP_ADC/ADC/1';
/** Level of each of the eight converters of a channel. */
const LEVELS = [100, 140, 90, 200, 111, 95, 180, 130];
/** Pulses of a detector: place in the table, rise from this sample of the window on, height. */
const PULSES = [
  { id: 1000, edge: 40, height: 500 },
  { id: 1004, edge: 55, height: 250 },
  { id: 1008, edge: 40.5, height: 1000 },
];
const FIRST_SAMPLE = 1500;
const [RISE, WIDTH] = [8, 30];

/** Height at a distance from the start of the rise: up in a straight line, then flat. */
const shape = (distance: number) => (distance < 0 || distance > WIDTH ? 0 : Math.min(1, distance / RISE));

function traceOf(train: number, sign: 1 | -1): number[] {
  return Array.from({ length: SAMPLES }, (_, i) => {
    const signal = PULSES.reduce((sum, { id, edge, height }) => {
      const start = FIRST_SAMPLE + (id - 1000) * 440 + edge;
      return sum + height * shape(i - start);
    }, 0);
    return LEVELS[i % 8] + 10 * train + sign * signal;
  });
}

let mock: MockRun;
const traces = (sign: 1 | -1, offset: number) =>
  ndarray(
    'float32',
    [TRAINS, SAMPLES],
    Float32Array.from([0, 1, 2].flatMap((train) => traceOf(train, sign).map((v) => v + offset))),
  );

beforeAll(async () => {
  const flag = (value: number) => ndarray('bool', [TRAINS], new Uint8Array(TRAINS).fill(value));
  mock = await openMockRun(TRAINS, {
    control: [
      controlSource(DEVICE, 'Digitizer', { 'board1/interleavedMode': flag(0), 'board2/interleavedMode': flag(1) }),
    ],
    pipelines: [
      pipelineGroup(`${DEVICE}:network`, 'digitizers', [1, 1, 1], {
        'channel_1_A/raw/samples': traces(1, 0),
        'channel_1_B/raw/samples': traces(-1, 5000),
        'channel_2_A/raw/samples': traces(1, 0),
      }),
      pipelineGroup('SPB_ADC2/ADC/2:network', 'digitizers', [1, 1, 1], { 'channel_1_C/raw/samples': traces(1, 0) }),
    ],
  });
});
afterAll(() => mock.close());

const pulseIds = new RaggedArray('uint32', {
  name: 'pulses',
  trainIds: [FIRST_TRAIN, FIRST_TRAIN + 1, FIRST_TRAIN + 9],
  counts: [3, 3, 3],
  data: Uint32Array.from([0, 1, 2].flatMap(() => PULSES.map(({ id }) => id))),
});

describe('subtractBaseline', () => {
  it('takes away whatever each converter and each train adds, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 12, maxLength: 12 }),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: -50, max: 50 }),
        (period, levels, first, step, level) => {
          const [quietFirst, quietLength, length] = [3, 24, 40];
          const at = (train: number, i: number) => levels[(i % period) + 6 * train];
          const quiet = [0, 1].flatMap((train) =>
            Array.from({ length: quietLength }, (_, i) => at(train, quietFirst + i)),
          );
          const signal = (i: number) => (i * 37) % 11;
          const trace = [0, 1].flatMap((train) =>
            Array.from({ length }, (_, i) => at(train, first + i * step) + signal(i)),
          );
          const got = subtractBaseline(
            ndarray('int16', [2, length], Int16Array.from(trace)),
            ndarray('int16', [2, quietLength], Int16Array.from(quiet)),
            { first, step, quietFirst },
            { period, level },
          );
          for (let i = 0; i < 2 * length; i++) expect(got.data[i]).toBeCloseTo(signal(i % length) + level, 4);
        },
      ),
    );
  });
});

describe('findEdges', () => {
  it('gives a time that does not depend on the height', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 5, max: 60, noNaN: true }),
        fc.double({ min: 20, max: 5000, noNaN: true }),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        fc.boolean(),
        (start, height, fraction, isNegative) => {
          const sign = isNegative ? -1 : 1;
          const trace = Float32Array.from({ length: 120 }, (_, i) => sign * height * shape(i - start));
          const [edge, ...more] = findEdges(trace, { threshold: 10, fraction, isNegative });
          expect(more).toEqual([]);
          expect(edge.amplitude).toBeCloseTo(sign * height, 1);
          // The first sample of the rise is not on its line.
          expect(Math.abs(edge.position - (start + fraction * RISE))).toBeLessThan(0.3);
        },
      ),
    );
  });

  it('several pulses, dead time, and what is cut off at the start', () => {
    const trace = new Float32Array(100);
    trace.set([9, 9], 0);
    trace.set([5, 10, 5], 20);
    trace.set([2, 4, 2], 30);
    trace.set([0, 8, 0], 60);
    const at = (options: Parameters<typeof findEdges>[1]) => findEdges(trace, options).map(({ position }) => position);
    expect(at({ threshold: 3 })).toEqual([20, 30, 60.5]);
    expect(at({ threshold: 5 })).toEqual([20, 60.5]);
    expect(at({ threshold: 3, deadTime: 15 })).toEqual([20, 60.5]);
    expect(findEdges(trace, { threshold: 3 }).map(({ amplitude }) => amplitude)).toEqual([10, 4, 8]);
    expect(findEdges(new Float32Array(5).fill(Number.NaN), { threshold: 1 })).toEqual([]);
    expect(() => findEdges(trace, { threshold: 0 })).toThrow(/above 0/);
    expect(() => findEdges(trace, { threshold: 1, fraction: 1 })).toThrow(/between 0 and 1/);
  });
});

describe('traces of a channel', () => {
  const open = (name: string) => openDigitizerChannel(mock.run, name);

  it('without baseline: each converter and each train at 0', async () => {
    const corrected = await open('1_A').readCorrected();
    expect([corrected.dims, corrected.shape, corrected.dtype]).toEqual([
      ['trainId', 'sample'],
      [TRAINS, SAMPLES],
      'float32',
    ]);
    const quiet = corrected.data.filter((_, i) => i % SAMPLES < FIRST_SAMPLE + 40);
    expect(Math.max(...quiet.map(Math.abs))).toBeLessThan(1e-3);
    expect(corrected.data[SAMPLES + FIRST_SAMPLE + 40 + RISE + 2]).toBeCloseTo(500, 2);
    const some = await open('1_A').readCorrected({ samples: [1501, 1600, 3], baseline: [16, 64], level: 7 });
    expect(some.coords.get('sample')).toEqual(Array.from({ length: 33 }, (_, i) => 1501 + 3 * i));
    expect([...some.data.slice(0, 5)].every((value) => Math.abs(value - 7) < 1e-3)).toBe(true);
    // One level for all converters leaves their differences.
    const plain = await open('1_A').readCorrected({ period: 1, samples: [0, 8] });
    expect(Math.max(...plain.data)).toBeGreaterThan(50);
  });

  it('know whether their board interleaves', async () => {
    expect([open('1_A').isInterleaved(), open('2_A').isInterleaved()]).toEqual([false, true]);
    expect(open('1_A').sampleRate()).toBeCloseTo(440 * BUNCH_RATE);
    expect(open('2_A').sampleRate()).toBeCloseTo(880 * BUNCH_RATE);
    expect(open('2_A').sampleRate({ isInterleaved: false })).toBeCloseTo(440 * BUNCH_RATE);
    expect(() => open('1_C').isInterleaved()).toThrow(/SPB_ADC2\/ADC\/2 was not recorded.*isInterleaved/);
    const said = await open('1_C').readCorrected({ isInterleaved: false });
    expect(said.data).toEqual((await open('1_A').readCorrected()).data);
  });

  it('by pulse, of trains that have both', async () => {
    const pulses = await open('1_A').readPulses({ pulseIds, firstSample: FIRST_SAMPLE });
    expect([pulses.dims, pulses.shape]).toEqual([
      ['pulse', 'sample'],
      [6, 4 * 440],
    ]);
    expect(pulses.coords.get('trainId')).toEqual([0, 0, 0, 1, 1, 1].map((i) => FIRST_TRAIN + i));
    expect(pulses.coords.get('pulseId')).toEqual([...PULSES, ...PULSES].map(({ id }) => id));
    for (const [i, { edge, height }] of PULSES.entries())
      expect(pulses.data[i * 1760 + Math.ceil(edge) + RISE]).toBeCloseTo(height, 2);
    await expect(open('1_A').readPulses({ pulseIds })).rejects.toThrow(/Pulse 1000 .* trace of 7000/);
    const none = new RaggedArray('uint32', { name: 'none', trainIds: [], counts: [], data: new Uint32Array(0) });
    await expect(open('1_A').readPulses({ pulseIds: none })).rejects.toThrow(/Give pulseSamples/);
    await expect(open('1_A').readPulses({ pulseIds: none, pulseSamples: 9 })).rejects.toThrow(/both traces and pulses/);
  });

  it.each(['1_A', '1_B'] as const)('edges: times and heights of each pulse: %s', async (name) => {
    const isNegative = name === '1_B';
    const settings = { threshold: 50, isNegative, deadTime: 50 };
    const table = await open(name).findEdges({ ...settings, pulseIds, firstSample: FIRST_SAMPLE });
    expect(table.trainIds).toEqual([0, 0, 0, 1, 1, 1].map((i) => FIRST_TRAIN + i));
    expect(table.pulseIds).toEqual([...PULSES, ...PULSES].map(({ id }) => id));
    for (const [row, position] of table.positions.entries()) {
      const { edge, height } = PULSES[row % 3];
      expect(position).toBeCloseTo(edge + RISE / 2, 4);
      expect(table.amplitudes[row]).toBeCloseTo(isNegative ? -height : height, 2);
      expect(table.times[row]).toBeCloseTo(position / (440 * BUNCH_RATE), 15);
    }
    const whole = await open(name).findEdges(settings);
    expect([whole.pulseIds, whole.trainIds.length]).toEqual([[], 9]);
    expect(whole.positions[1]).toBeCloseTo(FIRST_SAMPLE + 4 * 440 + PULSES[1].edge + RISE / 2, 3);
  });

  it('say what is impossible', async () => {
    const channel = open('1_A');
    await expect(channel.readCorrected({ baseline: [5, 5] })).rejects.toThrow(/baseline \[5, 5\) has no samples/);
    await expect(channel.readCorrected({ baseline: [0, 4] })).rejects.toThrow(/less than the period of 8/);
    await expect(channel.readCorrected({ period: 0 })).rejects.toThrow(/period of 0/);
    await expect(channel.findEdges({ threshold: -1 })).rejects.toThrow(/threshold/);
  });
});
