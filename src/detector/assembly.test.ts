import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pattern } from '../../test/golden/geometry/cases.ts';
import { allocate } from '../core/dtype.ts';
import { type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import { AGIPD_1M } from './agipd.ts';
import { assembleModules, dismantleImage, emptyImages } from './assembly.ts';
import { type AssembledDType, isSafeCast } from './copy-tiles.ts';
import { EPIX_10K, EPIX_100 } from './epix.ts';
import { geometryFromDescription } from './generic-detector.ts';
import { exampleGeometry } from './geometry.ts';
import { jungfrau } from './jungfrau.ts';
import { toModuleStack } from './module-stack.ts';
import { PNCCD } from './pnccd.ts';
import { snapGeometry } from './snapped-geometry.ts';

const snapped = snapGeometry(exampleGeometry(AGIPD_1M));
const [, ss, fs] = AGIPD_1M.dataShape;

describe('assembly', () => {
  it('takes any leading axes and any set of modules, in any order', () => {
    const full = ndarray('float32', AGIPD_1M.dataShape, pattern(AGIPD_1M.dataShape, new Float32Array(16 * ss * fs)));
    const one = assembleModules(snapped, full);
    const part = ndarray('float32', [2, 1, 2, ss, fs], new Float32Array(4 * ss * fs));
    for (const [i, module] of [7, 3, 7, 3].entries()) {
      part.data.set(full.data.subarray(module * ss * fs, (module + 1) * ss * fs), i * ss * fs);
    }
    const images = assembleModules(snapped, part, undefined, { modules: [7, 3] });
    expect(images.shape).toEqual([2, 1, ...snapped.shape]);
    const isShown = (v: number) => [3, 7].includes(v >> 20);
    const expected = one.data.map((v) => (isShown(v) ? v : Number.NaN));
    expect(images.data.subarray(expected.length)).toEqual(expected);
    expect(images.data.subarray(0, expected.length)).toEqual(expected);
  });

  it('leaves the rest of `out` as it is', () => {
    const out = zeros('uint16', snapped.shape);
    out.data.fill(9);
    const modules = zeros('uint16', [1, ss, fs]);
    expect(assembleModules(snapped, modules, out, { modules: [5] })).toBe(out);
    expect(out.data.filter((v) => v === 0).length).toBe(ss * fs);
    expect(out.data.filter((v) => v === 9).length).toBe(out.data.length - ss * fs);
  });

  it('refuses what does not fit', () => {
    expect(() => assembleModules(snapped, zeros('float32', [15, ss, fs]))).toThrow(/\(\.\., 16, 512, 128\)/);
    expect(() => assembleModules(snapped, zeros('float32', [16, fs, ss]))).toThrow(/shape/);
    expect(() => assembleModules(snapped, zeros('float32', [16 * 512 * 128]))).toThrow(/shape/);
    const frame = zeros('float32', AGIPD_1M.dataShape);
    expect(() => assembleModules(snapped, frame, zeros('float32', [3, 3]))).toThrow(/out has shape \[3,3\]/);
    expect(() => assembleModules(snapped, frame, zeros('uint16', snapped.shape))).toThrow(/float32 .* uint16/);
    const twice = { modules: [1, 1] };
    expect(() => assembleModules(snapped, zeros('float32', [2, ss, fs]), undefined, twice)).toThrow(/twice/);
    expect(() => dismantleImage(snapped, zeros('float32', [1257, 1092]))).toThrow(/assembled AGIPD1M has/);
    expect(() => dismantleImage(snapped, zeros('float32', snapped.shape), zeros('float32', [3]))).toThrow(/out has/);
  });
});

const SMALL = geometryFromDescription({
  pixelSize: 1e-4,
  slowPixels: 3,
  fastPixels: 4,
  corners: [
    [0, 0, 0],
    [0.001, 0.0004, 0],
  ],
  ss: [0, 1, 0],
  fs: [-1, 0, 0],
  tilesPerModule: 2,
});
const DTYPES: AssembledDType[] = [
  ...(['bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const),
  ...(['float16', 'float32', 'float64'] as const),
];
/** numpy.can_cast(from, to, "safe"): rows and columns in the order of DTYPES. */
const NUMPY_SAFE = [
  '111111111111',
  '011110000111',
  '001110000011',
  '000110000001',
  '000010000001',
  '001111111111',
  '000110111011',
  '000010011001',
  '000000001001',
  '000000000111',
  '000000000011',
  '000000000001',
];

function filled<D extends AssembledDType>(dtype: D, shape: readonly number[], values: readonly number[]): NdArray<D> {
  const array = ndarray(dtype, shape, allocate(dtype, values.length));
  for (const [i, value] of values.entries())
    (array.data as unknown as unknown[])[i] = dtype === 'int64' || dtype === 'uint64' ? BigInt(value) : value;
  return array;
}

describe('element types', () => {
  const small = snapGeometry(SMALL);
  const shape = SMALL.detector.dataShape;
  const size = shape[0] * shape[1] * shape[2];

  it('cast as numpy allows', () => {
    const ours = DTYPES.map((from) => DTYPES.map((to) => Number(isSafeCast(from, to))).join(''));
    expect(ours).toEqual(NUMPY_SAFE);
  });

  it.each(DTYPES)('%s: what is assembled comes back', (dtype) => {
    const range = { bool: 1, int8: 127, uint8: 255, float16: 2 ** 16 - 1 }[dtype as 'bool'] ?? 30000;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: range }), { minLength: 2 * size, maxLength: 2 * size }),
        (values) => {
          const modules = filled(dtype, [2, ...shape], values);
          const images = assembleModules(small, modules);
          expect(dismantleImage(small, images).data).toEqual(modules.data);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('change on the way into `out`', () => {
    const values = Array.from({ length: size }, (_, i) => i);
    const plain = assembleModules(small, filled('float64', shape, values)).data;
    for (const from of DTYPES.filter((d) => d !== 'bool' && d !== 'float16')) {
      for (const to of DTYPES.filter((d) => isSafeCast(from, d) && d !== from && d !== 'float16')) {
        const image = assembleModules(small, filled(from, shape, values), emptyImages(small, to));
        const numbers = Array.from(image.data as ArrayLike<number | bigint>, Number);
        const expected = Array.from(plain, (v) => (Number.isNaN(v) && !to.startsWith('float') ? 0 : v));
        expect(numbers, `${from} to ${to}`).toEqual(expected);
      }
    }
  });

  it('float16 holds what small integers and bits say', () => {
    const bits = filled(
      'float16',
      shape,
      Array.from({ length: size }, () => 0x3e00),
    );
    const wide = assembleModules(small, bits, emptyImages(small, 'float32'));
    expect(new Set(wide.data)).toEqual(new Set([1.5, Number.NaN]));
    const bytes = filled(
      'int8',
      shape,
      Array.from({ length: size }, (_, i) => (i % 2 ? -3 : 100)),
    );
    const half = assembleModules(small, bytes, emptyImages(small, 'float16'));
    // -3 = -1.5 * 2, 100 = 1.5625 * 64
    expect(new Set(half.data)).toEqual(new Set([0xc200, 0x5640, 0x7e00]));
  });
});

describe('frames as files hold them', () => {
  it('one picture is cut into modules', () => {
    expect(toModuleStack(PNCCD, zeros('uint16', [5, 1024, 1024])).shape).toEqual([5, 2, 512, 1024]);
    expect(toModuleStack(jungfrau(1), zeros('uint16', [512, 1024])).shape).toEqual([1, 512, 1024]);
    expect(toModuleStack(EPIX_100, zeros('uint16', [7, 704, 768])).shape).toEqual([7, 1, 704, 768]);
    expect(() => toModuleStack(jungfrau(2), zeros('uint16', [512, 1024]))).toThrow(/\(\.\., 2, 512, 1024\)/);
  });

  it('calibration rows of ePix are cut off', () => {
    const rows = Float32Array.from({ length: 2 * 356 * 384 }, (_, i) => Math.floor(i / 384));
    const stack = toModuleStack(EPIX_10K, ndarray('float32', [2, 356, 384], rows));
    expect(stack.shape).toEqual([2, 1, 352, 384]);
    expect([stack.data[0], stack.data[352 * 384 - 1], stack.data[352 * 384]]).toEqual([2, 353, 358]);
    expect(toModuleStack(EPIX_10K, ndarray('float32', [2, 1, 356, 384], rows)).shape).toEqual([2, 1, 352, 384]);
  });
});
