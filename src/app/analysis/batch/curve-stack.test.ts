import { describe, expect, it } from 'vitest';
import { stackCurves } from './curve-stack.ts';

const range = { low: 0, high: 10 };
const box = { width: 400, height: 222 };

describe('curves behind each other', () => {
  it('begin at the front below and end behind above, all inside of the box', () => {
    const stack = stackCurves(5, [10, 20], range, { across: 0.25, up: 0.5 }, box);
    expect(stack.rows).toEqual([0, 1, 2, 3, 4]);
    expect(stack.place(0, 10, 0)).toEqual([0, 200]);
    expect(stack.place(0, 20, 10)).toEqual([300, 100]);
    expect(stack.place(4, 10, 0)).toEqual([100, 100]);
    expect(stack.place(4, 20, 10)).toEqual([400, 0]);
    // What is below the ground lies on it.
    expect(stack.place(0, 10, -3)).toEqual([0, 200]);
    const left = stackCurves(5, [10, 20], range, { across: -0.25, up: 0.5 }, box);
    expect(left.place(0, 10, 0)).toEqual([100, 200]);
    expect(left.place(4, 10, 0)).toEqual([0, 100]);
  });

  it('a place belongs to the row whose ground is nearest; of many rows some are drawn', () => {
    const stack = stackCurves(5, [0, 1], range, { across: 0, up: 0.5 }, box);
    expect([205, 190, 170, 100, 20].map((y) => stack.rowAt(0, y))).toEqual([0, 0, 1, 4, 4]);
    const many = stackCurves(1000, [0, 1], range, { across: 0, up: 0.5 }, box);
    expect(many.rows).toHaveLength(120);
    expect(many.rows[119]).toBe(991);
    expect(many.rowAt(0, 0)).toBe(991);
    expect(stackCurves(1, [0, 0], range, { across: 0, up: 0 }, box).place(0, 0, 5)).toEqual([0, 100]);
  });
});
