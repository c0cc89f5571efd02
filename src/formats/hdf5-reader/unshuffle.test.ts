import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainUnshuffler } from './unshuffle.ts';

/** As the format says it: byte k of all elements stands together. */
function shuffle(values: Uint8Array, width: number): Uint8Array {
  const count = Math.floor(values.length / width);
  const out = new Uint8Array(values);
  for (let i = 0; i < count; i++) for (let k = 0; k < width; k++) out[k * count + i] = values[i * width + k];
  return out;
}

describe('the plain unshuffler', () => {
  it('undoes the shuffle of any width, length and place in memory', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        (values, width, fromOffset, toOffset) => {
          const from = new Uint8Array(values.length + 8).subarray(fromOffset, fromOffset + values.length);
          from.set(shuffle(values, width));
          const to = new Uint8Array(values.length + 8).subarray(toOffset, toOffset + values.length);
          plainUnshuffler.unshuffle(from, width, to);
          expect(to).toEqual(values);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
