import { KEV_ANGSTROM } from '../../core/physics.ts';

/** What pixels are sorted by, in pyFAI's names; `arcsinh` and `log` forms spread the centre. */
export type RadialUnit =
  | 'q_A^-1'
  | 'q_nm^-1'
  | '2th_deg'
  | '2th_rad'
  | 'r_mm'
  | 'r_m'
  | 'd*2_A^-2'
  | 'd*2_nm^-2'
  | 'log10(q.m)_None'
  | 'log(q.nm)_None'
  | 'log(1+q.nm)_None'
  | 'log(1+q.A)_None'
  | 'arcsinh(q.nm)_None'
  | 'arcsinh(q.A)_None';

/** What a radial unit is computed from: sin(theta), the angle 2 theta in rad, or the distance from the beam in m. */
export type RadialBase = 'sine' | 'angle' | 'radius';

/** How a unit is called and computed. */
export interface RadialUnitInfo {
  /** For an axis. */
  readonly label: string;
  readonly base: RadialBase;
  /** Whether the photon energy is needed. */
  readonly needsEnergy: boolean;
  /** The value from its base. @param kInverseNm 4 pi / wavelength, 1/nm */
  readonly fromBase: (base: number, kInverseNm: number) => number;
  /** Two numbers that the base is multiplied by, one after the other; null where that is not all. */
  readonly factors: ((kInverseNm: number) => readonly [number, number]) | null;
}

const ofQ = (
  label: string,
  fromQ: (qInverseNm: number) => number,
  factors: RadialUnitInfo['factors'] = null,
): RadialUnitInfo => ({ label, base: 'sine', needsEnergy: true, fromBase: (sine, k) => fromQ(k * sine), factors });
const plain = (label: string, base: RadialBase, scale: number): RadialUnitInfo => ({
  label,
  base,
  needsEnergy: false,
  fromBase: (value) => value * scale,
  factors: () => [scale, 1],
});

/** All radial units. @source pyFAI 0.21 units.py for names and formulas: q = 4 pi sin(theta) / lambda, d* = q / 2 pi, r = hypot(x, y) in the tilted frame */
export const RADIAL_UNITS: Readonly<Record<RadialUnit, RadialUnitInfo>> = {
  'q_A^-1': ofQ(
    'q (1/Å)',
    (q) => 0.1 * q,
    (k) => [k, 0.1],
  ),
  'q_nm^-1': ofQ(
    'q (1/nm)',
    (q) => q,
    (k) => [k, 1],
  ),
  '2th_deg': plain('2θ (°)', 'angle', 180 / Math.PI),
  '2th_rad': plain('2θ (rad)', 'angle', 1),
  r_mm: plain('r (mm)', 'radius', 1000),
  r_m: plain('r (m)', 'radius', 1),
  'd*2_A^-2': ofQ('d*² (1/Å²)', (q) => (q / (20 * Math.PI)) ** 2),
  'd*2_nm^-2': ofQ('d*² (1/nm²)', (q) => (q / (2 * Math.PI)) ** 2),
  'log10(q.m)_None': ofQ('log10(q·m)', (q) => Math.log10(1e9 * q)),
  'log(q.nm)_None': ofQ('ln(q·nm)', Math.log),
  'log(1+q.nm)_None': ofQ('ln(1 + q·nm)', Math.log1p),
  'log(1+q.A)_None': ofQ('ln(1 + q·Å)', (q) => Math.log1p(0.1 * q)),
  'arcsinh(q.nm)_None': ofQ('arcsinh(q·nm)', Math.asinh),
  'arcsinh(q.A)_None': ofQ('arcsinh(q·Å)', (q) => Math.asinh(0.1 * q)),
};

/** Whether a text names a radial unit. */
export function isRadialUnit(text: string): text is RadialUnit {
  return Object.hasOwn(RADIAL_UNITS, text);
}

/** 4 pi / wavelength, 1/nm. */
export function scatteringScale(photonEnergyKeV: number): number {
  return (40 * Math.PI * photonEnergyKeV) / KEV_ANGSTROM;
}
