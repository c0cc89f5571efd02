import { type RadialScene, radialValue, spacingOf, twoThetaOf } from '../../../detector/analysis/radial-value.ts';
import type { RadialUnit } from '../../../detector/integration/radial-unit.ts';

/** Units of a pattern on screen: those of integration that people read, and lattice spacing. */
export type PatternUnit = 'q_A^-1' | 'q_nm^-1' | '2th_deg' | 'r_mm' | 'd_A';

/** How a unit is written. */
export interface PatternUnitInfo {
  /** For a button. */
  readonly word: string;
  /** For an axis. */
  readonly title: string;
  readonly digits: number;
}

/** All units, in the order of their buttons. */
export const PATTERN_UNITS: Readonly<Record<PatternUnit, PatternUnitInfo>> = {
  'q_A^-1': { word: 'Å⁻¹', title: 'q / Å⁻¹', digits: 4 },
  'q_nm^-1': { word: 'nm⁻¹', title: 'q / nm⁻¹', digits: 3 },
  '2th_deg': { word: '2θ', title: '2θ / °', digits: 3 },
  d_A: { word: 'd', title: 'd / Å', digits: 4 },
  r_mm: { word: 'r', title: 'r / mm', digits: 2 },
};

/** The unit that is integrated in: lattice spacing is q, read the other way round. */
export function integrationUnit(unit: PatternUnit): RadialUnit {
  return unit === 'd_A' ? 'q_A^-1' : unit;
}

/** From the unit that is integrated in to that on screen, and back. */
export function turnSpacing(value: number): number {
  return (2 * Math.PI) / value;
}

/** Where a ring lies on the axis. @param twoTheta rad */
export function ringPlace(twoTheta: number, unit: PatternUnit, experiment: RadialScene): number {
  return unit === 'd_A' ? spacingOf(twoTheta, experiment.photonEnergyKeV) : radialValue(twoTheta, unit, experiment);
}

/** Scattering angle of a place on the axis, rad; NaN where none has it. */
export function angleAt(place: number, unit: PatternUnit, experiment: RadialScene): number {
  return unit === 'd_A' ? twoThetaOf(turnSpacing(place), 'q_A^-1', experiment) : twoThetaOf(place, unit, experiment);
}

/** rad */
const LEAST_ANGLE = 1e-9;

/** A curve over another unit, rising again; points that do not exist there are left out. */
export function curveInUnit(
  curve: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> },
  from: PatternUnit,
  to: PatternUnit,
  experiment: RadialScene,
): { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> } {
  if (from === to) return curve;
  const points = Array.from(curve.x, (place, i) => {
    const angle = angleAt(place, from, experiment);
    // The beam itself has no spacing.
    return [to === 'd_A' && !(angle > LEAST_ANGLE) ? Number.NaN : ringPlace(angle, to, experiment), curve.y[i]];
  });
  const valid = points.filter(([place]) => Number.isFinite(place)).sort((a, b) => a[0] - b[0]);
  return { x: valid.map(([place]) => place), y: valid.map(([, value]) => value) };
}

/** How the background below a pattern is found, or none. */
export type PatternBackground =
  | { readonly kind: 'none' }
  /** `width` in the pattern's unit. */
  | { readonly kind: 'auto'; readonly width: number; readonly iterations: number; readonly order: number };
