import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ndarray } from '../../core/ndarray.ts';
import { parseArraySlice } from './array-slice.ts';

const SHAPE = [4, 5, 6];
const whole = ndarray(
  'int32',
  SHAPE,
  Int32Array.from({ length: 120 }, (_, i) => i),
);

/** What a file would read of the whole array. */
function cut(text: string) {
  const { block, take, shape } = parseArraySlice(text, SHAPE);
  const values: number[] = [];
  const [starts, counts] = [block.start, block.count];
  for (let i = 0; i < counts[0]; i++)
    for (let j = 0; j < counts[1]; j++)
      for (let k = 0; k < counts[2]; k++)
        values.push(whole.data[((starts[0] + i) * 5 + starts[1] + j) * 6 + starts[2] + k]);
  const taken = take(ndarray('int32', counts, Int32Array.from(values)));
  expect(taken.shape).toEqual(shape);
  return { shape, values: [...taken.data] };
}

describe('slices in the notation of numpy', () => {
  it.each([
    ['0,0,5', [], [5]],
    ['-1,-1,-1', [], [119]],
    ['0,1:3,4:', [2, 2], [10, 11, 16, 17]],
    ['0,0', [6], [0, 1, 2, 3, 4, 5]],
    ['0,0,::4', [2], [0, 4]],
    ['...,0', [4, 5], Array.from({ length: 20 }, (_, i) => 6 * i)],
    ['::3,0,...,0', [2], [0, 90]],
    ['[0, 0, -2:]', [2], [4, 5]],
    ['0,0,9:', [0], []],
    ['0,0,:2,', [2], [0, 1]],
  ])('%s', (text, shape, values) => {
    expect(cut(text)).toEqual({ shape, values });
  });

  it('is what slicing lists gives', () => {
    const range = fc.record({
      start: fc.integer({ min: -7, max: 7 }),
      stop: fc.integer({ min: -7, max: 7 }),
      step: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(range, ({ start, stop, step }) => {
        const expected = [0, 1, 2, 3, 4, 5].slice(start, stop).filter((_, i) => i % step === 0);
        expect(cut(`0,0,${start}:${stop}:${step}`).values).toEqual(expected);
      }),
    );
  });

  it.each(['x', '1:2:3:4', '0,,1', '::-1', '1.5'])('"%s" is none', (text) => {
    expect(() => parseArraySlice(text, SHAPE)).toThrow(/--slice/);
  });

  it('outside the dataset', () => {
    expect(() => parseArraySlice('9', SHAPE)).toThrow(/outside axis 0/);
    expect(() => parseArraySlice('0,0,0,0', SHAPE)).toThrow(/more axes/);
  });
});
