import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EPIX_100 } from '../epix.ts';
import { exampleGeometry, pixelPositions } from '../geometry.ts';
import { type AnvilSeat, pixelTransmission, seatTransmission } from './absorption.ts';

const SEAT: AnvilSeat = {
  diamondThicknessMm: 2,
  seatThicknessMm: 5,
  innerRadiusMm: 0.5,
  outerRadiusMm: 2,
  diamondAbsorptionMm: 13.7,
  seatAbsorptionMm: 14,
  tiltDeg: 0,
  tiltDirectionDeg: 0,
  offsetMm: 0,
  offsetDirectionDeg: 0,
};
const ray = (seat: Partial<AnvilSeat>, twoTheta: number, azimuth = 0) =>
  seatTransmission({ ...SEAT, ...seat })(
    Math.sin(twoTheta) * Math.cos(azimuth),
    Math.sin(twoTheta) * Math.sin(azimuth),
    Math.cos(twoTheta),
  );

describe('what a seat takes', () => {
  it('is nothing along the beam, the longer way in the diamond within the hole, and the wall beyond it', () => {
    expect(ray({}, 0)).toBe(1);
    const small = 0.1;
    expect(ray({}, small)).toBeCloseTo(Math.exp((2 - 2 / Math.cos(small)) / 13.7), 12);
    // A straight hole of 1 mm: the ray enters its wall at z = 1 / tan, and leaves at 7 mm.
    const steep = Math.atan(0.25);
    const wall = (7 - 4) / Math.cos(steep);
    expect(ray({ innerRadiusMm: 1, outerRadiusMm: 1 }, steep)).toBeCloseTo(
      Math.exp((2 - 2 / Math.cos(steep)) / 13.7 - wall / 14),
      12,
    );
    // No hole: the wall all the way.
    expect(ray({ innerRadiusMm: 0, outerRadiusMm: 0 }, steep)).toBeCloseTo(
      Math.exp((2 - 2 / Math.cos(steep)) / 13.7 - 5 / Math.cos(steep) / 14),
      12,
    );
    expect(ray({}, 2)).toBe(0);
  });

  it('with tilt and offset is what summing along the ray gives', () => {
    const angle = fc.double({ min: -180, max: 180, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        angle,
        fc.double({ min: 0, max: 20, noNaN: true }),
        angle,
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        angle,
        (twoTheta, azimuth, tiltDeg, tiltDirectionDeg, offsetMm, offsetDirectionDeg) => {
          const seat = { tiltDeg, tiltDirectionDeg, offsetMm, offsetDirectionDeg };
          const found = ray(seat, twoTheta, (azimuth * Math.PI) / 180);
          // The axis of the seat, and the distance of places on the ray from it, in the frame of the beam.
          const [tilt, to, where, phi] = [tiltDeg, tiltDirectionDeg, offsetDirectionDeg, azimuth].map(
            (deg) => (deg * Math.PI) / 180,
          );
          const e = [Math.cos(to), Math.sin(to), 0];
          const n = [Math.sin(tilt) * e[0], Math.sin(tilt) * e[1], Math.cos(tilt)];
          const across = [Math.cos(tilt) * e[0], Math.cos(tilt) * e[1], -Math.sin(tilt)];
          const third = [-e[1], e[0], 0];
          const [oe, op] = [offsetMm * Math.cos(where - to), offsetMm * Math.sin(where - to)];
          const start = [0, 1, 2].map((i) => oe * across[i] + op * third[i]);
          const u = [Math.sin(twoTheta) * Math.cos(phi), Math.sin(twoTheta) * Math.sin(phi), Math.cos(twoTheta)];
          const axial = u[0] * n[0] + u[1] * n[1] + u[2] * n[2];
          let wall = 0;
          const steps = 4000;
          for (let i = 0; i < steps; i++) {
            const z = 2 + (5 * (i + 0.5)) / steps;
            const at = start.map((value, k) => value + (u[k] * z) / axial - n[k] * z);
            if (Math.hypot(...at) > 0.5 + (1.5 * (z - 2)) / 5) wall += 5 / steps;
          }
          const summed = Math.exp((2 - 2 / axial) / 13.7 - wall / axial / 14);
          expect(Math.abs(found / summed - 1)).toBeLessThan(1e-3);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says what is impossible', () => {
    expect(() => seatTransmission({ ...SEAT, seatAbsorptionMm: 0 })).toThrow(/seatAbsorptionMm = 0/);
    expect(() => seatTransmission({ ...SEAT, innerRadiusMm: -1 })).toThrow(/innerRadiusMm = -1/);
    expect(() => seatTransmission({ ...SEAT, tiltDeg: 90 })).toThrow(/tilt of 90/);
  });
});

describe('the share of light of every pixel', () => {
  const geometry = exampleGeometry(EPIX_100);
  const experiment = { distance: 0.05, poni1: 0.001, poni2: -0.002 };

  it('of a thin sensor grows with the way, 1 / cos; a thick one stops all', () => {
    const positions = pixelPositions(geometry).data as Float64Array;
    const at = 12_345;
    const [x, y] = [positions[3 * at] + 0.002, positions[3 * at + 1] - 0.001];
    const cosine = 0.05 / Math.hypot(x, y, 0.05);
    const of = (thicknessUm: number, absorptionLengthUm: number) =>
      pixelTransmission(geometry, experiment, { oblique: { thicknessUm, absorptionLengthUm } })[at];
    expect(of(1, 1e7)).toBeCloseTo(1 / cosine, 5);
    expect(of(1e6, 1)).toBe(1);
    expect(of(300, 300)).toBeCloseTo((1 - Math.exp(-1 / cosine)) / (1 - Math.exp(-1)), 6);
    expect(() => of(0, 1)).toThrow(/thicknessUm = 0/);
  });

  it('of a transfer function is response over original, and 0 where that is not known', () => {
    const pixels = 704 * 768;
    const original = new Float32Array(pixels).fill(4);
    const response = new Float32Array(pixels).fill(1);
    original[1] = 0;
    response[2] = Number.NaN;
    response[3] = -1;
    const share = pixelTransmission(geometry, experiment, { transfer: { original, response } });
    expect([...share.subarray(0, 5)]).toEqual([0.25, 0, 0, 0, 0.25]);
    expect(() =>
      pixelTransmission(geometry, experiment, { transfer: { original, response: response.subarray(1) } }),
    ).toThrow(/response of the transfer function has 540671 pixels/);
  });

  it('of a seat is that of each ray, turned with the detector', () => {
    const positions = pixelPositions(geometry).data as Float64Array;
    const at = 400_000;
    const turned = { ...experiment, poni1: 0, poni2: 0, rot3: 0.3 };
    const [x, y] = [positions[3 * at], positions[3 * at + 1]];
    const length = Math.hypot(x, y, 0.05);
    const seat = { ...SEAT, tiltDeg: 4, tiltDirectionDeg: 30 };
    // A turn about the beam takes (up, left) with it.
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    const expected = seatTransmission(seat)((s * y + c * x) / length, (c * y - s * x) / length, 0.05 / length);
    expect(pixelTransmission(geometry, turned, { seat })[at]).toBeCloseTo(expected, 6);
  });
});
