import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate, type DType, decodeFloat16, type NumericStorage } from '../../core/dtype.ts';
import { convertElements, encodeFloat16, storedElement } from './convert-elements.ts';

function convert(values: readonly number[], from: DType, to: DType): (number | bigint)[] {
  const source = allocate(from, values.length) as NumericStorage;
  for (const [i, value] of values.entries()) (source as unknown as unknown[])[i] = storedElement(value, from);
  const target = allocate(to, values.length) as NumericStorage;
  convertElements(source, from, target, to);
  return [...(target as Float64Array)];
}

describe('convertElements', () => {
  it('keeps numbers that fit', () => {
    const types: DType[] = ['int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64', 'uint8', 'uint64'];
    const values = fc.array(fc.integer({ min: 0, max: 127 }));
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.constantFrom(...types), values, (from, to, numbers) => {
        const expected = numbers.map((value) => storedElement(value, to));
        expect(convert(numbers, from, to)).toEqual(expected);
      }),
    );
  });

  it('takes the end of the range for numbers beyond it', () => {
    expect(convert([-5, 300, 12.9], 'float32', 'uint8')).toEqual([0, 255, 12]);
    expect(convert([-40_000, 40_000], 'int32', 'int16')).toEqual([-32_768, 32_767]);
    expect(convert([-1, 1e30], 'float64', 'uint64')).toEqual([0n, 2n ** 64n - 1n]);
    expect(convert([2 ** 40], 'int64', 'int32')).toEqual([2 ** 31 - 1]);
    expect(convert([Number.NaN, Number.NaN], 'float32', 'int16')).toEqual([0, 0]);
    expect(convert([Number.NaN], 'float64', 'int64')).toEqual([0n]);
    expect(convert([Number.NaN, -0], 'float32', 'float64')).toEqual([Number.NaN, -0]);
    expect(() => storedElement(Number.NaN, 'int32')).toThrow(/cannot be held by int32/);
  });
});

describe('encodeFloat16', () => {
  it('undoes decodeFloat16', () => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const value = decodeFloat16(bits);
      const expected = Number.isNaN(value) ? 0x7e00 : bits;
      if (encodeFloat16(value) !== expected) throw new Error(`bits ${bits}: ${encodeFloat16(value)}`);
    }
  });

  it('rounds to the nearest, ties to even', () => {
    expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -25].map(encodeFloat16)).toEqual([
      0x3c00, 0x3c02, 0x7bff, 0x7c00, 0, 2,
    ]);
  });
});
