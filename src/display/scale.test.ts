import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourPlace, lowestShown, SCALES } from './scale.ts';

describe('scales of an image', () => {
  it('put the levels at the ends and keep the order between them', () => {
    const level = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(
        level,
        fc.double({ min: 0.01, max: 1e4, noNaN: true }),
        fc.constantFrom(...SCALES),
        (low, span, scale) => {
          const levels = { low, high: low + span };
          fc.pre(scale !== 'log' || levels.high > 0);
          expect(colourPlace(lowestShown(levels, scale), levels, scale)).toBeCloseTo(0, 9);
          expect(colourPlace(levels.high, levels, scale)).toBeCloseTo(1, 9);
          const [a, b] = [low + 0.3 * span, low + 0.6 * span].map((v) => colourPlace(v, levels, scale));
          expect(b).toBeGreaterThanOrEqual(a);
        },
      ),
    );
  });

  it('show three decades when the lower level has no logarithm', () => {
    expect(lowestShown({ low: -2, high: 50 }, 'log')).toBeCloseTo(0.05, 12);
    expect(colourPlace(Math.sqrt(0.05 * 50), { low: -2, high: 50 }, 'log')).toBeCloseTo(0.5, 12);
    expect(colourPlace(-1, { low: -2, high: 50 }, 'log')).toBe(0);
    expect(lowestShown({ low: -2, high: 50 }, 'symlog')).toBe(-2);
  });
});
