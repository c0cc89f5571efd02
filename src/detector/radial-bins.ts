import { ShapeMismatch, StateInvalid } from '../core/errors.ts';
import { pixelCountOf } from './detector.ts';
import { type Geometry, type Point, tileStart } from './geometry.ts';
import type { SnappedGeometry } from './snapped-geometry.ts';

/** What pixels are sorted by. `q_` is 4 pi sin(theta) / lambda, `2th_deg` the scattering angle, `r_mm` distance * tan(2 theta). */
export type RadialUnit = 'q_A^-1' | 'q_nm^-1' | '2th_deg' | 'r_mm';

/** How to sort the pixels of a detector into bins. */
export interface RadialBinOptions {
  /** Sample to the detector's origin, m. */
  readonly distance: number;
  readonly photonEnergyKeV: number;
  /** Number of bins. */
  readonly points: number;
  /** Default `q_A^-1`. */
  readonly unit?: RadialUnit;
  /** [low, high] in `unit`; the range of all pixels when not given. */
  readonly range?: readonly [number, number];
  /** Where the beam hits, (x, y) in m of the geometry's frame; the origin when not given. See {@link beamPosition}. */
  readonly beam?: Point;
  /** Whether weights hold the pixel's solid angle, relative to a pixel on the beam. Default true. */
  readonly hasSolidAngle?: boolean;
  /** Polarisation factor, -1 (vertical) to 1 (horizontal); without it no correction. */
  readonly polarization?: number;
  /** uint8 (module * ss * fs), not 0 = the pixel belongs to no bin. */
  readonly mask?: Uint8Array;
}

/** Every pixel's bin, for the `radialAccumulate` kernel: intensity of a bin = sum of signal / sum of weights. */
export interface RadialBins {
  readonly unit: RadialUnit;
  /** int32 (module * ss * fs), -1 = in no bin. */
  readonly bins: Int32Array;
  /** float32 (module * ss * fs). */
  readonly weights: Float32Array;
  /** float64 (points), middle of each bin, in `unit`. */
  readonly centres: Float64Array;
}

/** Planck constant times speed of light, keV * Angstrom. @source CODATA 2018 (exact) */
const KEV_ANGSTROM = 12.398419843320026;
/** Upper ends are moved by this much, so that the largest value is inside of the last bin. @source pyFAI, splitBBox */
const UPPER_END = 1 + 2 ** -23;

/** Wavelength of a photon, m. */
export function wavelengthOf(photonEnergyKeV: number): number {
  return (KEV_ANGSTROM / photonEnergyKeV) * 1e-10;
}

/**
 * Position of a point of the assembled image, such as the beam centre: (x, y) in m.
 * @param x column and @param y row, in pixels from the image's first corner (0.5 is the centre of the first pixel), so that
 * `snapped.centre` is the origin
 */
export function beamPosition(snapped: SnappedGeometry, x: number, y: number): Point {
  const { pixelSize } = snapped.geometry.detector;
  return [(x - snapped.centre[1]) * pixelSize, (y - snapped.centre[0]) * pixelSize];
}

/**
 * Sorts all pixels by scattering angle, from their exact centres (tilts and z included): azimuthal integration without
 * pixel splitting.
 * @throws StateInvalid for impossible numbers @throws ShapeMismatch if the mask has the wrong size
 * @source pyFAI 0.21, "no" splitting with "histogram". There pixels up to one bin below a given range end in bin 0; here not.
 */
export function radialBins(geometry: Geometry, options: RadialBinOptions): RadialBins {
  const { points, unit = 'q_A^-1', range, mask } = options;
  checkOptions(options);
  const pixels = pixelCountOf(geometry.detector);
  if (mask && mask.length !== pixels) {
    throw new ShapeMismatch(`The mask has ${mask.length} pixels, ${geometry.detector.name} has ${pixels}.`, {
      expected: pixels,
      got: mask.length,
    });
  }
  const values = new Float64Array(pixels);
  const weights = new Float32Array(pixels);
  fillRadii(geometry, options, values, weights);
  const scale = scaleOf(unit, options);
  let low: number;
  let high: number;
  if (range) [low, high] = range;
  else {
    low = Number.POSITIVE_INFINITY;
    high = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < pixels; i++) {
      const value = values[i];
      if (value < low) low = value;
      if (value > high) high = value;
    }
    low *= scale;
    high *= scale;
  }
  high *= UPPER_END;
  const perUnit = points / (high - low);
  const bins = new Int32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const value = values[i] * scale;
    bins[i] = value >= low && value < high ? Math.min(Math.floor((value - low) * perUnit), points - 1) : -1;
  }
  if (mask) for (let i = 0; i < pixels; i++) if (mask[i] !== 0) bins[i] = -1;
  const centres = Float64Array.from({ length: points }, (_, bin) => low + (bin + 0.5) / perUnit);
  return { unit, bins, weights, centres };
}

function checkOptions({ distance, photonEnergyKeV, points, range, polarization, beam }: RadialBinOptions): void {
  const wrong = (field: string, value: unknown, wanted: string) =>
    new StateInvalid(`Azimuthal integration: ${field} = ${value} is impossible, give ${wanted}.`, { field });
  if (!(distance > 0 && distance < 1e4)) throw wrong('distance', distance, 'metres above 0');
  if (!(photonEnergyKeV > 0 && photonEnergyKeV < 1e6)) throw wrong('photonEnergyKeV', photonEnergyKeV, 'keV above 0');
  if (!Number.isInteger(points) || points < 1 || points > 1e6) throw wrong('points', points, 'a whole number above 0');
  if (range && !(Number.isFinite(range[0]) && range[1] > range[0]))
    throw wrong('range', range, '[low, high], low < high');
  if (polarization !== undefined && !(Math.abs(polarization) <= 1))
    throw wrong('polarization', polarization, '-1 to 1');
  if (beam && !beam.every(Number.isFinite)) throw wrong('beam', beam, 'two finite numbers');
}

/** Factor from what {@link fillRadii} writes to the unit: sin(theta), 2 theta in rad, or tan(2 theta). */
function scaleOf(unit: RadialUnit, { distance, photonEnergyKeV }: RadialBinOptions): number {
  switch (unit) {
    case 'q_A^-1':
      return (4 * Math.PI * photonEnergyKeV) / KEV_ANGSTROM;
    case 'q_nm^-1':
      return (40 * Math.PI * photonEnergyKeV) / KEV_ANGSTROM;
    case '2th_deg':
      return 180 / Math.PI;
    case 'r_mm':
      return 1000 * distance;
  }
}

/** One pass over all pixels without storing positions: the beam centre is moved by hand, live. */
function fillRadii(geometry: Geometry, options: RadialBinOptions, values: Float64Array, weights: Float32Array): void {
  const { detector, tiles } = geometry;
  const { distance, unit = 'q_A^-1', beam = [0, 0], hasSolidAngle = true, polarization } = options;
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const isQ = unit === 'q_A^-1' || unit === 'q_nm^-1';
  for (let module = 0; module < modules; module++) {
    for (const [index, slice] of detector.tiles.entries()) {
      const t = tileStart(detector, module, index);
      const [cornerX, cornerY, cornerZ, ssX, ssY, ssZ, fsX, fsY, fsZ] = tiles.subarray(t, t + 9);
      // The tile's normal, along the beam: a tilted pixel is seen under another angle.
      const crossX = ssY * fsZ - ssZ * fsY;
      const crossY = ssZ * fsX - ssX * fsZ;
      const crossZ = ssX * fsY - ssY * fsX;
      const crossLength = Math.hypot(crossX, crossY, crossZ);
      const normalX = crossX / crossLength;
      const normalY = crossY / crossLength;
      const normalZ = crossZ / crossLength;
      for (let ss = slice.ssStart; ss < slice.ssStop; ss++) {
        const alongSs = ss - slice.ssStart + 0.5;
        const rowX = cornerX + alongSs * ssX - beam[0];
        const rowY = cornerY + alongSs * ssY - beam[1];
        const rowZ = cornerZ + alongSs * ssZ + distance;
        const out = (module * ssPixels + ss) * fsPixels;
        for (let fs = slice.fsStart; fs < slice.fsStop; fs++) {
          const alongFs = fs - slice.fsStart + 0.5;
          const x = rowX + alongFs * fsX;
          const y = rowY + alongFs * fsY;
          const z = rowZ + alongFs * fsZ;
          const across = x * x + y * y;
          const squared = across + z * z;
          const length = Math.sqrt(squared);
          let value: number;
          // sin(theta) from the sides of the triangle: no angle functions, and exact near the beam.
          if (isQ) value = Math.sqrt(across / (2 * length * (length + z)));
          else if (unit === 'r_mm') value = Math.sqrt(across) / z;
          else value = Math.atan2(Math.sqrt(across), z);
          values[out + fs] = value;
          let weight = 1;
          if (hasSolidAngle) {
            const cosine = Math.abs(normalX * x + normalY * y + normalZ * z) / length;
            weight = (cosine * distance * distance) / squared;
          }
          if (polarization !== undefined) weight *= 0.5 * (1 + (z * z - polarization * (x * x - y * y)) / squared);
          weights[out + fs] = weight;
        }
      }
    }
  }
}
