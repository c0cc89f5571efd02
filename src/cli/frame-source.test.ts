import { describe, expect, it } from 'vitest';
import { ndarray } from '../core/ndarray.ts';
import { frameNumbers } from './frame-source.ts';

describe('pixels of an array as numbers', () => {
  it('are values where the type is held as bits', () => {
    const half = ndarray('float16', [4], Uint16Array.of(0x3e00, 0xc000, 0, 0x7e00));
    expect([...frameNumbers(half, 'a.npy')]).toEqual([1.5, -2, 0, Number.NaN]);
    const counts = ndarray('uint16', [2], Uint16Array.of(0x3e00, 7));
    expect(frameNumbers(counts, 'a.npy')).toBe(counts.data);
  });

  it('are refused of 64-bit integers and complex numbers', () => {
    for (const array of [ndarray('int64', [1], BigInt64Array.of(1n)), ndarray('complex64', [1], Float32Array.of(1, 2))])
      expect(() => frameNumbers(array, 'a.npy')).toThrow(/a\.npy holds (int64|complex64): convert it to float32/);
  });
});
