import type { Vector } from './geom-panel.ts';

/**
 * The shortest decimal that reads back as the same number, without an exponent: CrystFEL refuses exponents in directions.
 * @param value finite; -0 becomes 0
 */
export function decimal(value: number): string {
  const text = String(value === 0 ? 0 : value);
  const [mantissa, exponent] = text.split('e');
  if (exponent === undefined) return text;
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole, fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}

/** A direction as a sum of terms, such as `+0.5x -1y`; z only where it is not 0. */
export function vectorText([x, y, z]: Vector): string {
  const term = (value: number, axis: string) => `${value < 0 ? '' : '+'}${decimal(value)}${axis}`;
  return [term(x, 'x'), term(y, 'y'), ...(z === 0 ? [] : [term(z, 'z')])].join(' ');
}

/**
 * The number in units of a step that reads back as `length` when it is divided by `perUnit` again, where there is one: so
 * files can be read and written for ever without any drift.
 * @param perUnit units per metre (`res` of a panel)
 */
export function inUnits(length: number, perUnit: number): number {
  const near = length * perUnit;
  // Of several numbers the one with fewer digits: -30.5, not -30.500000000000004.
  const short = Number(near.toPrecision(15));
  if (short / perUnit === length) return short;
  if (near / perUnit === length) return near;
  const step = Math.max(Math.abs(near) * 2 ** -53, Number.MIN_VALUE);
  for (const other of [near + step, near - step, near + 2 * step, near - 2 * step])
    if (other / perUnit === length) return other;
  return near;
}
