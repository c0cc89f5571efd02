import { StateInvalid } from '../../core/errors.ts';
import { type Detector, pixelCountOf, tileShapeOf } from '../detector.ts';
import { type Geometry, tileStart } from '../geometry.ts';
import { type BeamFrame, beamFrame, type Experiment } from './experiment.ts';
import { RADIAL_UNITS, type RadialBase, type RadialUnit, scatteringScale } from './radial-unit.ts';
import { latticeCentres, type TileLattice, tileLattice } from './tile-lattice.ts';

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

/** How points become values: the same for all tiles. */
export interface PolarMapping {
  readonly frame: BeamFrame;
  readonly base: RadialBase;
  readonly fromBase: (base: number, kInverseNm: number) => number;
  /** 4 pi / wavelength, 1/nm; NaN without photon energy. */
  readonly kInverseNm: number;
}

/**
 * The mapping of an experiment.
 * @throws StateInvalid for an impossible experiment, or a unit of q without photon energy
 */
export function polarMapping(experiment: Experiment, unit: RadialUnit): PolarMapping {
  const frame = beamFrame(experiment);
  const { photonEnergyKeV } = experiment;
  const { base, fromBase, needsEnergy } = RADIAL_UNITS[unit];
  if (needsEnergy && photonEnergyKeV === undefined)
    throw new StateInvalid(`Azimuthal integration: the unit ${unit} needs the photon energy.`, {
      field: 'photonEnergyKeV',
    });
  const kInverseNm = photonEnergyKeV === undefined ? Number.NaN : scatteringScale(photonEnergyKeV);
  return { frame, base, fromBase, kInverseNm };
}

/** Points of a lattice on one tile. */
export interface LatticePoints {
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

/**
 * Values of the points of a lattice.
 * @param tile float64 (9): first corner, steps along ss and fs, m
 * @param radial and @param azimuth (point): where they go
 */
export function fillLattice(
  tile: Float64Array,
  { frame, base, fromBase, kInverseNm }: PolarMapping,
  { ss, fs, oddRowShift, start, stride, step }: LatticePoints,
  radial: Float64Array,
  azimuth: Float64Array | null,
): void {
  const fsX = tile[6];
  const fsY = tile[7];
  const fsZ = tile[8];
  const [m11, m12, m13, m21, m22, m23, m31, m32, m33] = frame.matrix;
  const { isPlain } = frame;
  const isSine = base === 'sine';
  const isRadius = base === 'radius';
  const columns = fs.length;
  for (let i = 0; i < ss.length; i++) {
    const shift = i % 2 === 1 ? oddRowShift : 0;
    const rowX = tile[0] + ss[i] * tile[3] + shift * fsX + frame.shift[1];
    const rowY = tile[1] + ss[i] * tile[4] + shift * fsY + frame.shift[0];
    const rowZ = tile[2] + ss[i] * tile[5] + shift * fsZ + frame.shift[2];
    let out = start + i * stride;
    let anchorUp = 0;
    let anchorLeft = 0;
    let anchor = 0;
    let next = 0;
    for (let j = 0; j < columns; j++, out += step) {
      let up = rowY + fs[j] * fsY;
      let left = rowX + fs[j] * fsX;
      let along = rowZ + fs[j] * fsZ;
      if (!isPlain) {
        const y = up;
        const x = left;
        const z = along;
        up = m11 * y + m12 * x + m13 * z;
        left = m21 * y + m22 * x + m23 * z;
        along = m31 * y + m32 * x + m33 * z;
      }
      const across = up * up + left * left;
      let value = 0;
      if (isSine) {
        // sin(theta) from the sides of the triangle: no angle functions, and exact near the beam.
        const length = Math.sqrt(across + along * along);
        value = Math.sqrt(across / (2 * length * (length + along)));
      } else if (isRadius) value = Math.sqrt(across);
      else value = Math.atan2(Math.sqrt(across), along);
      radial[out] = fromBase(value, kInverseNm);
      if (azimuth === null) continue;
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

/** Whether every pixel is on a tile. */
function isTiled({ tiles, dataShape }: Detector): boolean {
  let covered = 0;
  for (const { ssStart, ssStop, fsStart, fsStop } of tiles) covered += (ssStop - ssStart) * (fsStop - fsStart);
  return covered === dataShape[1] * dataShape[2];
}

/** Room for the values of all pixels, NaN for those on no tile. */
export function pixelRoom(detector: Detector, hasAzimuth: boolean): PolarPoints {
  const pixels = pixelCountOf(detector);
  const radial = new Float64Array(pixels);
  if (!isTiled(detector)) radial.fill(Number.NaN);
  return { radial, azimuth: hasAzimuth ? new Float64Array(pixels) : null };
}

/**
 * Radial value (and azimuth) of all pixel centres, tilts and z included.
 * @returns arrays (module * ss * fs)
 * @throws StateInvalid for an impossible experiment, or a unit of q without photon energy
 */
export function pixelCentres(geometry: Geometry, experiment: Experiment, options: MapOptions): PolarPoints {
  const { detector, tiles } = geometry;
  const { unit, hasAzimuth, hasSeams } = options;
  const mapping = polarMapping(experiment, unit);
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const { radial, azimuth } = pixelRoom(detector, hasAzimuth);
  for (const [index, slice] of detector.tiles.entries()) {
    const lattice = centreLattice(detector, tileLattice(detector, index, hasSeams));
    for (let module = 0; module < modules; module++) {
      const t = tileStart(detector, module, index);
      const start = (module * ssPixels + slice.ssStart) * fsPixels + slice.fsStart;
      const points = { ...lattice, start, stride: fsPixels, step: 1 };
      fillLattice(tiles.subarray(t, t + 9), mapping, points, radial, azimuth);
    }
  }
  return { radial, azimuth };
}

/** Places of points, without where they go. */
export type LatticePlaces = Pick<LatticePoints, 'ss' | 'fs' | 'oddRowShift'>;

/** Centres of the pixels of a tile. */
export function centreLattice({ pixel }: Detector, lines: TileLattice): LatticePlaces {
  const { centre, oddRowShift } = pixel;
  return { ss: latticeCentres(lines.ss, centre[0]), fs: latticeCentres(lines.fs, centre[1]), oddRowShift };
}

/** Where the corners of a tile's pixels are, one tile after the other. */
export interface CornerLayout {
  /** What is added to the first corner of a pixel for all of them, going round. */
  readonly steps: readonly number[];
  /** Corners from pixel to pixel, row to row and tile to tile. */
  readonly perPixel: number;
  readonly perRow: number;
  readonly perTile: number;
  /** Lattices that the corners of a tile are on. @param offset (lattice): where their first points go */
  readonly lattices: (lines: TileLattice) => readonly (LatticePlaces & { readonly offset: number })[];
}

/** The layout of a detector. Square pixels side by side have corners in common; hexagons get their own. */
export function cornerLayout(detector: Detector): CornerLayout {
  const { corners, oddRowShift } = detector.pixel;
  const [rows, columns] = tileShapeOf(detector);
  if (oddRowShift === 0 && corners.length === 4)
    return {
      steps: [0, 1, columns + 2, columns + 1],
      perPixel: 1,
      perRow: columns + 1,
      perTile: (rows + 1) * (columns + 1),
      lattices: (lines) => [{ ...lines, oddRowShift, offset: 0 }],
    };
  return {
    steps: corners.map((_, i) => i),
    perPixel: corners.length,
    perRow: columns * corners.length,
    perTile: rows * columns * corners.length,
    lattices: (lines) =>
      corners.map(([ss, fs], offset) => ({
        ss: latticeCentres(lines.ss, ss),
        fs: latticeCentres(lines.fs, fs),
        oddRowShift,
        offset,
      })),
  };
}

/**
 * Radial value (and azimuth) of the corners of all pixels.
 * @throws StateInvalid for an impossible experiment, or a unit of q without photon energy
 */
export function pixelCorners(geometry: Geometry, experiment: Experiment, options: MapOptions): PixelCorners {
  const { detector, tiles } = geometry;
  const { unit, hasAzimuth, hasSeams } = options;
  const mapping = polarMapping(experiment, unit);
  const { steps, perPixel, perRow, perTile, lattices } = cornerLayout(detector);
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const [rows, columns] = tileShapeOf(detector);
  const first = new Int32Array(pixelCountOf(detector));
  if (!isTiled(detector)) first.fill(-1);
  const count = modules * detector.tiles.length * perTile;
  const radial = new Float64Array(count);
  const azimuth = hasAzimuth ? new Float64Array(count) : null;
  let start = 0;
  for (const [index, { ssStart, fsStart }] of detector.tiles.entries()) {
    const places = lattices(tileLattice(detector, index, hasSeams));
    for (let module = 0; module < modules; module++) {
      const t = tileStart(detector, module, index);
      for (const { offset, ...lattice } of places) {
        const points = { ...lattice, start: start + offset, stride: perRow, step: perPixel };
        fillLattice(tiles.subarray(t, t + 9), mapping, points, radial, azimuth);
      }
      for (let i = 0; i < rows; i++) {
        const pixel = (module * ssPixels + ssStart + i) * fsPixels + fsStart;
        for (let j = 0; j < columns; j++) first[pixel + j] = start + i * perRow + j * perPixel;
      }
      start += perTile;
    }
  }
  return { radial, azimuth, first, steps };
}
