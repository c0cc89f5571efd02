import { describe, expect, it } from 'vitest';
import { goldenMessages } from '../../test/golden/bridge/kbm.ts';
import { trainOfMessage } from '../bridge/train-message.ts';
import type { DType } from '../core/dtype.ts';
import { isXfelError } from '../core/errors.ts';
import { zeros } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import { findDetectorInput } from './detector-input.ts';
import { detectorOfSource } from './detector-source.ts';

const layout = { modules: 4, slowScan: 6, fastScan: 2 };

function train(sources: Record<string, Record<string, TrainValue>>): Train {
  return {
    trainId: 1,
    sources: new Map(
      Object.entries(sources).map(([name, data]) => [
        name,
        { data: new Map(Object.entries(data)), metadata: new Map() },
      ]),
    ),
  };
}

const array = (dtype: DType, ...shape: number[]) => zeros(dtype, shape);

function reasonOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return isXfelError(error, 'SkipTrain') ? error.details.reason : error;
  }
  return 'nothing thrown';
}

describe('findDetectorInput', () => {
  it('finds the planes of merged raw data and leaves absent modules out', () => {
    const input = findDetectorInput(
      train({
        'A_DET_AGIPD1M-1/DET/APPEND': {
          'image.data': array('uint16', 3, 2, 4, 6, 2),
          'image.cellId': { dtype: 'uint16', shape: [3], data: Uint16Array.of(4, 8, 12) },
          modulesPresent: [true, false, true, true],
        },
      }),
      layout,
    );
    expect(input.kind).toBe('raw');
    expect(input.frames).toBe(3);
    expect([...input.cellIds]).toEqual([4, 8, 12]);
    expect(
      input.modules.map(({ module, base, gainBase, frameStride }) => [module, base, gainBase, frameStride]),
    ).toEqual([
      [0, 0, 48, 96],
      [2, 24, 72, 96],
      [3, 36, 84, 96],
    ]);
  });

  it('joins sources of single modules, in order of the modules', () => {
    const input = findDetectorInput(
      train({
        'A_DET_AGIPD1M-1/DET/3CH0:xtdf': { 'image.data': array('uint16', 2, 2, 6, 2) },
        'A_DET_AGIPD1M-1/DET/1CH0:xtdf': { 'image.data': array('uint16', 2, 2, 6, 2) },
        'A_DET_AGIPD1M-1/DET/0CH0:xtdf': { 'image.data': array('uint16', 0, 2, 6, 2) },
      }),
      layout,
    );
    expect(
      input.modules.map(({ module, base, gainBase, frameStride }) => [module, base, gainBase, frameStride]),
    ).toEqual([
      [1, 0, 12, 24],
      [3, 0, 12, 24],
    ]);
    expect([...input.cellIds]).toEqual([0, 1]);
  });

  it('takes corrected data', () => {
    const input = findDetectorInput(
      train({ 'A/CAL/APPEND_CORRECTED': { 'image.data': array('float32', 5, 4, 6, 2) } }),
      layout,
    );
    expect([input.kind, input.frames, input.modules[1].gainBase, input.modules[1].frameStride]).toEqual([
      'corrected',
      5,
      -1,
      48,
    ]);
  });

  it('takes online order, merged and by modules', () => {
    const merged = findDetectorInput(
      train({
        'A/CAL/APPEND_RAW': { 'image.data': array('uint16', 4, 2, 6, 2, 9), modulesPresent: [true, true, false] },
      }),
      layout,
    );
    expect([merged.kind, merged.order, merged.frames]).toEqual(['raw', 'online', 9]);
    expect(
      merged.modules.map(({ module, base, gainBase, pixelStride }) => [module, base, gainBase, pixelStride]),
    ).toEqual([
      [0, 0, 9, 18],
      [1, 216, 225, 18],
      [3, 648, 657, 18],
    ]);
    const modules = findDetectorInput(
      train({
        'A/DET/1CH0:xtdf': { 'image.data': array('uint16', 2, 6, 9) },
        'A/DET/2CH0:xtdf': { 'image.data': array('uint16', 2, 6, 9) },
      }),
      layout,
    );
    expect([modules.kind, modules.order, modules.frames]).toEqual(['analogue', 'online', 9]);
    expect(modules.modules.map(({ module, base, pixelStride }) => [module, base, pixelStride])).toEqual([
      [1, 0, 9],
      [2, 0, 9],
    ]);
  });

  it('takes the order of the stream where a shape has two readings', () => {
    // as many pulses as pixels along fs
    const unclear = train({ 'A/DET/0CH0:xtdf': { 'image.data': array('uint16', 2, 6, 2) } });
    expect([findDetectorInput(unclear, layout).order, findDetectorInput(unclear, layout).isOrderCertain]).toEqual([
      'file',
      false,
    ]);
    expect(findDetectorInput(unclear, layout, 'online').order).toBe('online');
  });

  it('takes JUNGFRAU, whose modules are counted from 1', () => {
    const cells = { dtype: 'uint8', shape: [3], data: Uint8Array.of(7, 8, 9) } as const;
    const input = findDetectorInput(
      train({
        'A_EXP_JF4M/DET/JNGFR02:daqOutput': { 'data.adc': array('uint16', 3, 6, 2), 'data.memoryCell': cells },
        'A_EXP_JF4M/DET/JNGFR01:daqOutput': { 'data.adc': array('uint16', 3, 6, 2), 'data.memoryCell': cells },
      }),
      layout,
    );
    expect([input.kind, input.order, input.isOrderCertain, [...input.cellIds]]).toEqual([
      'analogue',
      'file',
      true,
      [7, 8, 9],
    ]);
    expect(input.modules.map(({ module }) => module)).toEqual([0, 1]);
    expect(detectorOfSource('A_EXP_JF4M/CORR/JNGFR01:output')).toBe('A_EXP_JF4M');
  });

  it.each([
    ['sim_agipd_corr_online', 24, 16, 'online', 'corrected', 5],
    ['sim_agipd_corr_file', 16, 12, 'file', 'corrected', 4],
    ['sim_agipd_raw', 16, 9, 'online', 'analogue', 5],
    ['sim_lpd_raw', 16, 16, 'online', 'analogue', 6],
    ['sim_agipdmodule_fullsize_raw', 512, 128, 'online', 'analogue', 2],
  ] as const)('reads the simulator of the peer: %s', (name, slowScan, fastScan, order, kind, frames) => {
    for (const protocol of ['v2.2', 'v1.0']) {
      const suffix = name.endsWith('fullsize_raw') && protocol === 'v1.0' ? '_file' : '';
      const message = goldenMessages('ok').find((each) => each.name === `${name}${suffix}_${protocol}`);
      const received = trainOfMessage(decodeBridgeMessage(message?.parts ?? []), 0, () => {});
      const input = findDetectorInput(received, { modules: 16, slowScan, fastScan });
      expect([input.order, input.kind, input.frames]).toEqual([suffix ? 'file' : order, kind, frames]);
    }
  });

  it('says why a train cannot be used', () => {
    const find = (sources: Parameters<typeof train>[0]) => reasonOf(() => findDetectorInput(train(sources), layout));
    expect(find({ XGM: { intensity: 1 } })).toBe('no detector data');
    expect(find({ 'A/DET/APPEND': { 'image.data': array('uint16', 3, 2, 5, 6, 2) } })).toBe('wrong shape');
    expect(find({ 'A/CAL/APPEND_RAW': { 'image.data': array('uint16', 4, 3, 6, 9) } })).toBe('wrong shape');
    expect(find({ 'A/DET/APPEND': { 'image.data': array('float64', 3, 4, 6, 2) } })).toBe('wrong dtype');
    expect(find({ 'A/DET/0CH0:xtdf': { 'image.data': array('uint16', 0, 2, 6, 2) } })).toBe('no frames');
    expect(find({ 'A/DET/APPEND': { 'image.data': array('uint16', 0, 2, 4, 6, 2) } })).toBe('no frames');
    expect(find({ 'A/DET/APPEND': { 'image.data': array('uint16', 3, 2, 3, 6, 2) } })).toBe('wrong shape');
    expect(find({ 'A/DET/APPEND': { 'image.data': 'text' } })).toBe('no detector data');
    expect(
      find({
        'A/DET/0CH0:xtdf': { 'image.data': array('uint16', 2, 2, 6, 2) },
        'A/DET/1CH0:xtdf': { 'image.data': array('uint16', 3, 2, 6, 2) },
      }),
    ).toBe('modules differ');
    expect(find({ 'A/DET/7CH0:xtdf': { 'image.data': array('uint16', 2, 2, 6, 2) } })).toBe('unknown module');
  });
});

it('knows which detector a source belongs to', () => {
  expect(detectorOfSource('SPB_DET_AGIPD1M-1/DET/15CH0:xtdf')).toBe('SPB_DET_AGIPD1M-1');
  expect(detectorOfSource('SPB_DET_AGIPD1M-1/CAL/APPEND_RAW')).toBe('SPB_DET_AGIPD1M-1');
  expect(detectorOfSource('SA1_XTD2_XGM/XGM/DOOCS:output')).toBeNull();
});
