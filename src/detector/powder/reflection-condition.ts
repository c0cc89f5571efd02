import { FormatInvalid } from '../../core/errors.ts';
import type { Hkl } from './unit-cell.ts';

/** Says whether a reflection can exist. */
export type ReflectionCondition = (hkl: Hkl) => boolean;

const isEven = (n: number) => n % 2 === 0;
const CENTRINGS: Readonly<Record<string, ReflectionCondition>> = {
  P: () => true,
  A: ([, k, l]) => isEven(k + l),
  B: ([h, , l]) => isEven(h + l),
  C: ([h, k]) => isEven(h + k),
  I: ([h, k, l]) => isEven(h + k + l),
  F: ([h, k, l]) => isEven(h + k) && isEven(k + l),
  // Obverse setting on hexagonal axes.
  R: ([h, k, l]) => (-h + k + l) % 3 === 0,
};

/**
 * Which reflections the lattice's centring leaves.
 * @param letter first letter of the space group's symbol: P, A, B, C, I, F, or R on hexagonal axes
 * @throws FormatInvalid for another letter
 * @source International Tables for Crystallography A, 2.1.3.13
 */
export function centringCondition(letter: string): ReflectionCondition {
  const condition = CENTRINGS[letter.toUpperCase()];
  if (!condition)
    throw new FormatInvalid(`"${letter}" is no lattice centring; use one of ${Object.keys(CENTRINGS).join(', ')}.`, {
      letter,
    });
  return condition;
}

/** A symmetry operation: x' = W x + w, w in fractions of the axes. */
export interface SymmetryOperation {
  /** (3, 3), rows. */
  readonly rotation: readonly (readonly number[])[];
  readonly translation: readonly number[];
}

/**
 * Reads an operation such as `-y, x-y, z+1/3`.
 * @throws FormatInvalid telling what could not be read
 * @source International Tables for Crystallography A, coordinate triplets
 */
export function parseSymmetryOperation(text: string): SymmetryOperation {
  const rows = text
    .replaceAll(/['"\s]/g, '')
    .toLowerCase()
    .split(',');
  const wrong = () =>
    new FormatInvalid(`"${text}" is no symmetry operation; expected three terms such as "-y, x-y, z+1/3".`, { text });
  if (rows.length !== 3) throw wrong();
  const rotation: number[][] = [];
  const translation: number[] = [];
  for (const row of rows) {
    const factors = [0, 0, 0];
    let shift = 0;
    const terms = row.match(/[+-]?(?:[xyz]|\d+(?:\.\d*)?(?:\/\d+)?|\.\d+)/g);
    if (!terms || terms.join('') !== row) throw wrong();
    for (const term of terms) {
      const sign = term.startsWith('-') ? -1 : 1;
      const body = term.replace(/^[+-]/, '');
      const axis = 'xyz'.indexOf(body);
      if (axis >= 0) factors[axis] += sign;
      else {
        const [numerator, denominator = '1'] = body.split('/');
        shift += (sign * Number(numerator)) / Number(denominator);
      }
    }
    if (!Number.isFinite(shift)) throw wrong();
    rotation.push(factors);
    translation.push(shift);
  }
  return { rotation, translation };
}

/**
 * Which reflections a group of symmetry operations leaves: a reflection that an operation maps on itself with another phase
 * is absent.
 * @source International Tables for Crystallography B, 1.4.2
 */
export function symmetryCondition(operations: readonly SymmetryOperation[]): ReflectionCondition {
  return (hkl) =>
    operations.every(({ rotation, translation }) => {
      for (let column = 0; column < 3; column++) {
        const image = hkl[0] * rotation[0][column] + hkl[1] * rotation[1][column] + hkl[2] * rotation[2][column];
        if (image !== hkl[column]) return true;
      }
      const phase = hkl[0] * translation[0] + hkl[1] * translation[1] + hkl[2] * translation[2];
      return Math.abs(phase - Math.round(phase)) < 1e-3;
    });
}
