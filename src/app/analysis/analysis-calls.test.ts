import { beforeAll, describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { type AnvilSeat, pixelTransmission } from '../../detector/analysis/absorption.ts';
import { exampleGeometry, type Geometry, pixelPositions } from '../../detector/geometry.ts';
import { offsetGeometry } from '../../detector/move-geometry.ts';
import { calibrantByName, calibrantRings } from '../../detector/powder/calibrant.ts';
import { createAnalysisCalls } from './analysis-calls.ts';
import type { CurveSettings, GeometryMessage } from './analysis-request.ts';

const experiment = { distance: 0.16, photonEnergyKeV: 9.3 };
const truth = exampleGeometry(AGIPD_1M);
const PIXEL = AGIPD_1M.pixelSize;
const rings = calibrantRings(calibrantByName('LaB6'), 9.3, { maxTwoTheta: 0.75 });
const settings: CurveSettings = {
  unit: 'q_A^-1',
  points: null,
  method: 'no',
  radialRange: null,
  azimuthRange: null,
  sectors: 1,
  hasSolidAngle: false,
  polarization: null,
  oblique: null,
  seat: null,
};
let next = 0;
const message = ({ detector, tiles }: Geometry): GeometryMessage => ({ key: next++, detector, tiles });
const right = message(truth);

/** Rings of LaB6 on a falling background, as the detector sees them in its true place. */
function powder(): Float32Array {
  const positions = pixelPositions(truth).data;
  return Float32Array.from({ length: positions.length / 3 }, (_, i) => {
    const angle = Math.atan2(Math.hypot(positions[3 * i], positions[3 * i + 1]), 0.16 + positions[3 * i + 2]);
    const noise = 0.2 * Math.sin(i * 12.9898) * Math.cos(i * 78.233);
    return rings.reduce(
      (sum, { twoTheta }) => sum + 60 * Math.exp(-0.5 * ((angle - twoTheta) / 1.5e-3) ** 2),
      noise + 18 * Math.exp(-angle / 0.3),
    );
  });
}

let picture: Float32Array;
beforeAll(() => {
  picture = powder();
});

function withPicture() {
  const calls = createAnalysisCalls();
  calls.setScene({ picture });
  return calls;
}
const topNear = (x: ArrayLike<number>, y: ArrayLike<number>, at: number, half: number) => {
  let best = -1;
  for (let i = 0; i < x.length; i++)
    if (Math.abs(x[i] - at) < half && !Number.isNaN(y[i]) && (best < 0 || y[i] > y[best])) best = i;
  return x[best];
};

describe('the worker of the analysis', () => {
  it('says what to do while there is no picture', () => {
    expect(() => createAnalysisCalls().curves({ geometry: right, experiment, settings })).toThrow(/no picture yet/);
  });

  it('what sensor, seat, transfer and flat field took of an even light comes back', () => {
    const seat: AnvilSeat = {
      ...{ diamondThicknessMm: 2.2, seatThicknessMm: 5.3, innerRadiusMm: 0.4, outerRadiusMm: 1.95, tiltDeg: 3 },
      ...{ diamondAbsorptionMm: 13.7, seatAbsorptionMm: 4, tiltDirectionDeg: 50, offsetMm: 0.1, offsetDirectionDeg: 0 },
    };
    const oblique = { thicknessUm: 300, absorptionLengthUm: 800 };
    const pixels = 16 * 512 * 128;
    const original = Float32Array.from({ length: pixels }, (_, i) => (i % 1000 === 0 ? 0 : 50));
    const response = Float32Array.from({ length: pixels }, (_, i) => 20 + (i % 7));
    const flat = Float32Array.from({ length: pixels }, (_, i) => 1 + 0.1 * (i % 3));
    const share = pixelTransmission(truth, experiment, { oblique, seat, transfer: { original, response } });
    const calls = createAnalysisCalls();
    calls.setScene({ picture: share.map((value, i) => 8 * value * flat[i]), original, response, flat });
    const request = { geometry: right, experiment, settings: { ...settings, points: 40, oblique, seat } };
    const even = () => Array.from(calls.curves(request)[0].y).filter((value) => !Number.isNaN(value));
    expect(even().length).toBeGreaterThan(30);
    for (const value of even()) expect(value).toBeCloseTo(8, 4);
    // Without one of them it is not even.
    const [curve] = calls.curves({ ...request, settings: { ...request.settings, seat: null } });
    expect(Math.min(...Array.from(curve.y).filter((value) => value > 0))).toBeLessThan(7);
    calls.setScene({ response: null });
    expect(Math.max(...even())).toBeLessThan(5);
  });

  it('makes curves with the rings in their places in every unit', () => {
    const calls = withPicture();
    const curve = (change: Partial<CurveSettings>) =>
      calls.curves({ geometry: right, experiment, settings: { ...settings, ...change } })[0];
    const [, ring] = rings;
    expect(topNear(...xy(curve({})), ring.q, 0.1)).toBeCloseTo(ring.q, 2);
    expect(topNear(...xy(curve({ unit: 'q_nm^-1', method: 'full' })), 10 * ring.q, 1)).toBeCloseTo(10 * ring.q, 1);
    expect(topNear(...xy(curve({ unit: '2th_deg' })), (ring.twoTheta * 180) / Math.PI, 1)).toBeCloseTo(
      (ring.twoTheta * 180) / Math.PI,
      1,
    );
    const spacings = curve({ unit: 'd_A' });
    expect(topNear(...xy(spacings), ring.spacing, 0.1)).toBeCloseTo(ring.spacing, 2);
    expect(spacings.x.every((value, i) => i === 0 || value > spacings.x[i - 1])).toBe(true);
    const cut = curve({ unit: 'd_A', radialRange: [2.5, 3.2] });
    expect(cut.x[0]).toBeGreaterThan(2.5);
    expect(cut.x[cut.x.length - 1]).toBeLessThan(3.2);
  });

  it('sectors share their bins, and together hold all pixels', () => {
    const curves = withPicture().curves({ geometry: right, experiment, settings: { ...settings, sectors: 4 } });
    expect(curves.map(({ azimuthRange }) => azimuthRange)).toEqual([
      [-180, -90],
      [-90, 0],
      [0, 90],
      [90, 180],
    ]);
    for (const { x } of curves) expect(x).toEqual(curves[0].x);
    expect(() => withPicture().curves({ geometry: right, experiment, settings: { ...settings, sectors: 0 } })).toThrow(
      /0 sectors/,
    );
  });

  it('mask, dummy, background picture, dark and flat change the curve as they should', () => {
    const calls = createAnalysisCalls();
    const mean = () => {
      const [{ y }] = calls.curves({ geometry: right, experiment, settings: { ...settings, points: 1 } });
      return y[0];
    };
    const flat = new Float32Array(picture.length).fill(4);
    calls.setScene({ picture: flat });
    expect(mean()).toBeCloseTo(4, 9);
    calls.setScene({ background: new Float32Array(picture.length).fill(1), backgroundScale: 2, backgroundOffset: 0.5 });
    expect(mean()).toBeCloseTo(1.5, 9);
    calls.setScene({ background: null, dark: new Float32Array(picture.length).fill(1) });
    expect(mean()).toBeCloseTo(3, 9);
    calls.setScene({ dark: null, flat: new Float32Array(picture.length).fill(2) });
    expect(mean()).toBeCloseTo(2, 9);
    const spoiled = flat.slice();
    spoiled.fill(-9999, 0, 1000);
    calls.setScene({ flat: null, picture: spoiled, dummy: -9999 });
    expect(mean()).toBeCloseTo(4, 9);
    calls.setScene({ dummy: null });
    expect(mean()).toBeLessThan(0);
    const mask = new Uint8Array(picture.length);
    mask.fill(1, 0, 1000);
    calls.setScene({ mask });
    expect(mean()).toBeCloseTo(4, 9);
  });

  it('makes cakes with straight lines, azimuths where asked for', () => {
    const { x, azimuth, intensity } = withPicture().cake({
      geometry: right,
      experiment,
      settings,
      cake: { points: 400, azimuthPoints: 36, azimuthStart: -90 },
    });
    expect(azimuth[0]).toBeCloseTo(-85, 6);
    expect(azimuth[35]).toBeCloseTo(265, 6);
    const tops = Array.from({ length: 36 }, (_, row) =>
      topNear(x, intensity.subarray(row * 400, row * 400 + 400), rings[1].q, 0.05),
    ).filter((top) => top !== undefined);
    expect(tops.length).toBeGreaterThan(20);
    for (const top of tops) expect(Math.abs(top - rings[1].q)).toBeLessThan(0.02);
  });

  it('finds a displaced quadrant again, tells how far it is, and stops when told', async () => {
    const calls = withPicture();
    const wrong = message(offsetGeometry(truth, [6.4 * PIXEL, -5.2 * PIXEL, 0], { modules: [8, 12] }));
    const request = {
      geometry: wrong,
      experiment,
      calibrant: 'LaB6',
      rings: [0, 1, 2, 3, 4, 5],
      level: 'quadrant',
      fixed: [],
      priorPx: 10,
      priorAngleDeg: null,
      experimentParameters: [],
      windowPx: 15,
    } as const;
    const seen: number[] = [];
    const found = await calls.refine(request, { onProgress: (share) => seen.push(share) });
    expect(found.parts[2].shiftPx[0]).toBeCloseTo(-6.4, 0);
    expect(Math.abs(found.parts[2].shiftPx[0] + 6.4)).toBeLessThan(0.5);
    expect(Math.abs(found.parts[2].shiftPx[1] - 5.2)).toBeLessThan(0.5);
    expect(found.afterPx).toBeLessThan(found.beforePx);
    expect(seen.at(-1)).toBe(1);
    const abort = new AbortController();
    const stopped = calls.refine(request, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(stopped).rejects.toThrow(/abort/i);
    await expect(calls.refine({ ...request, rings: [] })).rejects.toThrow(/No ring is chosen/);
  }, 60_000);

  it('finds distance and centre from an exposure', () => {
    const calls = withPicture();
    const off = { ...experiment, distance: 0.1605, poni1: 3e-4, poni2: -4e-4 };
    const points = calls.exposure({
      geometry: right,
      experiment: off,
      calibrant: 'LaB6',
      rings: [0, 1, 2, 3, 4, 5],
      windowPx: 12,
    });
    expect(points.length).toBeGreaterThan(200);
    const found = calls.calibrate({
      images: [{ points }],
      start: off,
      freedom: { free: ['distance', 'poni1', 'poni2'] },
    });
    expect(Math.abs(found.experiment.distance - 0.16)).toBeLessThan(3e-5);
    expect(Math.abs(found.experiment.poni1)).toBeLessThan(3e-5);
    expect(Math.abs(found.experiment.poni2)).toBeLessThan(3e-5);
  }, 60_000);

  it('chooses pixels for a mask: figures move with the geometry', () => {
    const calls = withPicture();
    const shape = { kind: 'circle', centre: [0.03, 0.04], radius: 0.006 } as const;
    const here = calls.maskPixels({ kind: 'shape', geometry: right, shape });
    const moved = message(offsetGeometry(truth, [0.01, 0, 0]));
    const there = calls.maskPixels({ kind: 'shape', geometry: moved, shape });
    expect(here.reduce((sum, value) => sum + value, 0)).toBeGreaterThan(100);
    expect(there).not.toEqual(here);
    const bright = calls.maskPixels({ kind: 'threshold', low: null, high: 40 });
    expect(bright.every((value, i) => (value === 1) === picture[i] > 40)).toBe(true);
  });
});

function xy({ x, y }: { readonly x: Float64Array; readonly y: Float64Array }): [Float64Array, Float64Array] {
  return [x, y];
}
