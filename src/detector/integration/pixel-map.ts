import { StateInvalid } from '../../core/errors.ts';
import { pixelCountOf, tileShapeOf } from '../detector.ts';
import { type Geometry, tileStart } from '../geometry.ts';
import { type BeamFrame, beamFrame, type Experiment } from './experiment.ts';
import { RADIAL_UNITS, type RadialBase, type RadialUnit, scatteringScale } from './radial-unit.ts';
import { latticeCentres, tileLattice } from './tile-lattice.ts';

/** Radial value and azimuth of many points. */
export interface PolarPoints {
  /** float64 (point), in the map's unit. */
  readonly radial: Float64Array;
  /** float64 (point), rad from -pi to pi, 0 = +x (left), rising towards +y (up); null where it was not asked for. */
  readonly azimuth: Float64Array | null;
}

/** Corners of all pixels. Neighbours of a tile share theirs. */
export interface PixelCorners extends PolarPoints {
  /** int32 (module * ss * fs): first corner of each pixel. */
  readonly first: Int32Array;
  /** What is added to `first` for the corners of a pixel, going round. */
  readonly steps: readonly number[];
}

/** The value as its unit has it. @throws StateInvalid if the unit needs the photon energy and there is none */
function toUnit(points: Float64Array, unit: RadialUnit, { photonEnergyKeV }: Experiment): void {
  const { fromBase, needsEnergy } = RADIAL_UNITS[unit];
  if (needsEnergy && photonEnergyKeV === undefined)
    throw new StateInvalid(`Azimuthal integration: the unit ${unit} needs the photon energy.`, {
      field: 'photonEnergyKeV',
    });
  const scale = photonEnergyKeV === undefined ? Number.NaN : scatteringScale(photonEnergyKeV);
  for (let i = 0; i < points.length; i++) points[i] = fromBase(points[i], scale);
}

/** Points of a lattice on one tile. */
interface LatticePoints {
  /** Pixel coordinates from the tile's first corner. */
  readonly ss: Float64Array;
  readonly fs: Float64Array;
  /** How far rows 1, 3, 5 .. are moved along fs. */
  readonly oddRowShift: number;
  /** Where they go: first point, points from row to row and from one to the next. */
  readonly start: number;
  readonly stride: number;
  readonly step: number;
}

/** How many points along a row take their azimuth from one that was computed in full. */
const ANCHOR_EVERY = 16;
/** Beyond this (tangent of the angle between them) the next anchor is taken. */
const LEAST_TANGENT = 1 / 16;

/** Arc tangent of |t| <= 1/16, to the last bit but one: the first term left out is 2^-56 of the result. */
function smallArcTangent(t: number): number {
  const s = t * t;
  return t * (1 - s * (1 / 3 - s * (1 / 5 - s * (1 / 7 - s * (1 / 9 - s * (1 / 11 - s / 13))))));
}

function fillLattice(
  tile: Float64Array,
  frame: BeamFrame,
  base: RadialBase,
  { ss, fs, oddRowShift, start, stride, step }: LatticePoints,
  radial: Float64Array,
  azimuth: Float64Array | null,
): void {
  const [cornerX, cornerY, cornerZ, ssX, ssY, ssZ, fsX, fsY, fsZ] = tile;
  const [m11, m12, m13, m21, m22, m23, m31, m32, m33] = frame.matrix;
  const { isPlain } = frame;
  for (let i = 0; i < ss.length; i++) {
    const shift = i % 2 === 1 ? oddRowShift : 0;
    const rowX = cornerX + ss[i] * ssX + shift * fsX + frame.shift[1];
    const rowY = cornerY + ss[i] * ssY + shift * fsY + frame.shift[0];
    const rowZ = cornerZ + ss[i] * ssZ + shift * fsZ + frame.shift[2];
    let out = start + i * stride;
    let [anchorUp, anchorLeft, anchor, next] = [0, 0, 0, 0];
    for (let j = 0; j < fs.length; j++, out += step) {
      let up = rowY + fs[j] * fsY;
      let left = rowX + fs[j] * fsX;
      let along = rowZ + fs[j] * fsZ;
      if (!isPlain) {
        const [t1, t2, t3] = [up, left, along];
        up = m11 * t1 + m12 * t2 + m13 * t3;
        left = m21 * t1 + m22 * t2 + m23 * t3;
        along = m31 * t1 + m32 * t2 + m33 * t3;
      }
      const across = up * up + left * left;
      if (base === 'sine') {
        // sin(theta) from the sides of the triangle: no angle functions, and exact near the beam.
        const length = Math.sqrt(across + along * along);
        radial[out] = Math.sqrt(across / (2 * length * (length + along)));
      } else if (base === 'radius') radial[out] = Math.sqrt(across);
      else radial[out] = Math.atan2(Math.sqrt(across), along);
      if (!azimuth) continue;
      // An angle function for one point in many: the others are a small angle away from it.
      const inLine = left * anchorLeft + up * anchorUp;
      const tangent = (up * anchorLeft - left * anchorUp) / inLine;
      if (j < next && inLine > 0 && tangent <= LEAST_TANGENT && tangent >= -LEAST_TANGENT) {
        const angle = anchor + smallArcTangent(tangent);
        azimuth[out] = angle > Math.PI ? angle - 2 * Math.PI : angle < -Math.PI ? angle + 2 * Math.PI : angle;
      } else {
        anchor = Math.atan2(up, left);
        azimuth[out] = anchor;
        anchorUp = up;
        anchorLeft = left;
        next = j + ANCHOR_EVERY;
      }
    }
  }
}

/** Which points of the pixels are wanted. */
export interface MapOptions {
  readonly unit: RadialUnit;
  readonly hasAzimuth: boolean;
  /** Whether pixels at the seams of tiles have their true size. */
  readonly hasSeams: boolean;
}

/**
 * Radial value (and azimuth) of all pixel centres, tilts and z included.
 * @returns arrays (module * ss * fs)
 * @throws StateInvalid for an impossible experiment, or a unit of q without photon energy
 */
export function pixelCentres(geometry: Geometry, experiment: Experiment, options: MapOptions): PolarPoints {
  const { detector, tiles } = geometry;
  const { unit, hasAzimuth, hasSeams } = options;
  const { centre, oddRowShift } = detector.pixel;
  const frame = beamFrame(experiment);
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const pixels = pixelCountOf(detector);
  const radial = new Float64Array(pixels).fill(Number.NaN);
  const azimuth = hasAzimuth ? new Float64Array(pixels) : null;
  for (const [index, slice] of detector.tiles.entries()) {
    const lines = tileLattice(detector, index, hasSeams);
    const lattice = { ss: latticeCentres(lines.ss, centre[0]), fs: latticeCentres(lines.fs, centre[1]), oddRowShift };
    for (let module = 0; module < modules; module++) {
      const t = tileStart(detector, module, index);
      const start = (module * ssPixels + slice.ssStart) * fsPixels + slice.fsStart;
      const points = { ...lattice, start, stride: fsPixels, step: 1 };
      fillLattice(tiles.subarray(t, t + 9), frame, RADIAL_UNITS[unit].base, points, radial, azimuth);
    }
  }
  toUnit(radial, unit, experiment);
  return { radial, azimuth };
}

/**
 * Radial value (and azimuth) of the corners of all pixels.
 * @throws StateInvalid for an impossible experiment, or a unit of q without photon energy
 */
export function pixelCorners(geometry: Geometry, experiment: Experiment, options: MapOptions): PixelCorners {
  const { detector, tiles } = geometry;
  const { unit, hasAzimuth, hasSeams } = options;
  const { corners, oddRowShift } = detector.pixel;
  // Pixels side by side have corners in common; hexagons get their own.
  const isLattice = oddRowShift === 0 && corners.length === 4;
  const frame = beamFrame(experiment);
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const first = new Int32Array(pixelCountOf(detector)).fill(-1);
  const [rows, columns] = tileShapeOf(detector);
  const perPixel = isLattice ? 1 : corners.length;
  const perRow = isLattice ? columns + 1 : columns * perPixel;
  const perTile = isLattice ? (rows + 1) * perRow : rows * perRow;
  const count = modules * detector.tiles.length * perTile;
  const radial = new Float64Array(count);
  const azimuth = hasAzimuth ? new Float64Array(count) : null;
  let start = 0;
  for (const [index, { ssStart, fsStart }] of detector.tiles.entries()) {
    const lines = tileLattice(detector, index, hasSeams);
    const lattices = isLattice
      ? [{ ...lines, oddRowShift, offset: 0 }]
      : corners.map(([ss, fs], offset) => ({
          ss: latticeCentres(lines.ss, ss),
          fs: latticeCentres(lines.fs, fs),
          oddRowShift,
          offset,
        }));
    for (let module = 0; module < modules; module++) {
      const t = tileStart(detector, module, index);
      for (const { offset, ...lattice } of lattices) {
        const points = { ...lattice, start: start + offset, stride: perRow, step: perPixel };
        fillLattice(tiles.subarray(t, t + 9), frame, RADIAL_UNITS[unit].base, points, radial, azimuth);
      }
      for (let i = 0; i < rows; i++) {
        const pixel = (module * ssPixels + ssStart + i) * fsPixels + fsStart;
        for (let j = 0; j < columns; j++) first[pixel + j] = start + i * perRow + j * perPixel;
      }
      start += perTile;
    }
  }
  toUnit(radial, unit, experiment);
  const steps = isLattice ? [0, 1, columns + 2, columns + 1] : corners.map((_, i) => i);
  return { radial, azimuth, first, steps };
}
