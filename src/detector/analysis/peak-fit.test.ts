import { describe, expect, it } from 'vitest';
import { fitPeak } from './peak-fit.ts';

const x = Float64Array.from({ length: 200 }, (_, i) => 2 + i * 0.002);
const peak = (at: number, fwhm: number, lorentz: number) =>
  x.map((value) => {
    const t = (2 * (value - at)) / fwhm;
    return 7 * (lorentz / (1 + t * t) + (1 - lorentz) * Math.exp(-Math.LN2 * t * t)) + 3 - 4 * (value - 2.2);
  });

describe('fitPeak', () => {
  it.each([
    [2.141, 0.03, 0],
    [2.2037, 0.041, 0.6],
    [2.3, 0.025, 1],
  ])('finds position, width, height and area of a peak at %f', (at, fwhm, lorentz) => {
    const found = fitPeak(x, peak(at, fwhm, lorentz), [at - 0.1, at + 0.1]);
    expect(found?.position).toBeCloseTo(at, 5);
    expect(found?.fwhm).toBeCloseTo(fwhm, 4);
    expect(found?.height).toBeCloseTo(7, 2);
    expect(found?.lorentz).toBeCloseTo(lorentz, 2);
    const area = 7 * fwhm * ((lorentz * Math.PI) / 2 + (1 - lorentz) * 1.0644670194312262);
    expect(Math.abs((found?.area ?? 0) - area)).toBeLessThan(0.005);
  });

  it('finds the width within its uncertainty in noise', () => {
    let seed = 5;
    const noisy = peak(2.2, 0.03, 0.2).map((value) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return value + (seed / 2 ** 32 - 0.5) * 0.4;
    });
    const found = fitPeak(x, noisy, [2.1, 2.3]);
    expect(Math.abs((found?.fwhm ?? 0) - 0.03)).toBeLessThan(4 * (found?.fwhmUncertainty ?? 0));
    expect(found?.fwhmUncertainty).toBeGreaterThan(1e-5);
    expect(found?.fwhmUncertainty).toBeLessThan(0.002);
  });

  it('the integral breadth of a Gaussian is its own, and a shoulder widens it', () => {
    const one = peak(2.2, 0.03, 0);
    const double = one.map((value, i) => value + 0.4 * (peak(2.225, 0.03, 0)[i] - 3 + 4 * (x[i] - 2.2)));
    const breadth = (y: Float64Array) => fitPeak(x, y, [2.1, 2.3])?.integralBreadth ?? 0;
    expect(breadth(one)).toBeCloseTo(0.03 * 1.0644670194312262, 4);
    expect(breadth(double)).toBeGreaterThan(1.3 * breadth(one));
  });

  it('sees no peak in a slope, at an edge, or in a handful of points', () => {
    const slope = x.map((value) => 5 - value);
    expect(fitPeak(x, slope, [2.1, 2.3])).toBeNull();
    expect(
      fitPeak(
        x,
        x.map((value) => value * value),
        [2.1, 2.3],
      ),
    ).toBeNull();
    expect(fitPeak(x, peak(2.2, 0.03, 0), [2.199, 2.205])).toBeNull();
    expect(
      fitPeak(
        x,
        x.map(() => Number.NaN),
        [2.1, 2.3],
      ),
    ).toBeNull();
  });
});
