import { ShapeMismatch, StateInvalid } from '../../core/errors.ts';
import { pixelCountOf } from '../detector.ts';
import { type Geometry, pixelPositions, tileStart } from '../geometry.ts';
import { beamFrame, type Experiment } from '../integration/experiment.ts';

/** A sensor that stops only a part of the light: rays that cross it at an angle go a longer way in it. */
export interface ObliqueSensor {
  readonly thicknessUm: number;
  /** After this way 1/e of the light is left. */
  readonly absorptionLengthUm: number;
}

/**
 * The downstream anvil and seat of a diamond anvil cell: light goes through the diamond, then through the conical hole of the
 * seat, or partly through its wall. Directions are azimuths as those of a cake.
 */
export interface AnvilSeat {
  readonly diamondThicknessMm: number;
  readonly seatThicknessMm: number;
  /** Radii of the hole at the diamond and at the far side. */
  readonly innerRadiusMm: number;
  readonly outerRadiusMm: number;
  readonly diamondAbsorptionMm: number;
  readonly seatAbsorptionMm: number;
  /** How far the seat's axis is turned off the beam, and towards where. */
  readonly tiltDeg: number;
  readonly tiltDirectionDeg: number;
  /** How far the sample is from the seat's axis, and where. */
  readonly offsetMm: number;
  readonly offsetDirectionDeg: number;
}

/** What weakens the light on its way, or how the detector answers. */
export interface AbsorptionOptions {
  readonly oblique?: ObliqueSensor | null;
  readonly seat?: AnvilSeat | null;
  /** The same light before and after something was put in its way: the pixels are divided by response / original. */
  readonly transfer?: { readonly original: Float32Array; readonly response: Float32Array } | null;
}

/** Radians of degrees. */
const rad = (deg: number) => (deg * Math.PI) / 180;

/**
 * What share of the light that is seen by a pixel on the beam each pixel sees, which its signal is to be divided by.
 * @returns float32 (module * ss * fs); 0 where no light comes through, or the transfer is not known: leave such pixels out
 * @throws StateInvalid for impossible numbers; ShapeMismatch for pictures of another detector
 * @source oblique incidence: J. Zaleski, G. Wu, P. Coppens, J. Appl. Cryst. 31 (1998) 302; seat: Lambert-Beer along straight rays
 */
export function pixelTransmission(
  geometry: Geometry,
  experiment: Experiment,
  { oblique = null, seat = null, transfer = null }: AbsorptionOptions,
): Float32Array {
  const { detector, tiles } = geometry;
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const out = new Float32Array(pixelCountOf(detector)).fill(1);
  const absorbed = oblique && absorptionBy(oblique);
  const through = seat && seatTransmission(seat);
  if (absorbed || through) {
    const { shift, matrix: m } = beamFrame(experiment);
    const positions = pixelPositions(geometry).data as Float64Array;
    for (let module = 0; module < modules; module++)
      for (const [index, slice] of detector.tiles.entries()) {
        const normal = tileNormal(tiles, tileStart(detector, module, index));
        for (let ss = slice.ssStart; ss < slice.ssStop; ss++)
          for (let fs = slice.fsStart; fs < slice.fsStop; fs++) {
            const at = (module * ssPixels + ss) * fsPixels + fs;
            const [y, x, z] = [
              positions[3 * at + 1] + shift[0],
              positions[3 * at] + shift[1],
              positions[3 * at + 2] + shift[2],
            ];
            const length = Math.hypot(x, y, z);
            if (absorbed) out[at] *= absorbed(Math.abs(normal[0] * x + normal[1] * y + normal[2] * z) / length);
            if (through)
              out[at] *= through(
                (m[3] * y + m[4] * x + m[5] * z) / length,
                (m[0] * y + m[1] * x + m[2] * z) / length,
                (m[6] * y + m[7] * x + m[8] * z) / length,
              );
          }
      }
  }
  if (transfer) divideTransfer(out, transfer);
  return out;
}

function divideTransfer(out: Float32Array, { original, response }: NonNullable<AbsorptionOptions['transfer']>): void {
  for (const [name, picture] of Object.entries({ original, response }))
    if (picture.length !== out.length)
      throw new ShapeMismatch(`The ${name} of the transfer function has ${picture.length} pixels, not ${out.length}.`, {
        expected: out.length,
        got: picture.length,
      });
  for (let i = 0; i < out.length; i++) {
    const share = response[i] / original[i];
    out[i] *= original[i] > 0 && share > 0 && Number.isFinite(share) ? share : 0;
  }
}

function tileNormal(tiles: Float64Array, t: number): readonly [number, number, number] {
  const [ax, ay, az, bx, by, bz] = tiles.subarray(t + 3, t + 9);
  const [x, y, z] = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

function positive(what: string, values: object, isZeroAllowed = false): void {
  for (const [field, value] of Object.entries(values))
    if (!(value > 0 || (isZeroAllowed && value === 0)) || !Number.isFinite(value))
      throw new StateInvalid(`${what}: ${field} = ${value} is impossible, give a number above 0.`, { field });
}

/** What a sensor takes of a ray, over what it takes of a ray along its normal. @returns of the cosine of the incidence */
function absorptionBy({ thicknessUm, absorptionLengthUm }: ObliqueSensor): (cosine: number) => number {
  positive('Oblique incidence', { thicknessUm, absorptionLengthUm });
  const depth = thicknessUm / absorptionLengthUm;
  const normal = -Math.expm1(-depth);
  return (cosine) => -Math.expm1(-depth / cosine) / normal;
}

/**
 * What comes through diamond and seat of a ray from the sample, over what comes through the diamond along the beam.
 * @returns of the ray's direction: (left, up, along the beam), of length 1
 * @throws StateInvalid for impossible numbers
 */
export function seatTransmission(seat: AnvilSeat): (left: number, up: number, along: number) => number {
  const { diamondThicknessMm: diamond, seatThicknessMm: height, innerRadiusMm: inner, outerRadiusMm: outer } = seat;
  const { diamondAbsorptionMm, seatAbsorptionMm, tiltDeg, tiltDirectionDeg, offsetMm, offsetDirectionDeg } = seat;
  positive('Seat', { diamondAbsorptionMm, seatAbsorptionMm });
  const sizes = { diamondThicknessMm: diamond, seatThicknessMm: height, innerRadiusMm: inner, outerRadiusMm: outer };
  positive('Seat', { ...sizes, offsetMm }, true);
  if (!(Math.abs(tiltDeg) < 90) || ![tiltDirectionDeg, offsetDirectionDeg].every(Number.isFinite))
    throw new StateInvalid(`Seat: a tilt of ${tiltDeg}° is impossible, give less than 90°.`, { field: 'tiltDeg' });
  const [sin, cos] = [Math.sin(rad(tiltDeg)), Math.cos(rad(tiltDeg))];
  // Azimuths run from left towards up.
  const [toLeft, toUp] = [Math.cos(rad(tiltDirectionDeg)), Math.sin(rad(tiltDirectionDeg))];
  const turn = rad(offsetDirectionDeg - tiltDirectionDeg);
  const offset = [offsetMm * Math.cos(turn), offsetMm * Math.sin(turn)] as const;
  const cone = height > 0 ? (outer - inner) / height : 0;
  return (left, up, along) => {
    // In the frame of the seat: towards its tilt, across it, along its axis.
    const towards = left * toLeft + up * toUp;
    const across = up * toLeft - left * toUp;
    const axial = cos * along + sin * towards;
    if (axial <= 0) return 0;
    const slope = [(cos * towards - sin * along) / axial, across / axial] as const;
    const wall = outsideHole(offset, slope, [inner - cone * diamond, cone], [diamond, diamond + height]);
    return Math.exp((diamond - diamond / axial) / diamondAbsorptionMm - wall / axial / seatAbsorptionMm);
  };
}

/**
 * Of a ray at `offset + slope * z`, the length in z within [from, to] that is farther from the axis than radius + growth * z.
 * The difference of both squares is a quadratic in z, whose roots bound the pieces.
 */
function outsideHole(
  offset: readonly [number, number],
  slope: readonly [number, number],
  [radius, growth]: readonly [number, number],
  [from, to]: readonly [number, number],
): number {
  const a = slope[0] ** 2 + slope[1] ** 2 - growth ** 2;
  const b = 2 * (offset[0] * slope[0] + offset[1] * slope[1] - radius * growth);
  const c = offset[0] ** 2 + offset[1] ** 2 - radius ** 2;
  const roots: number[] = [];
  if (Math.abs(a) < 1e-12) {
    if (b !== 0) roots.push(-c / b);
  } else {
    const square = b * b - 4 * a * c;
    if (square > 0) {
      const half = -(b + (b < 0 ? -1 : 1) * Math.sqrt(square)) / 2;
      roots.push(half / a);
      if (half !== 0) roots.push(c / half);
    }
  }
  const bounds = [from, ...roots.filter((root) => root > from && root < to).sort((one, other) => one - other), to];
  let length = 0;
  for (let i = 1; i < bounds.length; i++) {
    const middle = (bounds[i - 1] + bounds[i]) / 2;
    if ((a * middle + b) * middle + c > 0) length += bounds[i] - bounds[i - 1];
  }
  return length;
}
