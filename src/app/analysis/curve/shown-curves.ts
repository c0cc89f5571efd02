import { isXfelError } from '../../../core/errors.ts';
import { KEV_ANGSTROM } from '../../../core/physics.ts';
import { patternBackground } from '../../../detector/analysis/background.ts';
import { curveAt, subtractCurve } from '../../../detector/analysis/curve.ts';
import { type FittedPeak, fitPeak } from '../../../detector/analysis/peak-fit.ts';
import type { CalibrantRing } from '../../../detector/powder/calibrant.ts';
import { type Phase, phaseAt, phaseLines, stretchPhase } from '../../../detector/powder/phase.ts';
import { reciprocalMetric, reflectionCount } from '../../../detector/powder/unit-cell.ts';
import type { Curve, PlotMark } from '../../../display/plot.tsx';
import type { FullExperiment, PatternResult } from '../analysis-request.ts';
import type { BeforeAfter, Overlay, ShownPhase } from './curve-store.ts';
import { curveInUnit, type PatternBackground, type PatternUnit, ringPlace } from './pattern-unit.ts';

/** Everything that decides what the plot shows. */
export interface CurveLook {
  readonly curves: BeforeAfter<readonly PatternResult[]>;
  readonly overlays: readonly Overlay[];
  readonly subtracted: number | null;
  readonly waterfall: number;
  readonly background: PatternBackground;
  readonly experiment: FullExperiment;
}

/** Curves of a plot over one axis. */
export interface ShownCurves {
  readonly unit: PatternUnit;
  readonly x: Float64Array;
  readonly curves: readonly Curve[];
  /** The first curve of now, with its background and what was taken off: what is saved. */
  readonly main: { readonly y: Float64Array; readonly sigma: Float64Array };
  /** The first curve of before, in the same way; null = nothing was moved. */
  readonly before: Float64Array | null;
  /** Below the main curve, as it was before it was taken off; null = none. */
  readonly backgroundY: Float64Array | null;
}

const SECTOR_COLOURS = ['--c1', '--c2', '--c3', '--c4', '--c5', '--c6', '--c7'];
/** Half of the window of a peak, as a share of the distance to its neighbours, and of its place. */
const PEAK_WINDOW = { ofGap: 0.45, ofPlace: 0.04 } as const;

/** The curves on screen: each less its background and less the chosen overlay; overlays scaled, shifted, stepped upwards. */
export function showCurves({
  curves,
  overlays,
  subtracted,
  waterfall,
  background,
  experiment,
}: CurveLook): ShownCurves {
  const [main] = curves.after;
  const { unit, x } = main;
  const other = overlays.find(({ id }) => id === subtracted);
  const otherHere = other && curveInUnit(other, other.unit, unit, experiment);
  const clean = (y: Float64Array) => {
    const rest = otherHere && other ? subtractCurve({ x, y }, otherHere, other) : y;
    const below = background.kind === 'auto' ? backgroundOf(x, rest, background) : null;
    return { y: below ? rest.map((value, i) => value - below[i]) : rest, below };
  };
  const first = clean(main.y);
  const earlier = curves.before?.[0];
  const before = earlier ? clean(curveAt(earlier, x)).y : null;
  const after = curves.after.map(({ y, azimuthRange, label }, i) => ({
    label: label ?? (curves.after.length > 1 ? azimuthWords(azimuthRange) : curves.isProposal ? 'proposed' : 'I(q)'),
    colour: SECTOR_COLOURS[i % SECTOR_COLOURS.length],
    y: i === 0 ? first.y : clean(y).y,
  }));
  const shown: Curve[] = [
    ...(before && curves.after.length === 1
      ? [{ label: curves.isProposal ? 'now' : 'as loaded', colour: '--t2', isDashed: true, y: before }]
      : []),
    // The combined curve lies over those that it is made of.
    ...(curves.after[0].label === undefined ? after : [...after.slice(1), after[0]]),
    ...overlays
      .filter(({ isShown, id }) => isShown && id !== subtracted)
      .map((overlay, i) => ({
        label: overlay.name,
        colour: overlay.colour,
        y: curveAt(curveInUnit(overlay, overlay.unit, unit, experiment), x).map(
          (value) => value * overlay.scale + overlay.offset + waterfall * (i + 1),
        ),
      })),
  ];
  return {
    unit,
    x,
    curves: shown,
    main: { y: first.y, sigma: main.sigma },
    before,
    backgroundY: first.below,
  };
}

/** `-90 to 0°`. */
export function azimuthWords(range: readonly [number, number] | null): string {
  return range ? `${range[0]} to ${range[1]}°`.replaceAll('-', '\u2212') : 'all round';
}

function backgroundOf(
  x: Float64Array,
  y: Float64Array,
  { width, iterations, order }: Extract<PatternBackground, { readonly kind: 'auto' }>,
): Float64Array {
  const step = x.length > 1 ? (x[x.length - 1] - x[0]) / (x.length - 1) : 1;
  return patternBackground(y, { width: Math.max(1, width / step), iterations, order });
}

/** The width of a ring in a curve; null where there is no peak. */
export function ringPeak(
  curve: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> },
  rings: readonly CalibrantRing[],
  ring: number,
  unit: PatternUnit,
  experiment: FullExperiment,
): FittedPeak | null {
  const places = rings.map(({ twoTheta }) => ringPlace(twoTheta, unit, experiment));
  const at = places[ring];
  if (at === undefined) return null;
  const gaps = [places[ring - 1], places[ring + 1]].flatMap((place) =>
    place === undefined ? [] : Math.abs(place - at),
  );
  const half = Math.min(PEAK_WINDOW.ofPlace * at, ...gaps.map((gap) => PEAK_WINDOW.ofGap * gap));
  return fitPeak(curve.x, curve.y, [at - half, at + half]);
}

/** Lines where the rings of the calibrant should be. */
export function ringMarks(rings: readonly CalibrantRing[], unit: PatternUnit, experiment: FullExperiment): PlotMark[] {
  return rings.map(({ label, twoTheta }) => ({ x: ringPlace(twoTheta, unit, experiment), label, colour: '--c0' }));
}

/** Least height of a line that is in the table, as a share of the strongest. */
const FAINT = 0.005;

/** A line of a phase on the axis. */
export interface PhaseStick {
  readonly hkl: string;
  /** Without pressure and heat, Angstrom. */
  readonly spacingAtRest: number;
  /** Angstrom */
  readonly spacing: number;
  readonly twoThetaDeg: number;
  /** 1/Angstrom */
  readonly q: number;
  /** On the axis of the pattern. */
  readonly place: number;
  /** 0 to 1. */
  readonly intensity: number;
}

type PhaseScene = Pick<ShownPhase, 'phase' | 'stretch' | 'state'>;

/** A phase with the pressure, heat and stretch that are set for it. @throws StateInvalid where its equation has no volume */
export function phaseOnScreen({ phase, stretch, state }: PhaseScene): Phase {
  return stretchPhase(phase.equation ? phaseAt(phase, state) : phase, stretch);
}

/** More reflections than this lie so near to each other that no line tells anything, and take longer than a page can wait. */
const MOST_REFLECTIONS = 5e5;

/**
 * Why a phase cannot be where it is asked to be, or has no lines; null: it can.
 * @param reach how far its lines are to go, rad; left out: its lines are not asked for
 */
export function phaseProblem(
  scene: PhaseScene,
  reach?: { readonly photonEnergyKeV: number; readonly maxTwoTheta: number },
): string | null {
  try {
    const { cell, listed } = phaseOnScreen(scene);
    reciprocalMetric(cell);
    if (!reach || listed) return null;
    const spacing = KEV_ANGSTROM / reach.photonEnergyKeV / (2 * Math.sin(Math.min(Math.PI, reach.maxTwoTheta) / 2));
    return reflectionCount(cell, spacing) <= MOST_REFLECTIONS
      ? null
      : `A cell of ${[cell.a, cell.b, cell.c].map((edge) => Number(edge.toPrecision(6))).join(', ')} Å has too many lines down to ${Number(spacing.toPrecision(3))} Å to show them. Is it in Å? Else end the radial range earlier.`;
  } catch (error) {
    if (isXfelError(error)) return error.message;
    throw error;
  }
}

/**
 * Lines of a phase up to an angle, those that are strong enough to be looked for; none where `phaseProblem` has a reason.
 * @param maxTwoTheta rad
 */
export function phaseSticks(
  scene: PhaseScene,
  unit: PatternUnit,
  experiment: FullExperiment,
  maxTwoTheta: number,
): PhaseStick[] {
  const { photonEnergyKeV } = experiment;
  if (phaseProblem(scene, { photonEnergyKeV, maxTwoTheta })) return [];
  const now = phaseOnScreen(scene);
  const growth = now.cell.a / scene.phase.cell.a;
  return phaseLines(now, photonEnergyKeV, maxTwoTheta)
    .filter(({ intensity }) => intensity >= FAINT)
    .map(({ hkl, spacing, twoTheta, q, intensity }) => ({
      hkl: hkl.map((index) => String(index).replace('-', '\u2212')).join(' '),
      spacingAtRest: spacing / growth,
      spacing,
      twoThetaDeg: (twoTheta * 180) / Math.PI,
      q,
      place: ringPlace(twoTheta, unit, experiment),
      intensity,
    }));
}
