import type { BeamFrame } from '../integration/experiment.ts';

/**
 * Scattering angle of a point, rad.
 * @param x,y,z of the geometry's frame, m
 */
export function scatteringAngle({ shift, matrix: m }: BeamFrame, x: number, y: number, z: number): number {
  const t1 = y + shift[0];
  const t2 = x + shift[1];
  const t3 = z + shift[2];
  const up = m[0] * t1 + m[1] * t2 + m[2] * t3;
  const left = m[3] * t1 + m[4] * t2 + m[5] * t3;
  return Math.atan2(Math.hypot(up, left), m[6] * t1 + m[7] * t2 + m[8] * t3);
}
