import { pause, type TaskOptions } from '../../core/cancel.ts';
import { RefinementFailed } from '../../core/errors.ts';
import type { NdArray } from '../../core/ndarray.ts';
import { KEV_ANGSTROM } from '../../core/physics.ts';
import { type Geometry, TILE_NUMBERS } from '../geometry.ts';
import { beamFrame, type Experiment } from '../integration/experiment.ts';
import type { CalibrantRing } from '../powder/calibrant.ts';
import {
  type DetectorPart,
  middleOfPart,
  moveParts,
  NO_MOVE,
  type PartLevel,
  type PartMove,
  partsOf,
} from './detector-part.ts';
import { type FitParameter, type FitResult, fitLeastSquares } from './least-squares.ts';
import { EXPERIMENT_SCALES, type ExperimentParameter } from './refine-experiment.ts';
import { findRingPoints, positionOnTile, type RingPoint, type RingPointOptions } from './ring-points.ts';
import { scatteringAngle } from './scattering-angle.ts';

/** What is refined, and how. */
export interface GeometryRefinementOptions extends RingPointOptions, TaskOptions {
  /** What moves as one piece; default quadrants. */
  readonly level?: PartLevel;
  /** Parts that stay where they are, by index. */
  readonly fixed?: readonly number[];
  /** How far a part may be off, pixels (a standard deviation); default 10 for quadrants, 3 for modules, 1 for tiles. */
  readonly priorPx?: number;
  /**
   * How far a part may be turned, degrees (a standard deviation); not given: no angles. A ring looks the same when a part
   * goes round the beam, so angle and shift along the ring are one number to it: only this keeps them apart.
   */
  readonly priorAngleDeg?: number;
  /** Of the experiment, refined with the parts: such as distance. Default none. */
  readonly experiment?: readonly ExperimentParameter[];
  /** Rings are looked for at most so often; default 6. */
  readonly maxRounds?: number;
}

/** What became of a part. */
export interface RefinedPart {
  readonly label: string;
  /** Points on rings that were found on it. */
  readonly points: number;
  /** Whether it stayed: asked for, or too few points. */
  readonly isFixed: boolean;
  /** (x, y) pixels */
  readonly shiftPx: readonly [number, number];
  readonly shiftUncertaintyPx: readonly [number, number];
  readonly angleDeg: number;
  readonly angleUncertaintyDeg: number;
  /** Root mean square distance of its points from their rings, pixels, without the worst 5 %; NaN without points. */
  readonly beforePx: number;
  readonly afterPx: number;
}

/** A refined geometry. */
export interface RefinedGeometry {
  readonly geometry: Geometry;
  /** What made it of the one that was given: one move for each part. */
  readonly moves: readonly PartMove[];
  readonly experiment: Experiment & { readonly photonEnergyKeV: number };
  readonly parts: readonly RefinedPart[];
  /** Standard deviations of what was refined of the experiment. */
  readonly experimentUncertainties: Readonly<Partial<Record<ExperimentParameter, number>>>;
  /** Of all points, pixels. */
  readonly beforePx: number;
  readonly afterPx: number;
  /** Root mean square residual in each iteration, pixels. */
  readonly history: readonly number[];
  readonly isConverged: boolean;
}

const PRIORS_PX: Readonly<Record<PartLevel, number>> = { quadrant: 10, module: 3, tile: 1 };
/** A part with fewer points stays. */
const MIN_POINTS = 4;
/** Parts that move less than this in a round are in place, pixels. */
const SETTLED_PX = 0.05;
/** After the first round rings are nearly in place, and a narrow window keeps others out. */
const NARROWER = 0.6;
const NARROWEST_PX = 6;
const OUTLIER_SIGMA = 3;

/**
 * Moves the parts of a detector so that the rings of a calibrant come to lie where they should.
 * @param picture float32 (module, ss, fs), mean of many frames; NaN = masked
 * @param rings of the calibrant at the photon energy of `experiment`; strong ones that stand alone are best
 * @throws RefinementFailed if too few points are found, or if parameters cannot be told apart
 * @throws ShapeMismatch if the picture is not of this detector
 * @source GeoAssembler moves all parts by one offset (CentreOptimiser); here each part is moved by its own ring residuals
 */
export async function refineGeometry(
  picture: NdArray<'float32'>,
  geometry: Geometry,
  experiment: Experiment & { readonly photonEnergyKeV: number },
  rings: readonly CalibrantRing[],
  options: GeometryRefinementOptions = {},
): Promise<RefinedGeometry> {
  const { level = 'quadrant', maxRounds = 6, windowPx = 15, signal, onProgress } = options;
  const parts = partsOf(geometry.detector, level);
  let state: State = { moves: parts.map(() => NO_MOVE), experiment };
  let first: readonly RingPoint[] | null = null;
  let last: { readonly fit: FitResult; readonly setup: Setup } | null = null;
  const history: number[] = [];
  let window = windowPx;
  let isConverged = false;
  for (let round = 0; round < maxRounds && !isConverged; round++) {
    onProgress?.(round / maxRounds, `round ${round + 1}: looking for rings`);
    await pause();
    signal?.throwIfAborted();
    const moved = moveParts(geometry, parts, state.moves);
    const points = findRingPoints(picture, moved, state.experiment, ringsAt(rings, state.experiment), {
      ...options,
      windowPx: window,
    });
    if (points.length < MIN_POINTS) throw tooFew(points.length, rings, options);
    first ??= points;
    const setup = setUp(geometry, parts, experiment, rings, points, options);
    const fit = fitLeastSquares(problemOf(setup, state), { outlierSigma: OUTLIER_SIGMA, maxIterations: 30 });
    const next = stateOf(setup, fit.values);
    const pixel = geometry.detector.pixelSize;
    const change = Math.max(
      ...parts.map((_, i) =>
        Math.max(...[0, 1].map((a) => Math.abs(next.moves[i].shift[a] - state.moves[i].shift[a]))),
      ),
    );
    isConverged = change < SETTLED_PX * pixel && window <= Math.max(NARROWEST_PX, windowPx * NARROWER);
    history.push(...fit.history.map((rms) => rms * meanSigma(points)));
    state = next;
    last = { fit, setup };
    window = Math.max(Math.min(windowPx, NARROWEST_PX), window * NARROWER);
  }
  if (!last || !first) throw tooFew(0, rings, options);
  onProgress?.(1, 'done');
  const refined = moveParts(geometry, parts, state.moves);
  const after = findRingPoints(picture, refined, state.experiment, ringsAt(rings, state.experiment), {
    ...options,
    windowPx: window,
  });
  return {
    geometry: refined,
    moves: state.moves,
    experiment: state.experiment,
    parts: tellParts(last.setup, last.fit, state, first, after),
    experimentUncertainties: Object.fromEntries(
      last.setup.names.map((name, i) => [
        name,
        last.fit.uncertainties[last.setup.parameters.length - last.setup.names.length + i],
      ]),
    ),
    beforePx: trimmedRms(first),
    afterPx: trimmedRms(after),
    history,
    isConverged,
  };
}

interface State {
  readonly moves: readonly PartMove[];
  readonly experiment: Experiment & { readonly photonEnergyKeV: number };
}

/** Everything that a round keeps: parameters are (dx, dy, angle) of each part in m and rad, then those of the experiment. */
interface Setup {
  readonly geometry: Geometry;
  readonly parts: readonly DetectorPart[];
  readonly middles: readonly (readonly [number, number, number])[];
  readonly experiment: Experiment & { readonly photonEnergyKeV: number };
  readonly names: readonly ExperimentParameter[];
  readonly rings: readonly CalibrantRing[];
  readonly points: readonly RingPoint[];
  /** Part of each point. */
  readonly partOf: Int32Array;
  /** Points on each part. */
  readonly counts: Int32Array;
  readonly parameters: readonly Omit<FitParameter, 'start'>[];
}

function setUp(
  geometry: Geometry,
  parts: readonly DetectorPart[],
  experiment: Setup['experiment'],
  rings: readonly CalibrantRing[],
  points: readonly RingPoint[],
  options: GeometryRefinementOptions,
): Setup {
  const { level = 'quadrant', fixed = [], priorAngleDeg, experiment: names = [] } = options;
  const priorPx = options.priorPx ?? PRIORS_PX[level];
  const { detector } = geometry;
  const partOfTile = new Int32Array(detector.dataShape[0] * detector.tiles.length);
  for (const [part, { tiles }] of parts.entries()) for (const tile of tiles) partOfTile[tile] = part;
  const partOf = Int32Array.from(points, ({ module, tile }) => partOfTile[module * detector.tiles.length + tile]);
  const counts = new Int32Array(parts.length);
  for (const part of partOf) counts[part]++;
  const pixel = detector.pixelSize;
  const parameters = parts.flatMap(({ label }, part): Omit<FitParameter, 'start'>[] => {
    const isFixed = fixed.includes(part) || counts[part] < MIN_POINTS;
    const shift = { isFixed, scale: pixel, prior: priorPx * pixel };
    const prior = priorAngleDeg === undefined ? undefined : (priorAngleDeg * Math.PI) / 180;
    return [
      { ...shift, name: `${label} x` },
      { ...shift, name: `${label} y` },
      { name: `${label} angle`, isFixed: isFixed || prior === undefined, scale: 1e-3, prior },
    ];
  });
  return {
    geometry,
    parts,
    middles: parts.map((part) => middleOfPart(geometry, part) as [number, number, number]),
    experiment,
    names,
    rings,
    points,
    partOf,
    counts,
    parameters: [...parameters, ...names.map((name) => ({ name, scale: EXPERIMENT_SCALES[name] }))],
  };
}

function stateOf({ parts, names, experiment }: Setup, values: Float64Array): State {
  const changed: Record<string, number> = {};
  for (const [i, name] of names.entries()) changed[name] = values[3 * parts.length + i];
  return {
    moves: parts.map((_, i) => ({ shift: [values[3 * i], values[3 * i + 1], 0], angle: values[3 * i + 2] })),
    experiment: { ...experiment, ...changed },
  };
}

/** Residuals: how far each point is from its ring, in its standard deviations. Priors hold for the whole move, not for a round's. */
function problemOf(setup: Setup, start: State) {
  const { geometry, middles, points, partOf, rings, experiment, names, parts } = setup;
  const { pixelSize } = geometry.detector;
  const perModule = geometry.detector.tiles.length;
  const places = points.map(({ module, tile, ss, fs }) =>
    positionOnTile(geometry.tiles, (module * perModule + tile) * TILE_NUMBERS, ss, fs),
  );
  const startValues = [
    ...start.moves.flatMap(({ shift, angle }) => [shift[0], shift[1], angle]),
    ...names.map((name) => start.experiment[name] ?? 0),
  ];
  const residuals = (values: Float64Array, out: Float64Array) => {
    const { experiment: at } = stateOf(setup, values);
    const frame = beamFrame(at);
    const radii = ringsAt(rings, at).map(({ twoTheta }) => at.distance * Math.tan(twoTheta));
    for (const [i, { ring, sigmaPx }] of points.entries()) {
      const part = partOf[i];
      const [x, y, z] = places[i];
      const angle = values[3 * part + 2];
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      const [fromX, fromY] = [x - middles[part][0], y - middles[part][1]];
      const movedX = middles[part][0] + cosine * fromX - sine * fromY + values[3 * part];
      const movedY = middles[part][1] + sine * fromX + cosine * fromY + values[3 * part + 1];
      const radius = at.distance * Math.tan(scatteringAngle(frame, movedX, movedY, z));
      out[i] = (radius - radii[ring]) / (pixelSize * sigmaPx);
    }
  };
  const parameters = setup.parameters.map((parameter, i): FitParameter => {
    const isOfPart = i < 3 * parts.length;
    const before = isOfPart ? 0 : (experiment[names[i - 3 * parts.length]] ?? 0);
    return { ...parameter, start: startValues[i], expected: before };
  });
  return { parameters, residualCount: points.length, residuals };
}

/** Rings at another photon energy are elsewhere; their spacing stays. */
function ringsAt(rings: readonly CalibrantRing[], { photonEnergyKeV }: State['experiment']): CalibrantRing[] {
  const wavelength = KEV_ANGSTROM / photonEnergyKeV;
  return rings.map((ring) => ({ ...ring, twoTheta: 2 * Math.asin(Math.min(1, wavelength / (2 * ring.spacing))) }));
}

function tellParts(
  { parts, counts, parameters, geometry }: Setup,
  { uncertainties }: FitResult,
  { moves }: State,
  before: readonly RingPoint[],
  after: readonly RingPoint[],
): RefinedPart[] {
  const { detector } = geometry;
  const onPart = (points: readonly RingPoint[], part: number) => {
    const own = new Set(parts[part].tiles);
    return points.filter(({ module, tile }) => own.has(module * detector.tiles.length + tile));
  };
  return parts.map(({ label }, i) => ({
    label,
    points: counts[i],
    isFixed: parameters[3 * i].isFixed === true,
    shiftPx: [moves[i].shift[0] / detector.pixelSize, moves[i].shift[1] / detector.pixelSize],
    shiftUncertaintyPx: [uncertainties[3 * i] / detector.pixelSize, uncertainties[3 * i + 1] / detector.pixelSize],
    angleDeg: (moves[i].angle * 180) / Math.PI,
    angleUncertaintyDeg: (uncertainties[3 * i + 2] * 180) / Math.PI,
    beforePx: trimmedRms(onPart(before, i)),
    afterPx: trimmedRms(onPart(after, i)),
  }));
}

/** Root mean square offset without the worst 5 %: a point on somebody else's ring is no measure. */
function trimmedRms(points: readonly RingPoint[]): number {
  if (points.length === 0) return Number.NaN;
  const squares = points.map(({ offsetPx }) => offsetPx * offsetPx).sort((a, b) => a - b);
  const kept = squares.slice(0, Math.max(1, Math.ceil(squares.length * 0.95)));
  return Math.sqrt(kept.reduce((sum, square) => sum + square, 0) / kept.length);
}

function meanSigma(points: readonly RingPoint[]): number {
  return points.reduce((sum, { sigmaPx }) => sum + sigmaPx, 0) / points.length;
}

function tooFew(found: number, rings: readonly CalibrantRing[], { windowPx = 15 }: RingPointOptions): RefinementFailed {
  return new RefinementFailed(
    `Only ${found} points were found on ${rings.length} rings within ${windowPx} pixels of where they should be: is it the right calibrant, photon energy and distance? Take a brighter picture (a mean of many frames) or look farther from the rings than ${windowPx} pixels.`,
    { found, rings: rings.map(({ label }) => label), windowPx },
  );
}
