import { beamFrame, type Experiment } from '../integration/experiment.ts';

/**
 * Where rays of one scattering angle meet the plane z = 0 of a geometry, going round the beam: a circle, or with a tilt an
 * ellipse or what is left of a hyperbola. Rays that miss the plane are left out.
 * @param twoTheta rad @param steps points of the whole ring
 * @returns (x, y) of each point in the geometry's frame, m @throws StateInvalid for an impossible experiment
 */
export function ringOutline(twoTheta: number, experiment: Experiment, steps = 180): (readonly [number, number])[] {
  const { shift, matrix: m } = beamFrame(experiment);
  const [sine, along] = [Math.sin(twoTheta), Math.cos(twoTheta)];
  const points: (readonly [number, number])[] = [];
  for (let i = 0; i < steps; i++) {
    const azimuth = (2 * Math.PI * i) / steps;
    const [up, left] = [sine * Math.sin(azimuth), sine * Math.cos(azimuth)];
    // The matrix turns; its transpose turns back into the geometry's frame.
    const y = m[0] * up + m[3] * left + m[6] * along;
    const x = m[1] * up + m[4] * left + m[7] * along;
    const z = m[2] * up + m[5] * left + m[8] * along;
    if (z < 1e-6) continue;
    const length = shift[2] / z;
    points.push([length * x - shift[1], length * y - shift[0]]);
  }
  return points;
}
