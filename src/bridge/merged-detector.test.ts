import { describe, expect, it } from 'vitest';
import type { DType } from '../core/dtype.ts';
import { type NdArray, zeros } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { mergeDetector } from './merged-detector.ts';

/** A module's array whose values say where they come from. */
function moduleArray(dtype: DType, shape: number[], module: number): NdArray {
  const array = zeros(dtype, shape);
  const data = array.data as Float64Array;
  for (let i = 0; i < data.length; i++) data[i] = 1000 * module + i;
  return array;
}
function source(data: Record<string, TrainValue>, trainId = 5n): TrainSource {
  return { data: new Map(Object.entries(data)), metadata: new Map([['timestamp.tid', trainId]]) };
}
const train = (sources: Record<string, TrainSource>): Train => ({
  trainId: 5,
  sources: new Map(Object.entries(sources)),
});
const merged = (sources: Record<string, TrainSource>, modules = 3) =>
  mergeDetector(train(sources), modules).sources.get('D/DET/APPEND');

describe('mergeDetector', () => {
  it('puts the modules on an axis before the last two, whatever their order', () => {
    const make = (module: number) =>
      source({
        'image.data': moduleArray('uint16', [2, 2, 4, 3], module),
        'image.cellId': moduleArray('uint16', [2], module),
      });
    const out = merged({
      'D/DET/2CH0:xtdf': make(2),
      'D/DET/0CH0:xtdf': make(0),
      'D/DET/1CH0:xtdf': make(1),
      XGM: source({ a: 1 }),
    });
    const image = out?.data.get('image.data') as NdArray<'uint16'>;
    expect([image.dtype, image.shape]).toEqual(['uint16', [2, 2, 3, 4, 3]]);
    const at = (frame: number, plane: number, module: number, pixel: number) =>
      image.data[((frame * 2 + plane) * 3 + module) * 12 + pixel];
    for (let frame = 0; frame < 2; frame++)
      for (let plane = 0; plane < 2; plane++)
        for (let module = 0; module < 3; module++)
          expect(at(frame, plane, module, 7)).toBe(1000 * module + (frame * 2 + plane) * 12 + 7);
    expect((out?.data.get('image.cellId') as NdArray | undefined)?.data).toEqual(Uint16Array.of(0, 1));
    expect(out?.data.get('modulesPresent')).toEqual([true, true, true]);
    expect([...(out?.metadata ?? [])]).toEqual([
      ['timestamp.tid', 5n],
      ['source', 'D/DET/APPEND'],
    ]);
  });

  it('leaves other sources alone, and drops the parts', () => {
    const xgm = source({ a: 1 });
    const { sources } = mergeDetector(
      train({ XGM: xgm, 'D/DET/0CH0:xtdf': source({ 'image.data': zeros('uint16', [1, 4, 3]) }) }),
      3,
    );
    expect([...sources.keys()].sort()).toEqual(['D/DET/APPEND', 'XGM']);
    expect(sources.get('XGM')).toBe(xgm);
  });

  it('absent modules, empty ones and those of another length are gaps and said to be', () => {
    const out = merged(
      {
        'D/CORR/0CH0:output': source({ 'image.data': moduleArray('float32', [2, 4, 3], 0) }),
        'D/CORR/1CH0:output': source({ 'image.data': moduleArray('float32', [0, 4, 3], 1) }),
        'D/CORR/3CH0:output': source({ 'image.data': moduleArray('float32', [1, 4, 3], 3) }),
        'D/CORR/9CH0:output': source({ 'image.data': moduleArray('float32', [2, 4, 3], 9) }),
      },
      4,
    );
    const image = out?.data.get('image.data') as NdArray<'float32'>;
    expect(image.shape).toEqual([2, 4, 4, 3]);
    expect([image.data[0], image.data[12], image.data[24], image.data[36]]).toEqual([
      0,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect(out?.data.get('modulesPresent')).toEqual([true, false, false, false]);
  });

  it('a detector without a frame, or without pictures, is left out', () => {
    for (const data of [
      zeros('uint16', [0, 4, 3]),
      zeros('uint16', [5]),
      'no array',
      zeros('string', [2, 2, 2]),
    ] as TrainValue[])
      expect(merged({ 'D/DET/0CH0:xtdf': source({ 'image.data': data }) })).toBeUndefined();
  });
});
