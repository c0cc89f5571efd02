import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NdArray, ndarray } from '../../core/ndarray.ts';
import type { Train } from '../../core/train.ts';
import { StackView, stackData, stackDetectorData, viewDetectorStack } from './stack-train.ts';

function trainOf(arrays: Readonly<Record<string, NdArray>>, key = 'image.data'): Train {
  const sources = Object.entries(arrays).map(
    ([name, array]) => [name, { data: new Map([[key, array]]), metadata: new Map() }] as const,
  );
  return { trainId: 7, sources: new Map(sources) };
}

const frame = (value: number, shape: number[] = [2, 3, 4]) =>
  ndarray('uint16', shape, new Uint16Array(shape.reduce((a, b) => a * b, 1)).fill(value));
const DET = (module: number) => `SPB_DET_AGIPD1M-1/DET/${module}CH0:xtdf`;

describe('stackDetectorData', () => {
  it('puts the module axis before the last two', () => {
    const train = trainOf({ [DET(2)]: frame(2), [DET(0)]: frame(9), 'SPB_XGM/DOOCS:output': frame(5) });
    const stacked = stackDetectorData(train, 'image.data', { moduleCount: 3 });
    expect([stacked.dtype, stacked.shape]).toEqual(['uint16', [2, 3, 3, 4]]);
    expect([0, 12, 24, 36, 48, 60].map((i) => stacked.data[i])).toEqual([9, 0, 2, 9, 0, 2]);
    const filled = stackDetectorData(train, 'image.data', { moduleCount: 3, fillValue: 7, axis: 0 });
    expect([filled.shape, filled.data[24]]).toEqual([[3, 2, 3, 4], 7]);
  });

  it('leaves modules without frames empty, and floats NaN', () => {
    const train = trainOf({
      [DET(0)]: ndarray('float32', [1, 1, 1], Float32Array.of(3)),
      [DET(1)]: ndarray('float32', [0, 1, 1], new Float32Array(0)),
    });
    expect([...(stackDetectorData(train, 'image.data', { moduleCount: 2 }).data as Float32Array)]).toEqual([
      3,
      Number.NaN,
    ]);
  });

  it('is lazy as a view', () => {
    const arrays = { [DET(1)]: frame(1, [1, 3, 4]), [DET(3)]: frame(3, [1, 3, 4]) };
    const view = viewDetectorStack(trainOf(arrays), 'image.data', { moduleCount: 4, fillValue: 8 });
    expect([view.shape, view.modulesPresent]).toEqual([
      [1, 4, 3, 4],
      [1, 3],
    ]);
    expect(view.module(3)).toBe(arrays[DET(3)]);
    expect(view.module(0).data[5]).toBe(8);
    const squeezed = view.squeeze();
    expect([squeezed.shape, squeezed.axis]).toEqual([[4, 3, 4], 0]);
    expect(squeezed.module(1).data).toBe(arrays[DET(1)].data);
    expect(squeezed.toArray().data).toEqual(view.toArray().data);
    expect(() => view.module(4)).toThrow(/no module 4 among 4/);
  });

  it('numbers modules from where the detector starts', () => {
    const pattern = /\/DET\/JNGFR(\d+)/;
    const train = trainOf({ 'JF/DET/JNGFR01:daqOutput': frame(1), 'JF/DET/JNGFR02:daqOutput': frame(2) });
    const view = viewDetectorStack(train, 'image.data', { pattern, startsAt: 1, moduleCount: 2 });
    expect(view.modulesPresent).toEqual([0, 1]);
  });

  it.each([
    [trainOf({}), {}, 'NoData'],
    [trainOf({ [DET(16)]: frame(0) }), {}, 'SelectionInvalid'],
    [trainOf({ [DET(0)]: frame(0), [DET(1)]: frame(0, [3, 3, 4]) }), {}, 'ShapeMismatch'],
    [trainOf({ [DET(0)]: frame(0), [DET(1)]: ndarray('int16', [2, 3, 4], new Int16Array(24)) }), {}, 'DtypeMismatch'],
    [trainOf({ [DET(0)]: frame(0), 'FXE_DET_LPD1M-1/DET/0CH0:xtdf': frame(0) }), {}, 'SelectionInvalid'],
    [trainOf({ [DET(0)]: frame(0) }), { axis: 4 }, 'SelectionInvalid'],
    [trainOf({ [DET(0)]: frame(0) }), { fillValue: Number.NaN }, 'DtypeMismatch'],
  ] as const)('refuses what does not fit %#', (train, options, tag) => {
    expect(() => stackDetectorData(train, 'image.data', options)).toThrow(expect.objectContaining({ tag }));
  });

  it('at any axis holds each module whole', () => {
    const axis = fc.integer({ min: -4, max: 3 });
    fc.assert(
      fc.property(axis, fc.integer({ min: 1, max: 5 }), (at, modules) => {
        const arrays = new Map(
          Array.from({ length: modules }, (_, module) => {
            const data = Uint16Array.from({ length: 24 }, (__, i) => module * 100 + i);
            return [module, ndarray('uint16', [2, 3, 4], data)] as const;
          }),
        );
        const view = new StackView(arrays, modules, at);
        const { shape, data } = view.toArray();
        const inner = shape.slice(view.axis + 1).reduce((a, b) => a * b, 1);
        for (let module = 0; module < modules; module++) {
          const own = [...data].filter((_, i) => Math.floor(i / inner) % modules === module);
          expect(own).toEqual([...(arrays.get(module)?.data ?? [])]);
        }
      }),
    );
  });
});

describe('stackData', () => {
  it('takes sources in the order of all numbers in their names', () => {
    const train = trainOf({ 'A/10:x': frame(10, [1, 1]), 'A/2:x': frame(2, [1, 1]), 'B/1:y': frame(1, [1, 1]) });
    expect([...(stackData(train, 'image.data', { axis: 0 }).data as Uint16Array)]).toEqual([1, 2, 10]);
    expect(stackData(train, 'image.data', { axis: -1, except: ['B/1:y'] }).shape).toEqual([1, 1, 2]);
    expect(() => stackData(train, 'image.mask')).toThrow(expect.objectContaining({ tag: 'NoData' }));
  });
});
