import { describe, expect, it } from 'vitest';
import { autoLevels, histogramOf } from './levels.ts';

describe('levels of an image', () => {
  it('leave one per cent on each side, whatever is missing', () => {
    const values = Float32Array.from({ length: 1001 }, (_, i) => (i * 7919) % 1001);
    expect(autoLevels(values)).toEqual({ low: 10, high: 990 });
    const withGaps = new Float32Array(2002).fill(Number.NaN);
    withGaps.set(values, 500);
    expect(autoLevels(withGaps)).toEqual({ low: 10, high: 990 });
  });

  it('are a range even where all pixels are equal or none has a value', () => {
    expect(autoLevels(new Float32Array(9).fill(5))).toEqual({ low: 5, high: 6 });
    expect(autoLevels(new Float32Array(9).fill(Number.NaN))).toEqual({ low: 0, high: 1 });
    expect(autoLevels(Float32Array.of(Number.POSITIVE_INFINITY, 3))).toEqual({ low: 3, high: 4 });
  });

  it('count what lies between the limits', () => {
    const { counts } = histogramOf(Float32Array.of(0, 0.5, 1.5, 2.9, 3, Number.NaN, -1), 0, 3, 3);
    expect([...counts]).toEqual([2, 1, 1]);
  });
});
