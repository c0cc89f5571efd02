import { FormatInvalid } from '../core/errors.ts';
import type { Poni } from './poni.ts';

/** The same experiment in the words of Fit2D: the beam's place on the detector, and one tilt in some direction. */
export interface Fit2dParameters {
  /** Sample to detector along the beam, mm. */
  readonly directDistMm: number;
  /** Where the beam hits, in pixels from the outer corner of the first pixel. */
  readonly centerX: number;
  readonly centerY: number;
  /** Degrees. */
  readonly tiltDeg: number;
  /** Direction of the tilt, degrees. */
  readonly tiltPlanRotationDeg: number;
  /** micrometres. */
  readonly pixelX: number;
  readonly pixelY: number;
}

const DEGREES = 180 / Math.PI;
const clampOne = (value: number) => Math.min(1, Math.max(-1, value));

/**
 * Fit2D's parameters of a calibration. A turn round the beam has no place there, so rot3 is lost.
 * @throws FormatInvalid if the pixel size is not known
 * @source pyFAI, Geometry.getFit2D
 */
export function toFit2d(poni: Poni): Fit2dParameters {
  const { distance, poni1, poni2, rot1, rot2, pixel } = poni;
  if (!pixel) {
    throw new FormatInvalid(`The pixel size of ${poni.detector} is not known: give it in Detector_config.`, {
      detector: poni.detector,
    });
  }
  const cosTilt = Math.cos(rot1) * Math.cos(rot2);
  // Not from cosTilt, which is 1 for small tilts.
  const sinTilt = Math.hypot(Math.cos(rot2) * Math.sin(rot1), Math.sin(rot2));
  // Where the beam hits, seen from the point of normal incidence, in units of the distance: (axis 2, axis 1).
  const [towards2, towards1] =
    sinTilt === 0 ? [0, 0] : [(-Math.cos(rot2) * Math.sin(rot1)) / cosTilt, Math.sin(rot2) / cosTilt];
  return {
    directDistMm: (1e3 * distance) / cosTilt,
    centerX: (poni2 + distance * towards2) / pixel[1],
    centerY: (poni1 + distance * towards1) / pixel[0],
    tiltDeg: Math.atan2(sinTilt, cosTilt) * DEGREES,
    tiltPlanRotationDeg: sinTilt === 0 ? 0 : Math.atan2(towards1, towards2) * DEGREES,
    pixelX: pixel[1] * 1e6,
    pixelY: pixel[0] * 1e6,
  };
}

/**
 * The calibration of Fit2D's parameters. Its rot3 is what a tilt without any turn round the beam needs.
 * @param wavelength m @param shape pixels (axis 1, axis 2)
 * @throws FormatInvalid for a tilt of 90 degrees and more, and numbers that are not finite
 * @source pyFAI, Geometry.setFit2D; its rot3 is about a third of this one, by a slip in its formula (10 for 1.0)
 */
export function fromFit2d(
  parameters: Fit2dParameters,
  { wavelength = null, shape = null }: { readonly wavelength?: number | null; readonly shape?: Poni['shape'] } = {},
): Poni {
  const { directDistMm, centerX, centerY, tiltDeg, tiltPlanRotationDeg, pixelX, pixelY } = parameters;
  const isGood =
    Object.values(parameters).every(Number.isFinite) &&
    Math.abs(tiltDeg) < 90 &&
    directDistMm > 0 &&
    pixelX > 0 &&
    pixelY > 0;
  if (!isGood) {
    throw new FormatInvalid(
      'Fit2D parameters must be numbers, with a tilt below 90 degrees, and distance and pixels above 0.',
      { ...parameters },
    );
  }
  const tilt = tiltDeg / DEGREES;
  const plane = tiltPlanRotationDeg / DEGREES;
  const [along2, along1] = [Math.sin(tilt) * Math.cos(plane), Math.sin(tilt) * Math.sin(plane)];
  const direct = directDistMm * 1e-3;
  const distance = direct * Math.cos(tilt);
  const rot2 = Math.asin(clampOne(along1));
  const rot1 = Math.atan2(-along2, Math.cos(tilt));
  const pixel: [number, number] = [pixelY * 1e-6, pixelX * 1e-6];
  return {
    distance,
    poni1: centerY * pixel[0] - direct * along1,
    poni2: centerX * pixel[1] - direct * along2,
    rot1,
    rot2,
    // A tilt in one direction does not turn the detector round the beam; rot1 and rot2 after each other do, by this much.
    rot3: Math.atan2(Math.sin(rot1) * Math.sin(rot2), Math.cos(rot1) + Math.cos(rot2)),
    wavelength,
    detector: 'Detector',
    pixel,
    shape,
    orientation: 3,
    splineFile: null,
    config: {},
  };
}
