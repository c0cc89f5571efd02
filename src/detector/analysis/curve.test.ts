import { describe, expect, it } from 'vitest';
import { RADIAL_UNITS, type RadialUnit } from '../integration/radial-unit.ts';
import { curveAt, subtractCurve } from './curve.ts';
import { radialValue, spacingOf, twoThetaOf } from './radial-value.ts';

describe('curves', () => {
  it('are read between their points, and nowhere else', () => {
    const curve = { x: [1, 2, 4], y: [10, 20, Number.NaN] };
    expect([...curveAt(curve, [0.9, 1, 1.5, 2, 3, 4, 5])]).toEqual([NaN, 10, 15, 20, NaN, NaN, NaN]);
    expect([...curveAt({ x: [3], y: [7] }, [3, 4])]).toEqual([7, NaN]);
    expect([...curveAt({ x: [], y: [] }, [1])]).toEqual([NaN]);
  });

  it('are taken off each other with scale and offset', () => {
    const [from, other] = [
      { x: [1, 2, 3], y: [5, 6, 7] },
      { x: [0, 4], y: [0, 4] },
    ];
    expect([...subtractCurve(from, other)]).toEqual([4, 4, 4]);
    expect([...subtractCurve(from, other, { scale: 2, offset: 1 })]).toEqual([2, 1, 0]);
  });
});

describe('radialValue', () => {
  const scene = { distance: 0.16, photonEnergyKeV: 9.3 };

  it('agrees with q = 2 pi / d, tan and degrees', () => {
    const twoTheta = 0.45;
    expect(radialValue(twoTheta, 'q_A^-1', scene)).toBeCloseTo((2 * Math.PI) / spacingOf(twoTheta, 9.3), 12);
    expect(radialValue(twoTheta, 'r_mm', scene)).toBeCloseTo(160 * Math.tan(twoTheta), 10);
    expect(radialValue(twoTheta, '2th_deg', scene)).toBeCloseTo((0.45 * 180) / Math.PI, 10);
  });

  it.each(Object.keys(RADIAL_UNITS) as RadialUnit[])('has a reverse in %s', (unit) => {
    for (const twoTheta of [0.01, 0.3, 1.1])
      expect(twoThetaOf(radialValue(twoTheta, unit, scene), unit, scene)).toBeCloseTo(twoTheta, 9);
  });

  it('knows what cannot be', () => {
    expect(twoThetaOf(100, 'q_A^-1', scene)).toBeNaN();
    expect(twoThetaOf(-1, '2th_deg', scene)).toBeNaN();
  });
});
