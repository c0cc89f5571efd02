import { describe, expect, it } from 'vitest';
import { goldenMessages } from '../../test/golden/bridge/kbm.ts';
import { isNdArray, type NdArray } from '../core/ndarray.ts';
import { makeSyntheticTrains, type SyntheticOptions } from './synthetic-detector.ts';

const options: SyntheticOptions = {
  detector: 'AGIPD',
  isRaw: true,
  values: 'random',
  layout: 'file',
  pulses: 2,
  sources: 1,
};
const shapesOf = (changed: Partial<SyntheticOptions>) => {
  const [{ sources }] = makeSyntheticTrains({ ...options, ...changed }, 1);
  return [...sources].map(([name, { data }]) => {
    const image = data.get('image.data') as NdArray;
    return [name, image.dtype, image.shape];
  });
};

describe('made-up trains', () => {
  it.each([
    [{}, 'SPB_DET_AGIPD1M-1/CAL/APPEND_RAW', 'uint16', [2, 16, 512, 128]],
    [{ layout: 'online' }, 'SPB_DET_AGIPD1M-1/CAL/APPEND_RAW', 'uint16', [16, 128, 512, 2]],
    [{ isRaw: false }, 'SPB_DET_AGIPD1M-1/CAL/APPEND_CORRECTED', 'float32', [2, 16, 512, 128]],
    [{ detector: 'AGIPDModule' }, 'SPB_DET_AGIPD1M-1/DET/0CH0:xtdf', 'uint16', [2, 512, 128]],
    [{ detector: 'AGIPDModule', layout: 'online' }, 'SPB_DET_AGIPD1M-1/DET/0CH0:xtdf', 'uint16', [128, 512, 2]],
    [{ detector: 'AGIPDModule', isRaw: false }, 'SPB_DET_AGIPD1M-1/CORR/0CH0:output', 'float32', [2, 512, 128]],
    [{ detector: 'LPD', layout: 'online' }, 'FXE_DET_LPD1M-1/CAL/APPEND_RAW', 'uint16', [16, 256, 256, 2]],
    [{ detector: 'LPD' }, 'FXE_DET_LPD1M-1/CAL/APPEND_RAW', 'uint16', [2, 16, 256, 256]],
    [{ detector: 'DSSC', layout: 'online' }, 'SCS_DET_DSSC1M-1/CAL/APPEND_RAW', 'uint16', [16, 512, 128, 2]],
    [{ detector: 'DSSC', isRaw: false }, 'SCS_DET_DSSC1M-1/CAL/APPEND_CORRECTED', 'float32', [2, 16, 128, 512]],
  ] as const)('%j', (changed, name, dtype, shape) => {
    expect(shapesOf(changed)).toEqual([[name, dtype, shape]]);
  });

  it('of more than a bridge carries are refused with the most that it does, before any memory is taken', () => {
    const many = { ...options, isRaw: false, pulses: 2700 };
    expect(() => makeSyntheticTrains(many, 1)).toThrow(/10\.5 GiB.*at most 1023 pulses/);
    expect(() => makeSyntheticTrains({ ...many, pulses: 1e9 }, 1)).toThrow(/at most 1023 pulses/);
    expect(() => makeSyntheticTrains({ ...many, detector: 'JUNGFRAU' }, 1)).toThrow(/at most 255 pulses/);
  });

  it('have the keys of the python simulator', () => {
    const golden = goldenMessages('ok').find(({ name }) => name === 'sim_agipd_corr_file_v2.2');
    const [{ sources }] = makeSyntheticTrains({ ...options, isRaw: false }, 1);
    const [[name, { data }]] = sources;
    const expected = golden?.answer.decoded[0];
    expect(name).toBe(expected.source);
    expect([...data.keys()].sort()).toEqual(expected.data.map(([key]: [string]) => key).sort());
    for (const [key, { t, dtype }] of expected.data) {
      const value = data.get(key);
      expect([key, isNdArray(value) ? value.dtype : 'no array']).toEqual([key, t === 'array' ? dtype : 'no array']);
    }
  });

  it('are 1500 to 1600 and differ, or are zeros', () => {
    const [a, b] = makeSyntheticTrains(options, 2).map(
      ({ sources }) => [...sources.values()][0].data.get('image.data') as NdArray<'uint16'>,
    );
    const { low, high } = a.data.reduce(({ low, high }, v) => ({ low: Math.min(low, v), high: Math.max(high, v) }), {
      low: 1e9,
      high: 0,
    });
    expect([low, high]).toEqual([1500, 1599]);
    const mean = a.data.reduce((sum, v) => sum + v, 0) / a.data.length;
    expect(Math.abs(mean - 1549.5)).toBeLessThan(0.5);
    expect(a.data.slice(0, 100)).not.toEqual(b.data.slice(0, 100));
    const [zero] = makeSyntheticTrains({ ...options, values: 'zeros' }, 1);
    expect(([...zero.sources.values()][0].data.get('image.data') as NdArray<'uint16'>).data.every((v) => v === 0)).toBe(
      true,
    );
  });

  it('come from several sources that share their memory', () => {
    const [{ sources }] = makeSyntheticTrains({ ...options, sources: 3 }, 1);
    expect([...sources.keys()]).toEqual([1, 2, 3].map((n) => `SPB_DET_AGIPD1M-1/CAL/APPEND_RAW-${n}`));
    expect(new Set([...sources.values()].map(({ data }) => data.get('image.data'))).size).toBe(1);
  });

  it('are fewer when they would not fit the memory, but never none', () => {
    const bytes = 2 * 16 * 512 * 128 * 2;
    expect(makeSyntheticTrains(options, 10, 4 * bytes).length).toBe(3);
    expect(makeSyntheticTrains(options, 10, 100).length).toBe(1);
  });

  it('of JUNGFRAU are one source a module, with gains of their own', () => {
    const [{ sources }] = makeSyntheticTrains({ ...options, detector: 'JUNGFRAU', isRaw: false }, 1);
    expect([...sources.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `SPB_IRDA_JF4M/CORR/JNGFR0${n}:daqOutput`));
    const [first, second] = [...sources.values()].map(({ data }) => data.get('data.adc') as NdArray<'float32'>);
    expect([first.dtype, first.shape]).toEqual(['float32', [2, 512, 1024]]);
    expect(first.data.subarray(0, 100)).not.toEqual(second.data.subarray(0, 100));
  });
});
