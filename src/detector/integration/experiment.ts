import { StateInvalid } from '../../core/errors.ts';

/**
 * Where the sample is seen from the geometry's frame, as a PONI file has it: the point of normal incidence and three
 * rotations. Without rotations (`poni2`, `poni1`) is where the beam hits.
 */
export interface Experiment {
  /** Sample to the geometry's origin along its normal, m. */
  readonly distance: number;
  /** y of the point of normal incidence, m; default 0. */
  readonly poni1?: number;
  /** x of the point of normal incidence, m; default 0. */
  readonly poni2?: number;
  /** Rotations about the vertical axis, the horizontal axis and the beam, rad; default 0. */
  readonly rot1?: number;
  readonly rot2?: number;
  readonly rot3?: number;
  /** Needed for units of q and d*. */
  readonly photonEnergyKeV?: number;
}

/**
 * From a point (x, y, z) of the geometry to the frame of the beam. Rows of the matrix act on (y - poni1, x - poni2, z + distance)
 * and give (up, left, along the beam).
 */
export interface BeamFrame {
  readonly shift: readonly [y: number, x: number, z: number];
  /** Row-major 3 x 3. */
  readonly matrix: readonly number[];
  /** Whether the matrix is the unit matrix, which most set-ups have. */
  readonly isPlain: boolean;
}

/** Frame of the beam. @throws StateInvalid for impossible numbers @source pyFAI, geometry (rotations as in its PONI files) */
export function beamFrame(experiment: Experiment): BeamFrame {
  const { distance, poni1 = 0, poni2 = 0, rot1 = 0, rot2 = 0, rot3 = 0, photonEnergyKeV } = experiment;
  const fail = (field: string, value: unknown, wanted: string) =>
    new StateInvalid(`Azimuthal integration: ${field} = ${value} is impossible, give ${wanted}.`, { field });
  if (!(distance > 0 && distance < 1e4)) throw fail('distance', distance, 'metres above 0, below 10000');
  if (photonEnergyKeV !== undefined && !(photonEnergyKeV > 0 && photonEnergyKeV < 1e6))
    throw fail('photonEnergyKeV', photonEnergyKeV, 'keV above 0, below 1000000');
  for (const [field, value] of Object.entries({ poni1, poni2, rot1, rot2, rot3 }))
    if (!Number.isFinite(value)) throw fail(field, value, 'a finite number');
  const [c1, s1] = [Math.cos(rot1), Math.sin(rot1)];
  const [c2, s2] = [Math.cos(rot2), Math.sin(rot2)];
  const [c3, s3] = [Math.cos(rot3), Math.sin(rot3)];
  return {
    shift: [-poni1, -poni2, distance],
    matrix: [
      ...[c2 * c3, c3 * s1 * s2 - c1 * s3, -(c1 * c3 * s2 + s1 * s3)],
      ...[c2 * s3, c1 * c3 + s1 * s2 * s3, -(c1 * s2 * s3 - c3 * s1)],
      ...[s2, -c2 * s1, c1 * c2],
    ],
    isPlain: rot1 === 0 && rot2 === 0 && rot3 === 0,
  };
}
