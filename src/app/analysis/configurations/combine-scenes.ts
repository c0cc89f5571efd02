import { NoData } from '../../../core/errors.ts';
import type { Geometry } from '../../../detector/geometry.ts';
import { combinePatterns, pixelSolidAngle } from '../../../detector/integration/combine.ts';
import { integrateFrame, type Pattern } from '../../../detector/integration/integrate.ts';
import type { TableCache } from '../../../detector/integration/table-cache.ts';
import type { CakeSettings, CurveSettings, FullExperiment } from '../analysis-request.ts';
import type { AnalysisScene } from '../analysis-scene.ts';
import { automaticPoints } from '../curve/pattern-result.ts';

/** A configuration with all that its integration needs. */
export interface ScenePart {
  readonly name: string;
  readonly scene: AnalysisScene;
  readonly geometry: Geometry;
  readonly experiment: FullExperiment;
  /** Unit, bins and radial range are the same for all parts. */
  readonly settings: CurveSettings;
  /** Its intensities are divided by this. */
  readonly scale: number;
}

/** What several configurations saw, together and each by itself, on the same bins. */
export interface CombinedPatterns {
  readonly combined: Pattern;
  /** In the order of the configurations, on the scale of the combined one. */
  readonly parts: readonly Pattern[];
}

const MOST_POINTS = 20_000;

/**
 * One pattern of several configurations: the sum of signals over the sum of norms in each bin, so that each counts as much as it
 * saw. Norms are on one scale: with the solid angle of a pixel, area / distance^2, against that of the first configuration.
 * Without a radial range the axis is what any of them saw; without points, the finest of their own steps (the coarsest where pixels
 * are not split, since finer bins would be empty there).
 * @throws NoData without configurations or where one has no picture, its name in front; StateInvalid, ShapeMismatch of integration
 * @source pyFAI, MultiGeometry: normalization by solid angle, pixel area / distance^2
 */
export function combineScenes(
  parts: readonly ScenePart[],
  tables: TableCache,
  cake: Omit<CakeSettings, 'isRingsOnly'> | null = null,
): CombinedPatterns {
  if (parts.length === 0) throw new NoData('No configuration is combined: tick at least one.', {});
  const { radialRange, points } = commonAxis(parts, tables, cake?.points ?? null);
  const reference = pixelSolidAngle(parts[0].geometry, parts[0].experiment);
  const patterns = parts.map((part): Pattern => {
    const { scene, geometry, experiment, settings, name } = part;
    const options = scene.options(settings, geometry, experiment);
    const rows = cake && {
      azimuthPoints: cake.azimuthPoints,
      azimuthRange: [cake.azimuthStart, cake.azimuthStart + 360] as const,
    };
    const pattern = named(name, () => {
      const table = tables.get(geometry, experiment, { ...options, points, radialRange, ...rows });
      return integrateFrame(scene.picture(), table, cake ? {} : { errorModel: 'azimuthal' });
    });
    return scaled(
      pattern,
      part.scale * (settings.hasSolidAngle ? pixelSolidAngle(geometry, experiment) / reference : 1),
    );
  });
  return { combined: combinePatterns(patterns), parts: patterns };
}

/** Bins of all parts, in the unit that is integrated in. */
function commonAxis(
  parts: readonly ScenePart[],
  tables: TableCache,
  wanted: number | null,
): { readonly points: number; readonly radialRange: readonly [number, number] } {
  const axes = parts.map(({ scene, geometry, experiment, settings, name }) =>
    named(name, () => {
      const options = scene.options(settings, geometry, experiment);
      const own = automaticPoints(geometry, experiment);
      if (options.radialRange) return { low: options.radialRange[0], high: options.radialRange[1], own };
      const { low, step } = tables.get(geometry, experiment, { ...options, points: 1 }).grid.radial;
      return { low, high: low + step, own };
    }),
  );
  const [low, high] = [Math.min(...axes.map((axis) => axis.low)), Math.max(...axes.map((axis) => axis.high))];
  const steps = axes.map((axis) => (axis.high - axis.low) / axis.own);
  const step = parts.every(({ settings }) => settings.method !== 'no') ? Math.min(...steps) : Math.max(...steps);
  const points = wanted ?? parts[0].settings.points ?? Math.round((high - low) / step);
  return { radialRange: [low, high], points: Math.min(MOST_POINTS, Math.max(2, points)) };
}

/** A pattern whose norm counts `factor` times. */
function scaled(pattern: Pattern, factor: number): Pattern {
  if (factor === 1) return pattern;
  const divided = (values: Float64Array) => values.map((value) => value / factor);
  return {
    ...pattern,
    intensity: divided(pattern.intensity),
    sigma: pattern.sigma && divided(pattern.sigma),
    normalization: pattern.normalization.map((value) => value * factor),
  };
}

/** Says which configuration cannot be integrated. */
function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error) error.message = `${name}: ${error.message}`;
    throw error;
  }
}
