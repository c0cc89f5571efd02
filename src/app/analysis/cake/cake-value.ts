import type { CakeResult, FullExperiment } from '../analysis-request.ts';
import { ringPlace } from '../curve/pattern-unit.ts';

/** The value of a cake in a direction; null outside of it. */
export function cakeValueAt(
  { x, azimuth, intensity, unit }: CakeResult,
  twoTheta: number,
  azimuthDeg: number,
  experiment: FullExperiment,
): number | null {
  const [columns, rows] = [x.length, azimuth.length];
  if (columns < 2 || rows < 2) return null;
  const column = Math.round((ringPlace(twoTheta, unit, experiment) - x[0]) / ((x[columns - 1] - x[0]) / (columns - 1)));
  const step = (azimuth[rows - 1] - azimuth[0]) / (rows - 1);
  const row = Math.round((((((azimuthDeg - azimuth[0] + step / 2) % 360) + 360) % 360) - step / 2) / step);
  return column >= 0 && column < columns && row >= 0 && row < rows ? intensity[row * columns + column] : null;
}
