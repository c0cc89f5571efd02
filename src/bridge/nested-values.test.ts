import { expect, it } from 'vitest';
import { ndarray } from '../core/ndarray.ts';
import { nestedValues } from './nested-values.ts';

it('an array as plain values keeps its shape and what its elements are', () => {
  expect(nestedValues(ndarray('int16', [2, 3], Int16Array.of(1, -2, 3, 4, 5, 6)))).toEqual([
    [1n, -2n, 3n],
    [4n, 5n, 6n],
  ]);
  expect(nestedValues(ndarray('uint64', [1, 1], BigUint64Array.of(2n ** 64n - 1n)))).toEqual([[2n ** 64n - 1n]]);
  expect(nestedValues(ndarray('float16', [2], Uint16Array.of(0x3e00, 0xfc00)))).toEqual([
    1.5,
    Number.NEGATIVE_INFINITY,
  ]);
  expect(nestedValues(ndarray('bool', [2], Uint8Array.of(1, 0)))).toEqual([true, false]);
  expect(nestedValues(ndarray('complex64', [], Float32Array.of(1.5, -2)))).toEqual([1.5, -2]);
  expect(nestedValues(ndarray('complex128', [2], Float64Array.of(1, 2, 3, 4)))).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(nestedValues(ndarray('string', [2, 1], ['a', 'b']))).toEqual([['a'], ['b']]);
  expect(nestedValues(ndarray('float32', [3, 0], new Float32Array(0)))).toEqual([]);
  expect(nestedValues(ndarray('float64', [], Float64Array.of(2)))).toBe(2);
});
