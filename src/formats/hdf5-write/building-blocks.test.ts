import { describe, expect, it } from 'vitest';
import { fletcher32, shuffle } from './chunk-filters.ts';
import { encodeFloat16 } from './element-bytes.ts';
import { lookup3 } from './lookup3.ts';

describe('building blocks', () => {
  it('lookup3 of known texts', () => {
    // From the driver of lookup3.c, initial value 0.
    expect(lookup3(new Uint8Array(0))).toBe(0xdeadbeef);
    expect(lookup3(new TextEncoder().encode('Four score and seven years ago'))).toBe(0x17770551);
  });

  it('Fletcher-32 folds before it overflows', () => {
    expect(fletcher32(Uint8Array.of(1, 2, 3))).toBe((((0x0102 + 0x0402) << 16) | 0x0402) >>> 0);
    expect(fletcher32(new Uint8Array(100_000).fill(255))).toBe(0xffffffff);
  });

  it('shuffle puts equal places together and leaves the rest', () => {
    expect([...shuffle(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), 2)]).toEqual([1, 3, 5, 7, 2, 4, 6, 8, 9]);
    expect([...shuffle(Uint8Array.of(1, 2, 3, 4, 5, 6), 3)]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('half-precision numbers as the platform rounds them', () => {
    const Half = (globalThis as { Float16Array?: new (values: number[]) => ArrayBufferView }).Float16Array;
    if (!Half) return;
    for (const value of [0, -0, 1, -2.5, 65504, 65519, 65520, 1e9, 6.1e-5, 5.9e-8, 2.98e-8, 1e-9, 1 / 3, Infinity]) {
      expect([value, encodeFloat16(value)]).toEqual([
        value,
        new Uint16Array(new Half([value]).buffer as ArrayBuffer)[0],
      ]);
    }
  });
});
