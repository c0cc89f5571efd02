import { describe, expect, it } from 'vitest';
import { decodeFloat16, dtypeOfTypeString, isDType, itemSizeOf, typeStringOf } from './dtype.ts';
import { isXfelError, nearestNames, SourceNotFound, XfelError } from './errors.ts';
import { byteSizeOf, bytesOf, entryView, ndarray, rangeView, reshape, zeros } from './ndarray.ts';

describe('NdArray', () => {
  it('checks the length of its storage', () => {
    expect(() => ndarray('float32', [2, 3], new Float32Array(5))).toThrow(/needs 6 elements of float32, got 5/);
    expect(ndarray('complex64', [2], new Float32Array(4)).shape).toEqual([2]);
  });

  it('views entries and ranges of the first axis on the same memory', () => {
    const array = ndarray('int16', [3, 2], Int16Array.of(1, 2, 3, 4, 5, 6));
    const entry = entryView(array, 1);
    expect([...entry.data]).toEqual([3, 4]);
    expect(entry.shape).toEqual([2]);
    entry.data[0] = 30;
    expect(array.data[2]).toBe(30);
    expect([...rangeView(array, 1, 3).data]).toEqual([30, 4, 5, 6]);
    expect(() => rangeView(array, 2, 4)).toThrow(/outside/);
    expect(() => reshape(array, [4])).toThrow(/needs 4/);
  });

  it('knows its bytes', () => {
    const array = ndarray('uint16', [2], Uint16Array.of(1, 256));
    expect([...bytesOf(array)]).toEqual([1, 0, 0, 1]);
    expect(byteSizeOf(zeros('complex128', [3]))).toBe(48);
    expect(zeros('string', [2]).data).toEqual(['', '']);
  });
});

describe('DType', () => {
  it('speaks numpy', () => {
    expect(dtypeOfTypeString('<f4')).toBe('float32');
    expect(dtypeOfTypeString('>u2')).toBe('uint16');
    expect(dtypeOfTypeString('|b1')).toBe('bool');
    expect(dtypeOfTypeString('<U8')).toBeUndefined();
    expect(typeStringOf('complex128')).toBe('<c16');
    expect(itemSizeOf('float16')).toBe(2);
    expect([isDType('uint64'), isDType('toString')]).toEqual([true, false]);
  });

  it('reads half precision', () => {
    expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000].map(decodeFloat16)).toEqual([1, -2, 65504, 2 ** -24, -0]);
    expect([decodeFloat16(0x7c00), decodeFloat16(0x7e00)]).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
  });
});

describe('XfelError', () => {
  it('is told apart by its tag', () => {
    const error: unknown = new SourceNotFound('No source "X".', { name: 'X' }, { cause: 'c' });
    expect(error).toBeInstanceOf(XfelError);
    expect([
      isXfelError(error, 'SourceNotFound'),
      isXfelError(error, 'KeyNotFound'),
      isXfelError(new Error('x')),
    ]).toEqual([true, false, false]);
    expect(isXfelError(error) && [error.name, error.details, error.cause]).toEqual([
      'SourceNotFound',
      { name: 'X' },
      'c',
    ]);
  });

  it('finds the nearest names', () => {
    expect(nearestNames('motorx', ['XGM/DOOCS', 'MOTOR_X', 'CAMERA', 'MOTOR_Y'], 2)).toEqual(['MOTOR_X', 'MOTOR_Y']);
  });
});
