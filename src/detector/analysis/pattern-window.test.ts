import { describe, expect, it } from 'vitest';
import { WINDOW_QUANTITIES, windowValue } from './pattern-window.ts';

const x = Float64Array.from({ length: 401 }, (_, i) => 2 + i * 0.005);
const gauss = (place: number, centre: number, sigma: number) => Math.exp(-0.5 * ((place - centre) / sigma) ** 2);
/** A peak of height 7 on a steep line. */
const peak = x.map((place) => 7 * gauss(place, 3.02, 0.04) + 100 - 30 * place);
const told = (quantity: (typeof WINDOW_QUANTITIES)[number], isLessLine = true, y: ArrayLike<number> = peak) =>
  windowValue({ x, y }, [2.701, 3.399], { quantity, isLessLine });

describe('a window of a pattern', () => {
  it('tells a peak on a line by area, height, centre and width', () => {
    expect(told('area')).toBeCloseTo(7 * 0.04 * Math.sqrt(2 * Math.PI), 6);
    expect(told('height')).toBeCloseTo(7, 6);
    expect(told('centre')).toBeCloseTo(3.02, 6);
    expect(told('width')).toBeCloseTo(0.04 * 2.354820045, 5);
    expect(told('mean')).toBeCloseTo((7 * 0.04 * Math.sqrt(2 * Math.PI)) / (139 * 0.005), 6);
  });

  it('keeps what is below without the line', () => {
    expect(told('mean', false, x)).toBeCloseTo(3.05, 10);
    expect(
      told(
        'centre',
        false,
        x.map(() => 5),
      ),
    ).toBeCloseTo(3.05, 10);
    expect(told('height', false)).toBeGreaterThan(15);
  });

  it('passes over missing values, and has none of nothing', () => {
    const holes = peak.map((value, i) => (i % 7 === 3 ? Number.NaN : value));
    expect(told('centre', true, holes)).toBeCloseTo(3.02, 3);
    expect(told('area', true, holes)).toBeCloseTo(told('area'), 2);
    for (const quantity of WINDOW_QUANTITIES) {
      expect(
        told(
          quantity,
          true,
          x.map(() => Number.NaN),
        ),
      ).toBeNaN();
      expect(windowValue({ x, y: peak }, [9, 10], { quantity, isLessLine: true })).toBeNaN();
    }
    expect(
      told(
        'centre',
        false,
        x.map(() => -1),
      ),
    ).toBeNaN();
    expect(windowValue({ x: [1], y: [5] }, [0, 2], { quantity: 'area', isLessLine: false })).toBe(5);
    expect(() => windowValue({ x, y: peak }, [3, 3], { quantity: 'mean', isLessLine: false })).toThrow(
      /3 to 3 is empty/,
    );
  });
});
