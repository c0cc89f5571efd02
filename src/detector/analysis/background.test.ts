import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternBackground } from './background.ts';

const POINTS = 1000;
const slow = Float64Array.from({ length: POINTS }, (_, i) => 20 * Math.exp(-i / 300) + 3 + i / 500);
const peaks = (at: readonly number[], height: number, sigma: number) =>
  Float64Array.from({ length: POINTS }, (_, i) =>
    at.reduce((sum, place) => sum + height * Math.exp(-0.5 * ((i - place) / sigma) ** 2), 0),
  );
const sum = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + b[i]);
const away = (got: Float64Array, wanted: Float64Array, from = 0, to = POINTS) =>
  Math.max(...got.subarray(from, to).map((value, i) => Math.abs(value - wanted[from + i])));

describe('patternBackground', () => {
  it('finds a slow course below strong and weak peaks', () => {
    const curve = sum(slow, sum(peaks([200, 420, 800], 400, 4), peaks([300, 600], 5, 4)));
    const found = patternBackground(curve, { width: 25, iterations: 150 });
    expect(away(found, slow, 10, POINTS - 10)).toBeLessThan(0.1);
    // Without the peaks it is the course itself, but for what averages of a bent line lie below it.
    expect(away(patternBackground(slow, { width: 25, iterations: 1 }), slow)).toBeLessThan(0.2);
  });

  it('lays a polynomial through it, which a polynomial passes unchanged', () => {
    const parabola = Float64Array.from({ length: POINTS }, (_, i) => 4 + ((i - 500) / 400) ** 2);
    expect(away(patternBackground(parabola, { width: 3, iterations: 0, order: 2 }), parabola)).toBeLessThan(1e-6);
    const curve = sum(slow, peaks([300, 600], 50, 4));
    expect(away(patternBackground(curve, { width: 25, iterations: 150, order: 12 }), slow, 20, 980)).toBeLessThan(0.1);
  });

  it('leaves gaps as gaps and bridges them', () => {
    const holed = slow.map((value, i) => (i > 500 && i < 540 ? Number.NaN : value));
    const found = patternBackground(holed, { width: 10, iterations: 10, order: 8 });
    expect(found.slice(501, 540).every(Number.isNaN)).toBe(true);
    expect(Math.abs(found[545] - slow[545])).toBeLessThan(0.1);
    expect(patternBackground([Number.NaN, Number.NaN], { width: 1 })).toEqual(Float64Array.of(Number.NaN, Number.NaN));
  });

  it('never lies above the pattern while no polynomial is asked for, and scales with it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (values, width) => {
          const found = patternBackground(values, { width, iterations: 5 });
          expect(found.every((value, i) => value <= values[i] + 1e-6)).toBe(true);
          const double = patternBackground(
            values.map((value) => 2 * value),
            { width, iterations: 5 },
          );
          for (const [i, value] of found.entries()) expect(double[i]).toBeCloseTo(2 * value, 4);
        },
      ),
    );
  });

  it('refuses impossible settings', () => {
    expect(() => patternBackground(slow, { width: 0 })).toThrow(/width = 0/);
    expect(() => patternBackground(slow, { width: 5, iterations: -1 })).toThrow(/iterations = -1/);
    expect(() => patternBackground(slow, { width: 5, order: 2.5 })).toThrow(/order = 2.5/);
  });
});
