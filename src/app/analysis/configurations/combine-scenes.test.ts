import { describe, expect, it } from 'vitest';
import { EPIX_10K, EPIX_100 } from '../../../detector/epix.ts';
import { exampleGeometry, type Geometry, pixelPositions } from '../../../detector/geometry.ts';
import { offsetGeometry } from '../../../detector/move-geometry.ts';
import { createAnalysisCalls } from '../analysis-calls.ts';
import type { CombineRequest, CurveSettings, FullExperiment, GeometryMessage } from '../analysis-request.ts';

const settings: CurveSettings = {
  unit: 'q_A^-1',
  points: null,
  method: 'bbox',
  radialRange: null,
  azimuthRange: null,
  sectors: 1,
  hasSolidAngle: true,
  polarization: null,
  oblique: null,
  seat: null,
};
const ENERGY = 9.3;
let next = 0;
const message = ({ detector, tiles }: Geometry): GeometryMessage => ({ key: next++, detector, tiles });
const fine = exampleGeometry(EPIX_100);
/** Beside the first one, at larger angles. */
const coarse = offsetGeometry(exampleGeometry(EPIX_10K), [0.03, 0, 0]);
const NEAR: FullExperiment = { distance: 0.1, photonEnergyKeV: ENERGY };
const FAR: FullExperiment = { distance: 0.25, photonEnergyKeV: ENERGY };

/** What detectors count where the same light, 1000 a steradian falling with the angle, goes into every direction. */
function light(geometry: Geometry, { distance }: FullExperiment): Float32Array {
  const { data } = pixelPositions(geometry);
  const [ss, fs] = geometry.detector.pitch;
  return Float32Array.from({ length: data.length / 3 }, (_, i) => {
    const [x, y, z] = [data[3 * i], data[3 * i + 1], data[3 * i + 2] + distance];
    const length = Math.hypot(x, y, z);
    const angle = (ss * fs * z) / length ** 3;
    return 1e9 * angle * (1 - Math.acos(z / length));
  });
}

type Part = CombineRequest['parts'][number];
const part = (scene: number, geometry: Geometry, experiment: FullExperiment, change: Partial<Part> = {}): Part => ({
  ...{ scene, name: `part ${scene}`, geometry: message(geometry), experiment, settings, scale: 1 },
  ...change,
});
const rows = (values: ArrayLike<number>) => Array.from(values).filter((value) => !Number.isNaN(value));

describe('one pattern of several configurations', () => {
  const picture = light(fine, NEAR);

  it('two halves of a detector make the whole, in the curve, its uncertainty and the cake', () => {
    const calls = createAnalysisCalls();
    const half = (from: number) => picture.map((_, i) => Number(i % 2 === from)) as unknown as Float32Array;
    for (const scene of [0, 1]) calls.setScene({ scene, picture, mask: Uint8Array.from(half(scene)) });
    calls.setScene({ scene: 2, picture });
    calls.selectScene(2);
    const fixed = { ...settings, points: 150, radialRange: [0.05, 0.8] as const };
    const parts = [0, 1].map((scene) => part(scene, fine, NEAR, { settings: fixed }));
    const [both, ...each] = calls.combine({ parts });
    const [whole] = calls.curves({ geometry: message(fine), experiment: NEAR, settings: fixed });
    expect(both.x).toEqual(whole.x);
    for (const [i, value] of whole.y.entries()) if (!Number.isNaN(value)) expect(both.y[i] / value).toBeCloseTo(1, 5);
    expect(each.map(({ label }) => label)).toEqual(['part 0', 'part 1']);
    // Each half alone knows it worse than both.
    const at = 75;
    expect(both.sigma[at]).toBeLessThan(each[0].sigma[at]);
    const cake = { points: 60, azimuthPoints: 36, azimuthStart: -180 };
    const joined = calls.combinedCake({ parts, cake });
    const plain = calls.cake({ geometry: message(fine), experiment: NEAR, settings: fixed, cake });
    expect(joined.azimuth).toEqual(plain.azimuth);
    expect(rows(joined.intensity).length).toBe(rows(plain.intensity).length);
    for (const [i, value] of plain.intensity.entries())
      if (!Number.isNaN(value)) expect(joined.intensity[i] / value).toBeCloseTo(1, 4);
  });

  it('detectors of other pixels, at other distances, lie on one scale and one axis', () => {
    const calls = createAnalysisCalls();
    calls.setScene({ scene: 7, picture });
    calls.setScene({ scene: 8, picture: light(coarse, FAR).map((value) => 3 * value) });
    const [both, first, second] = calls.combine({
      parts: [part(7, fine, NEAR), part(8, coarse, FAR, { scale: 3 })],
    });
    expect([first.x, second.x]).toEqual([both.x, both.x]);
    const overlap = Array.from(both.x.keys()).filter((i) => first.y[i] > 0 && second.y[i] > 0);
    expect(overlap.length).toBeGreaterThan(20);
    for (const i of overlap) {
      expect(second.y[i] / first.y[i]).toBeCloseTo(1, 2);
      expect(both.y[i]).toBeGreaterThanOrEqual(Math.min(first.y[i], second.y[i]) * (1 - 1e-6));
      expect(both.y[i]).toBeLessThanOrEqual(Math.max(first.y[i], second.y[i]) * (1 + 1e-6));
    }
    // The axis is what both saw, in the finest steps.
    const [only] = calls.combine({ parts: [part(7, fine, NEAR)] });
    expect(only.x[0]).toBeCloseTo(both.x[0], 3);
    expect(both.x[1] - both.x[0]).toBeLessThanOrEqual((only.x[1] - only.x[0]) * 1.001);
    // Without the scale they do not agree.
    const [, , off] = calls.combine({ parts: [part(7, fine, NEAR), part(8, coarse, FAR)] });
    expect(off.y[overlap[5]] / first.y[overlap[5]]).toBeCloseTo(3, 1);
  });

  it('is in d as well, rising; pixels that are not split leave no bin of it empty', () => {
    const calls = createAnalysisCalls();
    calls.setScene({ scene: 7, picture });
    calls.setScene({ scene: 8, picture: light(coarse, FAR) });
    const parts = (change: Partial<CurveSettings>) => [
      part(7, fine, NEAR, { settings: { ...settings, ...change } }),
      part(8, coarse, FAR, { settings: { ...settings, ...change } }),
    ];
    const [inD] = calls.combine({ parts: parts({ unit: 'd_A' }) });
    expect(inD.unit).toBe('d_A');
    for (let i = 1; i < inD.x.length; i++) expect(inD.x[i]).toBeGreaterThan(inD.x[i - 1]);
    const [whole] = calls.combine({ parts: parts({ method: 'no' }) });
    const [from, to] = [whole.y.findIndex((value) => value > 0), whole.y.findLastIndex((value) => value > 0)];
    expect(rows(whole.y.subarray(from, to + 1)).length).toBeGreaterThan(0.99 * (to + 1 - from));
  });

  it('says which configuration has no picture, and forgets pictures that are dropped', () => {
    const calls = createAnalysisCalls();
    calls.setScene({ scene: 7, picture });
    expect(() => calls.combine({ parts: [part(7, fine, NEAR), part(8, coarse, FAR)] })).toThrow(
      /^part 8: .*no picture/,
    );
    expect(() => calls.combine({ parts: [] })).toThrow(/tick at least one/);
    calls.dropScene(7);
    expect(() => calls.combine({ parts: [part(7, fine, NEAR)] })).toThrow(/^part 7/);
  });
});
