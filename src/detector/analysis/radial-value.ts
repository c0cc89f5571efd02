import { KEV_ANGSTROM } from '../../core/physics.ts';
import { RADIAL_UNITS, type RadialUnit, scatteringScale } from '../integration/radial-unit.ts';

/** What a scattering angle needs to be told in any unit. */
export interface RadialScene {
  /** Sample to the detector along its normal, m. */
  readonly distance: number;
  readonly photonEnergyKeV: number;
}

/** A scattering angle in a radial unit: where a ring lies on the axis of a pattern. @param twoTheta rad */
export function radialValue(twoTheta: number, unit: RadialUnit, { distance, photonEnergyKeV }: RadialScene): number {
  const { base, fromBase } = RADIAL_UNITS[unit];
  const value = base === 'sine' ? Math.sin(twoTheta / 2) : base === 'angle' ? twoTheta : distance * Math.tan(twoTheta);
  return fromBase(value, scatteringScale(photonEnergyKeV));
}

/** Scattering angle of a value, rad; NaN where none has it. The reverse of {@link radialValue}, for units of q, angle and radius. */
export function twoThetaOf(value: number, unit: RadialUnit, { distance, photonEnergyKeV }: RadialScene): number {
  const { base, fromBase } = RADIAL_UNITS[unit];
  const k = scatteringScale(photonEnergyKeV);
  // All units rise with the angle: halving finds it, whatever the form.
  const at = (twoTheta: number) =>
    fromBase(base === 'sine' ? Math.sin(twoTheta / 2) : base === 'angle' ? twoTheta : distance * Math.tan(twoTheta), k);
  let [low, high] = [0, base === 'radius' ? Math.PI / 2 - 1e-9 : Math.PI];
  if (!(value >= at(low) && value <= at(high))) return Number.NaN;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (at(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Lattice spacing that scatters to an angle, Angstrom. @param twoTheta rad */
export function spacingOf(twoTheta: number, photonEnergyKeV: number): number {
  return KEV_ANGSTROM / photonEnergyKeV / (2 * Math.sin(twoTheta / 2));
}
