import { StateInvalid } from '../../core/errors.ts';
import { pixelCountOf } from '../detector.ts';
import { type Geometry, tileStart } from '../geometry.ts';
import { beamFrame, type Experiment } from './experiment.ts';
import { latticeCentres, tileLattice } from './tile-lattice.ts';

/** Linear polarisation of the beam. */
export interface Polarization {
  /** 1 = horizontal (along x), -1 = vertical, 0 = none. */
  readonly factor: number;
  /** Turns the plane, degrees. */
  readonly offsetDeg?: number;
}

/** What the signal of a pixel is divided by, apart from its flat field. */
export interface WeightOptions {
  /** Default true. */
  readonly hasSolidAngle?: boolean;
  /** Pixels at the seams between tiles have their true size: wide pixels of AGIPD, JUNGFRAU, ePix. Default false, as others do. */
  readonly hasSeams?: boolean;
  /** Without it no correction. */
  readonly polarization?: Polarization;
}

/**
 * Solid angle and polarisation of every pixel, relative to an untilted pixel on the beam.
 * @returns float32 (module * ss * fs)
 * @throws StateInvalid for impossible numbers
 * @source pyFAI 0.21: solid angle ~ cos(incidence)^3, which for tiles at any place and tilt is
 * cos(incidence) distance^2 / length^2; polarisation (1 + cos^2 2t - f cos(2 (chi + offset)) sin^2 2t) / 2
 */
export function pixelWeights(geometry: Geometry, experiment: Experiment, options: WeightOptions): Float32Array {
  const { detector, tiles } = geometry;
  const { hasSolidAngle = true, hasSeams = false, polarization } = options;
  const { centre, oddRowShift } = detector.pixel;
  if (polarization && !(Math.abs(polarization.factor) <= 1))
    throw new StateInvalid(
      `Azimuthal integration: polarization = ${polarization.factor} is impossible, give -1 (vertical) to 1 (horizontal).`,
      { field: 'polarization' },
    );
  const frame = beamFrame(experiment);
  const [m11, m12, m13, m21, m22, m23, m31, m32, m33] = frame.matrix;
  const factor = polarization?.factor ?? 0;
  const turn = (2 * (polarization?.offsetDeg ?? 0) * Math.PI) / 180;
  const [cosTurn, sinTurn] = [Math.cos(turn), Math.sin(turn)];
  const distanceSquared = experiment.distance ** 2;
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const weights = new Float32Array(pixelCountOf(detector));
  for (const [index, slice] of detector.tiles.entries()) {
    const lines = tileLattice(detector, index, hasSeams);
    const ssCentres = latticeCentres(lines.ss, centre[0]);
    const fsCentres = latticeCentres(lines.fs, centre[1]);
    for (let module = 0; module < modules; module++) {
      const t = tileStart(detector, module, index);
      const [cornerX, cornerY, cornerZ, ssX, ssY, ssZ, fsX, fsY, fsZ] = tiles.subarray(t, t + 9);
      // The tile's normal, along the beam: a tilted pixel is seen under another angle.
      const crossX = ssY * fsZ - ssZ * fsY;
      const crossY = ssZ * fsX - ssX * fsZ;
      const crossZ = ssX * fsY - ssY * fsX;
      const scale = distanceSquared / Math.hypot(crossX, crossY, crossZ);
      for (let ss = slice.ssStart; ss < slice.ssStop; ss++) {
        const row = ss - slice.ssStart;
        const alongSs = ssCentres[row];
        const rowHeight = lines.ss[row + 1] - lines.ss[row];
        const shift = row % 2 === 1 ? oddRowShift : 0;
        const rowX = cornerX + alongSs * ssX + frame.shift[1];
        const rowY = cornerY + alongSs * ssY + frame.shift[0];
        const rowZ = cornerZ + alongSs * ssZ + frame.shift[2];
        const out = (module * ssPixels + ss) * fsPixels;
        for (let fs = slice.fsStart; fs < slice.fsStop; fs++) {
          const column = fs - slice.fsStart;
          const alongFs = fsCentres[column] + shift;
          const x = rowX + alongFs * fsX;
          const y = rowY + alongFs * fsY;
          const z = rowZ + alongFs * fsZ;
          const squared = x * x + y * y + z * z;
          let weight = hasSeams ? rowHeight * (lines.fs[column + 1] - lines.fs[column]) : 1;
          if (hasSolidAngle)
            weight *= (Math.abs(crossX * x + crossY * y + crossZ * z) * scale) / (squared * Math.sqrt(squared));
          if (polarization) {
            const up = m11 * y + m12 * x + m13 * z;
            const left = m21 * y + m22 * x + m23 * z;
            const along = m31 * y + m32 * x + m33 * z;
            // cos(2 chi) sin^2 and sin(2 chi) sin^2 of the scattering angle, without angles
            const across = (left * left - up * up) * cosTurn - 2 * left * up * sinTurn;
            weight *= 0.5 * (1 + (along * along - factor * across) / squared);
          }
          weights[out + fs] = weight;
        }
      }
    }
  }
  return weights;
}
