import fc from 'fast-check';
import { expect, it } from 'vitest';
import { elementCount } from '../../core/ndarray.ts';
import { offsetOf, stepsOf } from './box.ts';
import { directRuns, readRuns } from './direct-read.ts';
import { planContiguous } from './read-plan.ts';

const memory = (bytes: Uint8Array) => ({
  readLater: async (start: number, out: Uint8Array) => out.set(bytes.subarray(start, start + out.length)),
});

it('runs put each element of a block in its place, or there are none', async () => {
  const axis = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.nat(), fc.nat())
    .map(([length, a, b]) => ({ length, start: a % length, count: 1 + (b % (length - (a % length))) }));
  await fc.assert(
    fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 4 }), async (axes) => {
      const shape = axes.map(({ length }) => length);
      const start = axes.map(({ start: at }) => at);
      const count = axes.map(({ count: n }) => n);
      const file = Uint8Array.from({ length: 5 + elementCount(shape) }, (_, i) => i);
      const pieces = planContiguous(5, shape, 1, start, count);
      const plan = {
        itemSize: 1,
        fillValue: null,
        filters: [],
        chunkBytes: file.length - 5,
        chunkShape: shape,
        pieces,
      };
      const out = new Uint8Array(elementCount(count)).fill(255);
      const runs = directRuns(file.length, plan, { bytes: out, offset: 0, steps: stepsOf(count, 1) });
      // One run: below the first axis of which several are wanted, all axes are whole.
      const first = count.findIndex((n) => n > 1);
      const isOne = first < 0 || count.every((n, i) => i <= first || n === shape[i]);
      expect(runs !== null).toBe(isOne);
      if (!runs) return;
      await readRuns(memory(file), runs);
      const from = 5 + offsetOf(start, stepsOf(shape, 1));
      expect(out).toEqual(file.subarray(from, from + out.length));
    }),
    { numRuns: 500 },
  );
});

it('long runs are cut, a file that is too short has none, and an error waits for what is on its way', async () => {
  const shape = [5 * 2 ** 20 + 3];
  const plan = {
    itemSize: 1,
    fillValue: null,
    filters: [],
    chunkBytes: shape[0],
    chunkShape: shape,
    pieces: planContiguous(0, shape, 1, [0], shape),
  };
  const target = { bytes: new Uint8Array(shape[0]), offset: 0, steps: [1] };
  expect(directRuns(shape[0] - 1, plan, target)).toBeNull();
  const runs = directRuns(shape[0], plan, target) ?? [];
  expect(runs.map(({ start, out }) => [start, out.length])).toEqual([
    [0, 2 ** 21],
    [2 ** 21, 2 ** 21],
    [2 ** 22, 2 ** 20 + 3],
  ]);
  let underWay = 0;
  const readLater = async (start: number) => {
    underWay++;
    await new Promise((resolve) => setTimeout(resolve, start === 0 ? 0 : 20));
    underWay--;
    if (start === 0) throw new Error('gone');
  };
  await expect(readRuns({ readLater }, runs)).rejects.toThrow('gone');
  expect(underWay).toBe(0);
});
