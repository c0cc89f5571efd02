import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WasmUnshuffle } from './wasm-unshuffle.ts';

const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
const quick = new WasmUnshuffle(module);

/** As the format says it: byte k of all elements stands together. */
function shuffle(values: Uint8Array, width: number): Uint8Array {
  const count = Math.floor(values.length / width);
  const out = new Uint8Array(values);
  for (let i = 0; i < count; i++) for (let k = 0; k < width; k++) out[k * count + i] = values[i * width + k];
  return out;
}

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 24);
const at = (length: number, offset: number) => new Uint8Array(length + 8).subarray(offset, offset + length);

/** The first byte that differs, so that a failure is one line and not a million. */
function differsAt(got: Uint8Array, expected: Uint8Array): number {
  return expected.findIndex((byte, i) => got[i] !== byte);
}

describe('the shuffle undone in WebAssembly', () => {
  it('gives the values back for any length, place in memory and width that it takes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 1200 }),
        fc.constantFrom(2, 4, 8),
        fc.nat(7),
        fc.nat(7),
        fc.boolean(),
        (values, width, fromOffset, toOffset, isInside) => {
          const from = isInside ? quick.input(values.length) : at(values.length, fromOffset);
          if (!from) throw new Error('no memory');
          from.set(shuffle(values, width));
          const to = at(values.length, toOffset);
          expect(quick.unshuffle(from, width, to)).toBe(true);
          expect(to).toEqual(values);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([2, 4, 8])('goes block by block through long input of width %i', (width) => {
    for (const length of [32_768, 32_768 + width, 3 * 32_768 - 1, 1_000_003]) {
      const values = bytesOf(length);
      const out = new Uint8Array(length);
      quick.unshuffle(shuffle(values, width), width, out);
      expect(differsAt(out, values)).toBe(-1);
      const input = quick.input(length);
      input?.set(shuffle(values, width));
      out.fill(0);
      quick.unshuffle(input as Uint8Array, width, out);
      expect(differsAt(out, values)).toBe(-1);
    }
  });

  it('takes a part of its input, as a checksum behind it leaves it', () => {
    const values = bytesOf(4000);
    const input = quick.input(4004) as Uint8Array;
    input.set(shuffle(values, 4));
    const out = new Uint8Array(4000);
    quick.unshuffle(input.subarray(0, 4000), 4, out);
    expect(out).toEqual(values);
  });

  it('leaves other widths and more than its memory to others', () => {
    const out = new Uint8Array(12).fill(7);
    for (const width of [1, 3, 12]) expect(quick.unshuffle(new Uint8Array(12), width, out)).toBe(false);
    expect(out).toEqual(new Uint8Array(12).fill(7));
    const tooMuch = 64 * 2 ** 20 + 1;
    expect(quick.input(tooMuch)).toBeNull();
    const large = new Uint8Array(tooMuch);
    expect(quick.unshuffle(large, 4, large)).toBe(false);
  });

  it('says so when the result has another length', () => {
    expect(() => quick.unshuffle(new Uint8Array(16), 4, new Uint8Array(12))).toThrow(RangeError);
  });
});
