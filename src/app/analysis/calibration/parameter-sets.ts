import { FormatInvalid } from '../../../core/errors.ts';
import { KEV_ANGSTROM } from '../../../core/physics.ts';
import type { Geometry } from '../../../detector/geometry.ts';
import { poniFromExperiment } from '../../../detector/geometry-poni-file.ts';
import { formatPoni, parsePoni } from '../../../formats/poni.ts';
import { type Fit2dParameters, fromFit2d, toFit2d } from '../../../formats/poni-fit2d.ts';
import { checkExperiment } from '../../geometry/experiment-limits.ts';
import type { FullExperiment } from '../analysis-request.ts';

/** Programs whose parameters say where a detector is. */
export const PARAMETER_SETS = ['pyFAI', 'Fit2D', 'ImageD11', 'SPD'] as const;
/** One of them. */
export type ParameterSet = (typeof PARAMETER_SETS)[number];

/** The same experiment in the words of Fit2D. Pixels are counted from the geometry's origin. */
export function fit2dOf(experiment: FullExperiment, geometry: Geometry): Fit2dParameters {
  return toFit2d(poniFromExperiment(experiment, geometry));
}

/** Angstrom. */
export function wavelengthOf({ photonEnergyKeV }: FullExperiment): number {
  return KEV_ANGSTROM / photonEnergyKeV;
}

/**
 * The experiment with some of Fit2D's parameters changed. A turn round the beam, which Fit2D does not know, stays unless the tilt
 * is another one.
 * @throws FormatInvalid for what cannot be, such as a tilt of 90 degrees
 */
export function withFit2d(
  experiment: FullExperiment,
  geometry: Geometry,
  change: Partial<Fit2dParameters>,
): FullExperiment {
  const { distance, poni1, poni2, rot1, rot2, rot3 } = fromFit2d({ ...fit2dOf(experiment, geometry), ...change });
  const isTurned = change.tiltDeg !== undefined || change.tiltPlanRotationDeg !== undefined;
  return { ...experiment, distance, poni1, poni2, ...(isTurned ? { rot1, rot2, rot3 } : {}) };
}

/**
 * An experiment as the parameters of a program, as they are written in its files or typed into it; null where it has no words for it.
 * pyFAI: a .poni file. Fit2D: mm, px, degrees, Angstrom. ImageD11: micrometres and Angstrom, as unit cells have them. SPD: m and
 * pixels; its turns are about other axes, so that a tilted detector is not written.
 * @source pyFAI, Geometry.getFit2D, getImageD11 and getSPD; ImageD11, parameter files: wavelength in the unit of the cell
 */
export function parameterText(set: ParameterSet, experiment: FullExperiment, geometry: Geometry): string | null {
  const poni = poniFromExperiment(experiment, geometry);
  if (set === 'pyFAI') return formatPoni(poni);
  const { distance, poni1, poni2, rot1, rot2, rot3 } = poni;
  const fit2d = toFit2d(poni);
  const wavelength = wavelengthOf(experiment);
  const lines = (pairs: Readonly<Record<string, number>>, mark: string) =>
    Object.entries(pairs)
      .map(([name, value]) => `${name}${mark}${Number(value.toPrecision(12))}\n`)
      .join('');
  if (set === 'Fit2D')
    return lines(
      {
        ...{ directDist: fit2d.directDistMm, centerX: fit2d.centerX, centerY: fit2d.centerY, tilt: fit2d.tiltDeg },
        ...{ tiltPlanRotation: fit2d.tiltPlanRotationDeg, pixelX: fit2d.pixelX, pixelY: fit2d.pixelY, wavelength },
      },
      ' = ',
    );
  if (set === 'ImageD11')
    return lines(
      {
        ...{ distance: fit2d.directDistMm * 1e3, o11: 1, o12: 0, o21: 0, o22: -1 },
        ...{ tilt_x: rot3, tilt_y: rot2, tilt_z: -rot1, wavelength },
        ...{ y_center: fit2d.centerX, y_size: fit2d.pixelX, z_center: fit2d.centerY, z_size: fit2d.pixelY },
      },
      ' ',
    );
  if (rot1 !== 0 || rot2 !== 0 || rot3 !== 0) return null;
  const [pixel1, pixel2] = [fit2d.pixelY * 1e-6, fit2d.pixelX * 1e-6];
  return lines(
    {
      ...{ SampleDistance: distance, Center_1: poni2 / pixel2, Center_2: poni1 / pixel1 },
      ...{ PSize_1: pixel2, PSize_2: pixel1, WaveLength: wavelength * 1e-10 },
    },
    ' = ',
  );
}

const PAIR = /["']?([A-Za-z_]\w*)["']?\s*(?:[:=]\s*|\s)\s*(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/g;

/**
 * The experiment of parameters as somebody pasted them, of pyFAI (a .poni file, or its words), Fit2D or ImageD11: lines, or names and
 * numbers with anything in between. What is not told stays.
 * @throws FormatInvalid where they are none of them, or something is missing or impossible
 */
export function readParameters(text: string, now: FullExperiment, geometry: Geometry): FullExperiment {
  return checkExperiment(experimentOfPairs(text, now, geometry), 'What was pasted');
}

function experimentOfPairs(text: string, now: FullExperiment, geometry: Geometry): FullExperiment {
  const pairs = new Map([...text.matchAll(PAIR)].map(([, name, value]) => [name.toLowerCase(), Number(value)]));
  const of = (name: string, otherwise?: number): number => {
    const value = pairs.get(name.toLowerCase()) ?? otherwise;
    if (value === undefined) throw new FormatInvalid(`The parameters lack ${name}.`, { name });
    return value;
  };
  if (pairs.has('poni1')) {
    const [distance, poni1, poni2] = [pairs.get('distance') ?? of('dist'), of('Poni1'), of('Poni2')];
    // Whatever else a .poni file says of the detector is checked where files are read.
    if (of('orientation', 3) !== 3 || /SplineFile:\s*(?!None)\S/i.test(text))
      throw new FormatInvalid('Parameters with an orientation or a spline are read from their file: Load .poni.', {});
    const metres = of('Wavelength', wavelengthOf(now) * 1e-10);
    return {
      ...{ distance, poni1, poni2, rot1: of('Rot1', 0), rot2: of('Rot2', 0), rot3: of('Rot3', 0) },
      photonEnergyKeV: energyOf(metres * 1e10),
    };
  }
  const { pixelX, pixelY } = fit2dOf(now, geometry);
  const photonEnergyKeV = energyOf(of('wavelength', wavelengthOf(now)));
  if (pairs.has('directdist')) {
    const change = {
      directDistMm: of('directDist'),
      centerX: (of('centerX') * of('pixelX', pixelX)) / pixelX,
      centerY: (of('centerY') * of('pixelY', pixelY)) / pixelY,
      ...(pairs.has('tilt') ? { tiltDeg: of('tilt'), tiltPlanRotationDeg: of('tiltPlanRotation', 0) } : {}),
    };
    return { ...withFit2d(now, geometry, change), photonEnergyKeV };
  }
  if (pairs.has('y_center')) {
    const canonical = of('o11', 1) === 1 && of('o12', 0) === 0 && of('o21', 0) === 0 && of('o22', -1) === -1;
    if (!canonical)
      throw new FormatInvalid('Parameters of ImageD11 are read with o11 = 1, o12 = o21 = 0, o22 = -1 only.', {});
    const direct = of('distance') * 1e-6;
    const [rot1, rot2, rot3] = [-of('tilt_z', 0), of('tilt_y', 0), of('tilt_x', 0)];
    return {
      distance: direct * Math.cos(rot1) * Math.cos(rot2),
      poni1: of('z_center') * of('z_size', pixelY) * 1e-6 - direct * Math.sin(rot2),
      poni2: of('y_center') * of('y_size', pixelX) * 1e-6 + direct * Math.cos(rot2) * Math.sin(rot1),
      ...{ rot1, rot2, rot3, photonEnergyKeV },
    };
  }
  // Its message says what a .poni file needs.
  parsePoni(text, { path: 'what was pasted' });
  throw new FormatInvalid('These are parameters of neither pyFAI, Fit2D nor ImageD11.', {});
}

function energyOf(wavelengthAngstrom: number): number {
  if (!(wavelengthAngstrom > 1e-3 && wavelengthAngstrom < 1e3))
    throw new FormatInvalid(`A wavelength of ${wavelengthAngstrom} Angstrom is impossible here.`, {
      wavelengthAngstrom,
    });
  return KEV_ANGSTROM / wavelengthAngstrom;
}
