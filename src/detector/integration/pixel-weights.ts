import { StateInvalid } from '../../core/errors.ts';
import { pixelCountOf } from '../detector.ts';
import { type Geometry, tileStart } from '../geometry.ts';
import { type BeamFrame, beamFrame, type Experiment } from './experiment.ts';
import { latticeCentres, type TileLattice, tileLattice } from './tile-lattice.ts';

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

/** What is the same for all tiles. */
export interface WeightSetting {
  readonly frame: BeamFrame;
  readonly distanceSquared: number;
  readonly hasSolidAngle: boolean;
  /** Factor; cosine and sine of twice the offset. */
  readonly polarization: readonly [number, number, number] | null;
}

/** @throws StateInvalid for impossible numbers */
export function weightSetting(
  experiment: Experiment,
  { hasSolidAngle = true, polarization }: WeightOptions,
): WeightSetting {
  if (polarization && !(Math.abs(polarization.factor) <= 1))
    throw new StateInvalid(
      `Azimuthal integration: polarization = ${polarization.factor} is impossible, give -1 (vertical) to 1 (horizontal).`,
      { field: 'polarization' },
    );
  const { offsetDeg = 0 } = polarization ?? {};
  if (!Number.isFinite(offsetDeg))
    throw new StateInvalid(`Azimuthal integration: offset of the polarization = ${offsetDeg}, give degrees.`, {
      field: 'polarization',
    });
  const turn = (2 * offsetDeg * Math.PI) / 180;
  return {
    frame: beamFrame(experiment),
    distanceSquared: experiment.distance ** 2,
    hasSolidAngle,
    polarization: polarization ? [polarization.factor, Math.cos(turn), Math.sin(turn)] : null,
  };
}

/** Normal of a tile, along the beam and as long as a pixel is large, and what its solid angle is multiplied by. */
export function tileNormal(
  tile: Float64Array,
  { distanceSquared }: WeightSetting,
): readonly [x: number, y: number, z: number, scale: number] {
  const crossX = tile[4] * tile[8] - tile[5] * tile[7];
  const crossY = tile[5] * tile[6] - tile[3] * tile[8];
  const crossZ = tile[3] * tile[7] - tile[4] * tile[6];
  return [crossX, crossY, crossZ, distanceSquared / Math.hypot(crossX, crossY, crossZ)];
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
  const { hasSeams = false } = options;
  const { centre, oddRowShift } = detector.pixel;
  const setting = weightSetting(experiment, options);
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const weights = new Float32Array(pixelCountOf(detector));
  for (const [index, slice] of detector.tiles.entries()) {
    const lines = tileLattice(detector, index, hasSeams);
    const places = {
      ss: latticeCentres(lines.ss, centre[0]),
      fs: latticeCentres(lines.fs, centre[1]),
      oddRowShift,
      lines: hasSeams ? lines : null,
    };
    for (let module = 0; module < modules; module++) {
      const t = tileStart(detector, module, index);
      const start = (module * ssPixels + slice.ssStart) * fsPixels + slice.fsStart;
      fillTile(tiles.subarray(t, t + 9), setting, { ...places, start, stride: fsPixels }, weights);
    }
  }
  return weights;
}

/** Pixels of a tile, and where their weights go. */
interface TilePixels {
  /** Centres. */
  readonly ss: Float64Array;
  readonly fs: Float64Array;
  readonly oddRowShift: number;
  /** Where sizes count. */
  readonly lines: TileLattice | null;
  readonly start: number;
  readonly stride: number;
}

function fillTile(
  tile: Float64Array,
  setting: WeightSetting,
  { ss, fs, oddRowShift, lines, start, stride }: TilePixels,
  weights: Float32Array,
): void {
  const fsX = tile[6];
  const fsY = tile[7];
  const fsZ = tile[8];
  const { frame, hasSolidAngle, polarization } = setting;
  // A tilted pixel is seen under another angle.
  const [crossX, crossY, crossZ, scale] = tileNormal(tile, setting);
  for (let i = 0; i < ss.length; i++) {
    const shift = i % 2 === 1 ? oddRowShift : 0;
    const rowX = tile[0] + ss[i] * tile[3] + frame.shift[1];
    const rowY = tile[1] + ss[i] * tile[4] + frame.shift[0];
    const rowZ = tile[2] + ss[i] * tile[5] + frame.shift[2];
    const out = start + i * stride;
    for (let j = 0; j < fs.length; j++) {
      const alongFs = fs[j] + shift;
      const x = rowX + alongFs * fsX;
      const y = rowY + alongFs * fsY;
      const z = rowZ + alongFs * fsZ;
      const squared = x * x + y * y + z * z;
      let weight = lines === null ? 1 : (lines.ss[i + 1] - lines.ss[i]) * (lines.fs[j + 1] - lines.fs[j]);
      if (hasSolidAngle)
        weight *= (Math.abs(crossX * x + crossY * y + crossZ * z) * scale) / (squared * Math.sqrt(squared));
      if (polarization !== null) weight *= polarizationAt(x, y, z, squared, frame, polarization);
      weights[out + j] = weight;
    }
  }
}

function polarizationAt(
  x: number,
  y: number,
  z: number,
  squared: number,
  { matrix }: BeamFrame,
  [factor, cosTurn, sinTurn]: readonly [number, number, number],
): number {
  const up = matrix[0] * y + matrix[1] * x + matrix[2] * z;
  const left = matrix[3] * y + matrix[4] * x + matrix[5] * z;
  const along = matrix[6] * y + matrix[7] * x + matrix[8] * z;
  // cos(2 chi) sin^2 and sin(2 chi) sin^2 of the scattering angle, without angles
  const across = (left * left - up * up) * cosTurn - 2 * left * up * sinTurn;
  return 0.5 * (1 + (along * along - factor * across) / squared);
}
