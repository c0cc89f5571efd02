import { type Geometry, tileCorners } from '../../../detector/geometry.ts';
import type { Pattern } from '../../../detector/integration/integrate.ts';
import type { CakeResult, FullExperiment, PatternResult } from '../analysis-request.ts';
import { type PatternUnit, turnSpacing } from './pattern-unit.ts';

/** About one bin for each pixel between the beam and the outermost corner of a tile. */
export function automaticPoints(geometry: Geometry, { poni1 = 0, poni2 = 0 }: FullExperiment): number {
  const { data, shape } = tileCorners(geometry);
  const step = shape[shape.length - 1];
  let far = 0;
  for (let i = 0; i < data.length; i += step) far = Math.max(far, Math.hypot(data[i] - poni2, data[i + 1] - poni1));
  return Math.min(20_000, Math.max(16, Math.round(far / geometry.detector.pixelSize)));
}

/** A pattern over the axis on screen: spacings are q, read the other way round. */
export function patternResult(
  { radial, intensity, sigma }: Pattern,
  unit: PatternUnit,
  azimuthRange: readonly [number, number] | null,
): PatternResult {
  const result = { unit, x: radial, y: intensity, sigma: sigma ?? new Float64Array(radial.length), azimuthRange };
  if (unit !== 'd_A') return result;
  const from = radial.findIndex((q) => q > 0);
  const turned = (values: Float64Array) => values.subarray(Math.max(0, from)).slice().reverse();
  return { ...result, x: turned(radial).map(turnSpacing), y: turned(intensity), sigma: turned(result.sigma) };
}

/** A cake over the axes on screen. */
export function cakeResult({ radial, azimuth, intensity }: Pattern, unit: PatternUnit): CakeResult {
  const rows = azimuth ?? new Float64Array(1);
  if (unit !== 'd_A') return { unit, x: radial, azimuth: rows, intensity: Float32Array.from(intensity) };
  // Spacings do not have even steps: the cake stays in even steps of d, each with the nearest bin of q.
  const { length } = radial;
  const [low, high] = [turnSpacing(radial[length - 1]), turnSpacing(Math.max(radial[0], radial[length - 1] / 20))];
  const x = Float64Array.from({ length }, (_, i) => low + ((high - low) * (i + 0.5)) / length);
  const step = (radial[length - 1] - radial[0]) / Math.max(1, length - 1);
  const turned = new Float32Array(rows.length * length);
  for (let column = 0; column < length; column++) {
    const from = Math.min(length - 1, Math.max(0, Math.round((turnSpacing(x[column]) - radial[0]) / step)));
    for (let row = 0; row < rows.length; row++) turned[row * length + column] = intensity[row * length + from];
  }
  return { unit, x, azimuth: rows, intensity: turned };
}
