import { describe, expect, it } from 'vitest';
import { Cursor } from './cursor.ts';

const SIZES = { offsetSize: 8, lengthSize: 8 };
const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('a cursor on a part of some memory', () => {
  it('reads that part alone, and tells places of the file', () => {
    const cursor = new Cursor('x.h5', 1000, bytes, SIZES, 8, 10);
    expect(cursor.u16()).toBe(0x0908);
    expect({ position: cursor.position, left: cursor.left, place: cursor.place }).toEqual({
      position: 2,
      left: 8,
      place: 1002,
    });
    cursor.align(4);
    expect(cursor.u8()).toBe(12);
    expect([...cursor.bytes(5)]).toEqual([13, 14, 15, 16, 17]);
    expect(cursor.left).toBe(0);
    // The memory goes on, the block does not.
    expect(() => cursor.u8()).toThrow('damaged at byte 1010');
  });

  it('finds no end of a text beyond its part', () => {
    const memory = new TextEncoder().encode('..name....\0');
    expect(() => new Cursor('x.h5', 0, memory, SIZES, 2, 4).text()).toThrow('a name without end');
    expect(new Cursor('x.h5', 0, memory, SIZES, 2, 9).text()).toBe('name....');
  });

  it('knows versions from the lowest to the highest', () => {
    const at = (version: number) => new Cursor('x.h5', 70, Uint8Array.of(version), SIZES);
    expect([1, 2, 3].map((version) => at(version).version('it', 1, 3))).toEqual([1, 2, 3]);
    expect(() => at(0).version('it', 1, 3)).toThrow('damaged at byte 70: version 0 of it is unknown');
    expect(() => at(4).version('it', 1, 3)).toThrow('version 4');
    expect(() => at(1).version('it', 0)).toThrow('version 1');
  });
});
