import { describe, expect, it } from 'vitest';
import type { DType } from '../core/dtype.ts';
import { byteSizeOf, type NdArray, ndarray } from '../core/ndarray.ts';
import { decodeNpy, encodeNpy } from './npy.ts';

const join = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('npy', () => {
  it.each([
    ndarray('float32', [2, 3], Float32Array.of(1, 2, Number.NaN, -0, 5, 6)),
    ndarray('uint64', [2], BigUint64Array.of(0n, 2n ** 64n - 1n)),
    ndarray('int8', [], Int8Array.of(-3)),
    ndarray('complex64', [1], Float32Array.of(1, -1)),
    ndarray('bool', [0, 4], new Uint8Array(0)),
  ] as NdArray<DType>[])('decode(encode(x)) = x: $dtype $shape', (array) => {
    const bytes = join(encodeNpy(array));
    expect(decodeNpy(bytes)).toEqual(array);
    expect((bytes.length - byteSizeOf(array)) % 64).toBe(0);
  });

  it('reads big-endian data and refuses what it cannot read', () => {
    const bytes = join(encodeNpy(ndarray('uint16', [2], Uint16Array.of(0x0102, 0x0304))));
    const edit = (from: string, to: string) =>
      Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1'));
    expect([...decodeNpy(edit('<u2', '>u2')).data]).toEqual([0x0201, 0x0403]);
    expect(() => decodeNpy(bytes.subarray(0, bytes.length - 1), 'a.npy')).toThrow(/a\.npy .* cut off: 3 bytes of 4/);
    expect(() => decodeNpy(new Uint8Array(20))).toThrow(/no NumPy signature/);
    expect(() => decodeNpy(edit('False', 'True '))).toThrow(/Fortran order/);
  });

  it('writes text as fixed-width characters', () => {
    const [header, data] = encodeNpy(ndarray('string', [2], ['ON', 'μ']));
    expect(new TextDecoder().decode(header)).toContain("'<U2'");
    expect([...new Uint32Array(data.buffer)]).toEqual([79, 78, 0x3bc, 0]);
  });
});
