import { RefinementFailed } from '../../core/errors.ts';
import { KEV_ANGSTROM } from '../../core/physics.ts';
import { beamFrame, type Experiment } from '../integration/experiment.ts';
import { type FitParameter, fitLeastSquares } from './least-squares.ts';
import { scatteringAngle } from './scattering-angle.ts';

/** A point that lies on a ring, in the geometry's frame. */
export interface ControlPoint {
  /** (x, y, z), m */
  readonly position: readonly [number, number, number];
  /** Lattice spacing of its ring, Angstrom. */
  readonly spacing: number;
  /** Standard deviation of the point across the ring, m; default one for all. */
  readonly sigma?: number;
}

/** One exposure of a calibrant. */
export interface CalibrationImage {
  readonly points: readonly ControlPoint[];
  /** How much farther than `Experiment.distance` the detector stood, m: known from its motor. */
  readonly moreDistance?: number;
  /** Photon energy of this exposure, if it was another, keV. Then the energy cannot be refined. */
  readonly photonEnergyKeV?: number;
}

/** What can be refined. */
export type ExperimentParameter = 'distance' | 'poni1' | 'poni2' | 'rot1' | 'rot2' | 'rot3' | 'photonEnergyKeV';

/** What may change, and how far. */
export interface ExperimentFreedom {
  /** Default: distance, poni1, poni2, rot1, rot2. rot3 turns about the beam, which rings do not see. */
  readonly free?: readonly ExperimentParameter[];
  readonly bounds?: Readonly<Partial<Record<ExperimentParameter, readonly [low: number, high: number]>>>;
  /** Points beyond so many standard deviations count less; default 4. */
  readonly outlierSigma?: number;
}

/** Where the detector is, with how much is known. */
export interface RefinedExperiment {
  readonly experiment: Required<Experiment>;
  /** Standard deviations; 0 for what was fixed. */
  readonly uncertainties: Readonly<Record<ExperimentParameter, number>>;
  /** Root mean square distance from the rings, rad of scattering angle: before and after. */
  readonly before: number;
  readonly after: number;
  readonly isConverged: boolean;
  /** What ended at a bound. */
  readonly atBound: readonly string[];
}

/** A change of a parameter that is small, but matters: m, rad, keV. */
export const EXPERIMENT_SCALES: Readonly<Record<ExperimentParameter, number>> = {
  distance: 1e-4,
  poni1: 1e-4,
  poni2: 1e-4,
  rot1: 1e-3,
  rot2: 1e-3,
  rot3: 1e-3,
  photonEnergyKeV: 1e-3,
};
const NAMES = Object.keys(EXPERIMENT_SCALES) as ExperimentParameter[];
const DEFAULT_FREE: readonly ExperimentParameter[] = ['distance', 'poni1', 'poni2', 'rot1', 'rot2'];

/**
 * Finds distance, centre, tilt and photon energy from points on rings of one or more exposures.
 * @throws RefinementFailed if the points do not settle what is free (distance and photon energy of one flat exposure with few
 * rings, say), if there are too few of them, or if a ring cannot exist at the energy
 * @source the quantity is pyFAI's, GeometryRefinement: sum of (2 theta of the point - 2 theta of the ring)^2
 */
export function refineExperiment(
  images: readonly CalibrationImage[],
  start: Experiment & { readonly photonEnergyKeV: number },
  freedom: ExperimentFreedom = {},
): RefinedExperiment {
  const { free = DEFAULT_FREE, bounds = {}, outlierSigma = 4 } = freedom;
  if (free.includes('photonEnergyKeV') && images.some(({ photonEnergyKeV }) => photonEnergyKeV !== undefined)) {
    throw new RefinementFailed('The photon energy cannot be refined where exposures have energies of their own.', {});
  }
  const full: Required<Experiment> = { poni1: 0, poni2: 0, rot1: 0, rot2: 0, rot3: 0, ...start };
  const parameters = NAMES.map((name): FitParameter => {
    const [low, high] = bounds[name] ?? (name === 'distance' || name === 'photonEnergyKeV' ? [1e-6, undefined] : []);
    return { name, start: full[name], scale: EXPERIMENT_SCALES[name], isFixed: !free.includes(name), low, high };
  });
  const count = images.reduce((sum, { points }) => sum + points.length, 0);
  const residuals = (values: Float64Array, out: Float64Array) => {
    const at = experimentOf(values);
    let i = 0;
    for (const image of images) {
      const distance = at.distance + (image.moreDistance ?? 0);
      const frame = beamFrame({ ...at, distance });
      const wavelength = KEV_ANGSTROM / (image.photonEnergyKeV ?? at.photonEnergyKeV);
      for (const { position, spacing, sigma = 1e-4 } of image.points) {
        const sine = wavelength / (2 * spacing);
        const expected = 2 * Math.asin(Math.min(1, sine));
        // One pixel's width is a smaller angle far out: metres across the ring are what was measured.
        const width = (sigma / distance) * Math.cos(expected) ** 2;
        out[i++] = (scatteringAngle(frame, ...position) - expected) / width;
      }
    }
  };
  for (const { points, photonEnergyKeV } of images) checkSpacings(points, photonEnergyKeV ?? start.photonEnergyKeV);
  const fit = fitLeastSquares({ parameters, residualCount: count, residuals }, { outlierSigma, maxIterations: 100 });
  return {
    experiment: experimentOf(fit.values),
    uncertainties: Object.fromEntries(NAMES.map((name, i) => [name, fit.uncertainties[i]])) as Record<
      ExperimentParameter,
      number
    >,
    before: angleScatter(images, full),
    after: angleScatter(images, experimentOf(fit.values)),
    isConverged: fit.isConverged,
    atBound: fit.atBound,
  };
}

function experimentOf(values: Float64Array): Required<Experiment> {
  return Object.fromEntries(NAMES.map((name, i) => [name, values[i]])) as unknown as Required<Experiment>;
}

function checkSpacings(points: readonly ControlPoint[], photonEnergyKeV: number): void {
  const smallest = KEV_ANGSTROM / photonEnergyKeV / 2;
  const wrong = points.find(({ spacing }) => !(spacing > smallest));
  if (wrong)
    throw new RefinementFailed(
      `A ring of ${wrong.spacing} Angstrom does not exist at ${photonEnergyKeV} keV: the smallest spacing is ${smallest.toFixed(4)} Angstrom. Is the energy or the calibrant another?`,
      { spacing: wrong.spacing, photonEnergyKeV },
    );
}

function angleScatter(images: readonly CalibrationImage[], at: Required<Experiment>): number {
  let sum = 0;
  let count = 0;
  for (const image of images) {
    const frame = beamFrame({ ...at, distance: at.distance + (image.moreDistance ?? 0) });
    const wavelength = KEV_ANGSTROM / (image.photonEnergyKeV ?? at.photonEnergyKeV);
    for (const { position, spacing } of image.points) {
      sum += (scatteringAngle(frame, ...position) - 2 * Math.asin(wavelength / (2 * spacing))) ** 2;
      count++;
    }
  }
  return Math.sqrt(sum / Math.max(1, count));
}
