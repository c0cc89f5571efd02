import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byId, byIndex } from '../train-selection.ts';
import { isByPulseId, type PulseSelection, selectPulses } from './pulse-selection.ts';

const notAsked = () => {
  throw new Error('pulse ids were asked for');
};

describe('selectPulses', () => {
  it.each<[PulseSelection, number[]]>([
    [1, [1]],
    [9, []],
    [
      [4, 0, 9],
      [0, 4],
    ],
    [byIndex({ start: 1, step: 2 }), [1, 3]],
    [byIndex({ stop: 100 }), [0, 1, 2, 3, 4]],
    [byIndex([2, 7]), [2]],
    [byId([0, 12, 13]), [0, 3]],
    [byId({ start: 4, stop: 12 }), [1, 2]],
    [byId({ start: 4, step: 8 }), [1, 3, 4]],
  ])('%j', (selection, expected) => {
    const ids = isByPulseId(selection) ? () => [0, 4, 8, 12, 20] : notAsked;
    expect(selectPulses(selection, 5, ids)).toEqual(expected);
  });

  it.each<PulseSelection>([-1, [0, -2], 1.5, byIndex({ start: -1 }), byIndex({ stop: -1 }), byIndex({ step: 0 })])(
    'refuses %j',
    (selection) => expect(() => selectPulses(selection, 5, notAsked)).toThrow(/count pulses|must be 1 or more/),
  );

  it('finds the same frames by id as by position', () => {
    const train = fc.uniqueArray(fc.integer({ min: 0, max: 2699 }), { maxLength: 60 });
    fc.assert(
      fc.property(train, fc.array(fc.nat(70)), (ids, positions) => {
        const byPosition = selectPulses([...new Set(positions)], ids.length, notAsked);
        const wanted = byPosition.map((position) => ids[position]);
        expect(selectPulses(byId(wanted), ids.length, () => ids)).toEqual(byPosition);
      }),
    );
  });

  it('finds the same frames by a range of ids as by a range of positions where ids are evenly spaced', () => {
    const small = fc.nat(40);
    fc.assert(
      fc.property(
        small,
        small,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 8 }),
        (a, b, step, spacing) => {
          const ids = Array.from({ length: 30 }, (_, i) => 7 + i * spacing);
          const [start, stop] = [Math.min(a, b), Math.max(a, b)];
          const byPosition = selectPulses(byIndex({ start, stop, step }), ids.length, notAsked);
          const range = byId({ start: 7 + start * spacing, stop: 7 + stop * spacing, step: step * spacing });
          expect(selectPulses(range as PulseSelection, ids.length, () => ids)).toEqual(byPosition);
        },
      ),
    );
  });
});
