// Expected texts are those of numpy 1.24.
import { describe, expect, it } from 'vitest';
import { type NdArray, ndarray } from '../../core/ndarray.ts';
import { arrayText, listText, quoted, recordsText } from './numpy-text.ts';

const floats = (...values: number[]) => ndarray('float64', [values.length], Float64Array.from(values));
const singles = (...values: number[]) => ndarray('float32', [values.length], Float32Array.from(values));
const counts = (n: number): NdArray =>
  ndarray(
    'int32',
    [n],
    Int32Array.from({ length: n }, (_, i) => i),
  );

describe('arrays as numpy prints them', () => {
  it.each([
    [floats(15.5, 16.25, 17), '[15.5  16.25 17.  ]'],
    [singles(0.1, 0.2), '[0.1 0.2]'],
    [floats(1 / 3, 2), '[0.33333333 2.        ]'],
    [floats(1e-5, 2500), '[1.0e-05 2.5e+03]'],
    [floats(1e10), '[1.e+10]'],
    [floats(0.5, Number.NaN, -Number.POSITIVE_INFINITY), '[ 0.5  nan -inf]'],
    [floats(-0, 1), '[-0.  1.]'],
    [floats(Number.NaN), '[nan]'],
    [floats(), '[]'],
    [
      ndarray('uint64', [2], BigUint64Array.of(5n, 18446744073709551615n)),
      '[                   5 18446744073709551615]',
    ],
    [ndarray('bool', [2], Uint8Array.of(1, 0)), '[ True False]'],
    [ndarray('string', [2], ['on', "it's"]), `['on' "it's"]`],
    [ndarray('complex128', [2], Float64Array.of(1, 2, 0.5, -1)), '[1. +2.j 0.5-1.j]'],
    [ndarray('int16', [2, 2], Int16Array.of(1, -20, 3, 4)), '[[  1 -20]\n [  3   4]]'],
    [ndarray('uint8', [2, 1, 2], Uint8Array.of(1, 2, 3, 4)), '[[[1 2]]\n\n [[3 4]]]'],
    [ndarray('float64', [], Float64Array.of(2.5)), '2.5'],
    [ndarray('float64', [], Float64Array.of(17)), '17.'],
  ])('%#', (array, text) => {
    expect(arrayText(array)).toBe(text);
  });

  it('breaks lines where numpy does', () => {
    expect(arrayText(counts(30))).toBe(
      '[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29]',
    );
    expect(arrayText(counts(8), { width: 12 })).toBe('[0 1 2 3 4\n 5 6 7]');
  });

  it('shortens lists', () => {
    expect(listText(counts(100), 10)).toBe('[ 0  1  2 ... 97 98 99]');
    expect(listText(counts(3), 10)).toBe('[0 1 2]');
    expect(arrayText(floats(1 / 3), { precision: 5 })).toBe('[0.33333]');
  });

  it('records and texts', () => {
    const fields = new Map<string, NdArray>([
      ['n', ndarray('int32', [2], Int32Array.of(1, 30))],
      ['x', floats(2.5, 4)],
      ['v', ndarray('uint8', [2, 2], Uint8Array.of(1, 2, 3, 4))],
    ]);
    expect(recordsText(fields, [2])).toBe('[( 1, 2.5, [1 2]) (30, 4. , [3 4])]');
    expect(quoted('a\\b\n\u0001')).toBe("'a\\\\b\\n\\x01'");
  });
});
