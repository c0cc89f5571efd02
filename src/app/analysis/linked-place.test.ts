import { describe, expect, it } from 'vitest';
import { directionOf, linkedShape, placeWords } from './linked-place.ts';

const plain = { distance: 0.2, poni1: 0.01, poni2: -0.02, photonEnergyKeV: 12.398419843320026 };
const tilted = { ...plain, rot1: 0.2, rot2: -0.1, rot3: 0.4 };

describe('a place that views share', () => {
  it('is an angle and an azimuth from left towards up', () => {
    expect(directionOf([-0.02 + 0.2, 0.01], plain)).toEqual({
      twoTheta: expect.closeTo(Math.PI / 4, 12),
      azimuthDeg: expect.closeTo(0, 12),
    });
    expect(directionOf([-0.02, 0.01 + 0.2 * Math.tan(0.3)], plain)).toEqual({
      twoTheta: expect.closeTo(0.3, 12),
      azimuthDeg: expect.closeTo(90, 12),
    });
  });

  it('is told in every unit: at 1 Angstrom, 60 degrees are a spacing of 1 Angstrom', () => {
    expect(placeWords({ twoTheta: Math.PI / 3, azimuthDeg: -12.34 }, plain)).toBe(
      '2θ 60.000°   q 6.2832 Å⁻¹   d 1.0000 Å   azimuth −12.3°',
    );
    expect(placeWords({ twoTheta: 0, azimuthDeg: null }, plain)).toBe('2θ 0.000°   q 0.0000 Å⁻¹');
  });

  it('is a ring on the picture, or the piece of it at its azimuth, with a tilt and over the cut', () => {
    for (const experiment of [plain, tilted]) {
      const ring = linkedShape({ twoTheta: 0.3, azimuthDeg: null }, experiment);
      expect(ring.kind).toBe('polygon');
      for (const azimuthDeg of [0, 179, -180, 45]) {
        const { kind, places } = linkedShape({ twoTheta: 0.3, azimuthDeg }, experiment);
        expect(kind).toBe('line');
        expect(places.length).toBeGreaterThanOrEqual(7);
        expect(places.length).toBeLessThanOrEqual(9);
        for (const place of places) {
          const found = directionOf(place, experiment);
          expect(found.twoTheta).toBeCloseTo(0.3, 9);
          const apart = ((found.azimuthDeg ?? 0) - azimuthDeg + 540) % 360;
          expect(Math.abs(apart - 180)).toBeLessThanOrEqual(4.001);
        }
        // One piece: no step is long.
        for (const [i, [x, y]] of places.slice(1).entries())
          expect(Math.hypot(x - places[i][0], y - places[i][1])).toBeLessThan(0.004);
      }
    }
  });
});
