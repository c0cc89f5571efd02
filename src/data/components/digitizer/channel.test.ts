import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIRST_TRAIN, type MockRun, openMockRun, pipelineGroup } from '../../../../test/conformance/mock-run.ts';
import { ndarray } from '../../../core/ndarray.ts';
import { findDigitizerChannels, openDigitizerChannel } from './channel.ts';

const ADQ = 'SPB_EXP_ADC/ADC/1:network';
const FAST = (channel: number, device = 'SCS_UTC1/ADC/1') => `${device}:channel_${channel}.output`;
const SAMPLES = 20;
const TRAINS = 3;

let mock: MockRun;
const trace = (offset: number) =>
  ndarray(
    'uint16',
    [TRAINS, SAMPLES],
    Uint16Array.from({ length: TRAINS * SAMPLES }, (_, i) => offset + i),
  );
const peaks = (value: number) => ndarray('float32', [TRAINS, 4], new Float32Array(TRAINS * 4).fill(value));
const fast = (channel: number, device?: string) =>
  pipelineGroup(FAST(channel, device), 'data', [1, 1, 1], { rawData: trace(channel * 1000), peaks: peaks(channel) });

beforeAll(async () => {
  mock = await openMockRun(TRAINS, {
    pipelines: [
      pipelineGroup(ADQ, 'digitizers', [1, 1, 1], {
        'channel_1_A/raw/samples': trace(0),
        'channel_1_A/apd/pulseIntegral': peaks(0.5),
        'channel_2_B/raw/samples': trace(500),
        'channel_3_C/other': peaks(0),
        trainId: ndarray('uint64', [TRAINS], BigUint64Array.of(1n, 2n, 3n)),
      }),
      fast(1),
      fast(3),
      fast(3, 'SCS_UTC2/ADC/2'),
    ],
  });
});
afterAll(() => mock.close());

describe('digitizers', () => {
  it('list their channels with what was recorded', () => {
    const channels = findDigitizerChannels(mock.run);
    expect(channels.map(({ source, name, type, keys }) => [source, name, type, [...keys.keys()]])).toEqual([
      [FAST(1), '1', 'FastADC', ['traces', 'peaks']],
      [FAST(3), '3', 'FastADC', ['traces', 'peaks']],
      [FAST(3, 'SCS_UTC2/ADC/2'), '3', 'FastADC', ['traces', 'peaks']],
      [ADQ, '1_A', 'ADQ', ['traces', 'integrals']],
      [ADQ, '2_B', 'ADQ', ['traces']],
    ]);
  });

  it('read traces, integrals and peaks', async () => {
    const channel = openDigitizerChannel(mock.run, '1a');
    const whole = await channel.readTraces();
    expect([whole.dims, whole.shape, whole.dtype]).toEqual([['trainId', 'sample'], [TRAINS, SAMPLES], 'uint16']);
    expect(whole.coords.get('trainId')).toEqual([0, 1, 2].map((i) => FIRST_TRAIN + i));
    const some = await channel.readTraces({ samples: [4, 10, 2] });
    expect([some.coords.get('sample'), [...(some.data as Uint16Array)]]).toEqual([
      [4, 6, 8],
      [4, 6, 8, 24, 26, 28, 44, 46, 48],
    ]);
    expect([...((await channel.readTraces({ samples: 3 })).data as Uint16Array)]).toEqual([3, 23, 43]);
    const integrals = await channel.readIntegrals();
    expect([integrals.dims, integrals.shape]).toEqual([
      ['trainId', 'pulseIndex'],
      [TRAINS, 4],
    ]);
    expect((await openDigitizerChannel(mock.run, '1').readPeaks()).data[0]).toBe(1);
    const other = openDigitizerChannel(mock.run, '3', 'utc2');
    expect([other.source, (await other.readTraces()).data[0]]).toEqual([FAST(3, 'SCS_UTC2/ADC/2'), 3000]);
  });

  it('say what there is instead', async () => {
    const { run } = mock;
    expect(() => openDigitizerChannel(run, '3')).toThrow(/Several digitizers have a channel 3/);
    expect(() => openDigitizerChannel(run, '4_D')).toThrow(/It has: .*ADC\/1:network 1_A/);
    await expect(openDigitizerChannel(run, '2_B').readIntegrals()).rejects.toThrow(/No integrals were recorded of/);
  });
});
