import { describe, expect, it } from 'vitest';
import fixture from '../../../test/golden/geometry/azimuthal/calibration_lab6.json' with { type: 'json' };
import { XfelError } from '../../core/errors.ts';
import { calibrantByName, calibrantRings } from '../powder/calibrant.ts';
import { type CalibrationImage, type ControlPoint, refineExperiment } from './refine-experiment.ts';

const toStart = (numbers: Record<string, number>) => ({
  distance: numbers.dist,
  poni1: numbers.poni1,
  poni2: numbers.poni2,
  rot1: numbers.rot1,
  rot2: numbers.rot2,
  rot3: numbers.rot3,
  photonEnergyKeV: fixture.photon_energy_kev,
});
const points = fixture.points.map(
  ([row, column, ring]): ControlPoint => ({
    position: [(column + 0.5) * fixture.pixel_m, (row + 0.5) * fixture.pixel_m, 0],
    spacing: fixture.dspacing_A[ring],
  }),
);

/** Points of a flat detector that are exactly on rings. */
function madePoints(
  truth: { distance: number; poni1: number; poni2: number; energy: number },
  more = 0,
): ControlPoint[] {
  return calibrantRings(calibrantByName('LaB6'), truth.energy, { count: 6 }).flatMap(({ twoTheta, spacing }) =>
    Array.from({ length: 24 }, (_, n): ControlPoint => {
      const radius = (truth.distance + more) * Math.tan(twoTheta);
      const chi = (n / 24) * 2 * Math.PI;
      return { position: [truth.poni2 + radius * Math.cos(chi), truth.poni1 + radius * Math.sin(chi), 0], spacing };
    }),
  );
}

describe('refineExperiment', () => {
  it('finds the truth of the reference points within its tolerance', () => {
    const { experiment, before, after, isConverged } = refineExperiment([{ points }], toStart(fixture.start));
    const { truth, accept } = fixture;
    expect(isConverged).toBe(true);
    expect(Math.abs(experiment.distance / truth.dist - 1)).toBeLessThan(accept.dist_rel);
    expect(Math.abs(experiment.poni1 - truth.poni1)).toBeLessThan(accept.poni_abs_m);
    expect(Math.abs(experiment.poni2 - truth.poni2)).toBeLessThan(accept.poni_abs_m);
    expect(Math.abs(experiment.rot1 - truth.rot1)).toBeLessThan(accept.rot_abs_rad);
    expect(Math.abs(experiment.rot2 - truth.rot2)).toBeLessThan(accept.rot_abs_rad);
    expect(after).toBeLessThan(before / 100);
    // Sum of squares as the peer counts it.
    expect(before ** 2 * points.length).toBeCloseTo(fixture.chi2_start, 3);
    expect(after ** 2 * points.length).toBeLessThan(fixture.chi2_end * 1.05);
  });

  it('keeps fixed what is fixed, and stops at bounds', () => {
    const start = toStart(fixture.start);
    const { experiment, atBound, uncertainties } = refineExperiment([{ points }], start, {
      free: ['distance', 'poni1', 'poni2'],
      bounds: { distance: [0.1515, 0.16] },
    });
    expect(experiment.rot1).toBe(0);
    expect(uncertainties.rot1).toBe(0);
    expect(experiment.distance).toBe(0.1515);
    expect(atBound).toEqual(['distance']);
  });

  it('finds energy and distance from several distances', () => {
    const truth = { distance: 0.15, poni1: 0.06, poni2: 0.05, energy: 9.35 };
    const images: CalibrationImage[] = [0, 0.05, 0.1].map((moreDistance) => ({
      moreDistance,
      points: madePoints(truth, moreDistance),
    }));
    const { experiment } = refineExperiment(
      images,
      { distance: 0.153, poni1: 0.061, poni2: 0.049, photonEnergyKeV: 9.3 },
      { free: ['distance', 'poni1', 'poni2', 'photonEnergyKeV'] },
    );
    expect(experiment.distance).toBeCloseTo(0.15, 8);
    expect(experiment.photonEnergyKeV).toBeCloseTo(9.35, 7);
    expect(experiment.poni2).toBeCloseTo(0.05, 8);
  });

  it('is not led astray by one wrong point in twenty', () => {
    const truth = { distance: 0.2, poni1: 0.01, poni2: -0.02, energy: 12 };
    const spoilt = madePoints(truth).map(
      (point, i): ControlPoint =>
        i % 20 === 7 ? { ...point, position: [point.position[0] + 2e-3, point.position[1], 0] } : point,
    );
    const { experiment } = refineExperiment(
      [{ points: spoilt }],
      { distance: 0.201, poni1: 0.011, poni2: -0.021, photonEnergyKeV: 12 },
      { free: ['distance', 'poni1', 'poni2'] },
    );
    expect(Math.abs(experiment.poni1 - 0.01)).toBeLessThan(5e-6);
    expect(Math.abs(experiment.poni2 + 0.02)).toBeLessThan(5e-6);
  });

  it('says which parameters rings cannot tell apart', () => {
    const start = toStart(fixture.start);
    const refine = (free: Parameters<typeof refineExperiment>[2]) => () => refineExperiment([{ points }], start, free);
    expect(refine({ free: ['distance', 'rot3'] })).toThrow(/No point depends on rot3|rot3 cannot be told apart/);
    expect(refine({ free: ['poni1'], bounds: { poni1: [0, 0.01] } })).toThrow(/outside of its bounds/);
    expect(() => refineExperiment([{ points: points.slice(0, 3) }], start)).toThrow(
      /5 parameters cannot be found from 3 points/,
    );
    expect(() => refineExperiment([{ points }], { ...start, photonEnergyKeV: 1 })).toThrow(/does not exist at 1 keV/);
    expect(refine({ free: ['distance', 'rot3'] })).toThrow(XfelError);
  });
});
