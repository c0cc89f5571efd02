import { expect, it } from 'vitest';
import { correlation, matchSeries } from './compare.ts';

it('matches two keys by train id, and counts what has no partner with its reason', () => {
  const a = { trainId: Float64Array.of(1, 2, 3, 5), value: Float64Array.of(10, 20, Number.NaN, 50) };
  const b = { trainId: Float64Array.of(5, 2, 3, 4), value: Float64Array.of(500, 200, 300, 400) };
  expect(matchSeries(a, b)).toEqual({
    trainId: Float64Array.of(2, 5),
    first: Float64Array.of(20, 50),
    second: Float64Array.of(200, 500),
    onlyFirst: 1,
    onlySecond: 1,
    notANumber: 1,
  });
});

it('correlates', () => {
  expect(correlation(Float64Array.of(1, 2, 3), Float64Array.of(2, 4, 6))).toBeCloseTo(1, 12);
  expect(correlation(Float64Array.of(1, 2, 3), Float64Array.of(3, 2, 1))).toBeCloseTo(-1, 12);
  expect(correlation(Float64Array.of(1, 2), Float64Array.of(3, 3))).toBeNaN();
});
