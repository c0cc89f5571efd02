import { describe, expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { KernelArena, placeOf } from './arena.ts';

describe('KernelArena', () => {
  it('gives aligned, zeroed arrays that do not overlap', () => {
    const arena = KernelArena.create(1 << 20);
    const a = arena.allocate('uint8', [3]);
    const b = arena.allocate('float64', [2, 5]);
    const c = arena.allocate('uint16', [7]);
    for (const array of [a, b, c]) {
      expect(array.data.byteOffset % 64).toBe(0);
      expect(array.data.byteOffset).toBeGreaterThan(0);
      expect(arena.contains(array.data)).toBe(true);
    }
    b.data.fill(1);
    expect([...a.data, ...c.data].every((value) => value === 0)).toBe(true);
    expect(b.shape).toEqual([2, 5]);
    expect(arena.contains(new Uint8Array(4))).toBe(false);
  });

  it('shows the same memory to another thread by its place', () => {
    const arena = KernelArena.create(1 << 20);
    const array = arena.allocate('float32', [2, 3]);
    const other = KernelArena.attach(structuredClone(arena.handle));
    const view = other.view(placeOf(array), 'float32');
    array.data[4] = 7;
    expect([...view.data]).toEqual([0, 0, 0, 0, 7, 0]);
    expect(view.shape).toEqual([2, 3]);
    expect(() => other.allocate('uint8', [1])).toThrow();
    expect(() => other.view(placeOf(array), 'uint16')).toThrow();
  });

  it('takes memory back to a mark, and says when it is full', () => {
    const arena = KernelArena.create(100_000);
    const mark = arena.mark();
    const before = arena.free;
    arena.allocate('uint8', [60_000]);
    expect(arena.free).toBeLessThan(before - 59_999);
    arena.resetTo(mark);
    expect(arena.free).toBe(before);
    try {
      arena.allocate('float64', [1_000_000]);
      expect.unreachable();
    } catch (error) {
      expect(isXfelError(error, 'Unsupported') && error.message).toMatch(/no room for float64 \[1000000\]/);
    }
    expect(arena.free).toBe(before);
  });

  it('knows its arrays after other shared memory was grown', () => {
    const arena = KernelArena.create(100_000);
    const { data } = arena.allocate('float32', [10]);
    const other = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
    other.grow(1);
    expect(arena.contains(data)).toBe(true);
    expect(arena.contains(arena.allocate('uint8', [1]).data)).toBe(true);
    expect(arena.contains(new Uint8Array(other.buffer))).toBe(false);
  });
});
