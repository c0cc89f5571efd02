import { StateInvalid } from '../../core/errors.ts';

/** A crystal's unit cell: edges in Angstrom, angles in degrees. */
export interface UnitCell {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly alphaDeg: number;
  readonly betaDeg: number;
  readonly gammaDeg: number;
}

/** Miller indices. */
export type Hkl = readonly [number, number, number];

/** A family of lattice planes that makes one powder ring. */
export interface PlaneFamily {
  /** Distance of the planes, Angstrom. */
  readonly spacing: number;
  /** The indices that are largest in h, then k, then l. */
  readonly hkl: Hkl;
  /** Reflections (h, k, l) of this distance, both signs counted. */
  readonly multiplicity: number;
}

/** Spacings closer than this share are one ring: (333) and (511) of a cubic crystal, apart only by rounding. */
const SAME_SPACING = 1e-7;
/** More reflections than this are no powder pattern, but a wrong unit of the cell. */
const MAX_REFLECTIONS = 2e6;

/** A cell with right angles and equal edges. @param a Angstrom */
export function cubicCell(a: number): UnitCell {
  return { a, b: a, c: a, alphaDeg: 90, betaDeg: 90, gammaDeg: 90 };
}

/** A hexagonal cell (also of rhombohedral crystals). @param a,c Angstrom */
export function hexagonalCell(a: number, c: number): UnitCell {
  return { a, b: a, c, alphaDeg: 90, betaDeg: 90, gammaDeg: 120 };
}

/** A tetragonal cell. @param a,c Angstrom */
export function tetragonalCell(a: number, c: number): UnitCell {
  return { a, b: a, c, alphaDeg: 90, betaDeg: 90, gammaDeg: 90 };
}

/**
 * Reciprocal metric tensor G* (6): a*a*, b*b*, c*c*, a*b*, a*c*, b*c*; 1/Angstrom^2.
 * @throws StateInvalid if no cell has these edges and angles
 * @source International Tables for Crystallography B, 1.1
 */
export function reciprocalMetric(cell: UnitCell): readonly [number, number, number, number, number, number] {
  const { a, b, c } = cell;
  const [cosA, cosB, cosG] = [cell.alphaDeg, cell.betaDeg, cell.gammaDeg].map((deg) =>
    // The cosine of a right angle must be 0, or equal spacings differ in the last digit.
    deg === 90 ? 0 : deg === 120 ? -0.5 : Math.cos((deg * Math.PI) / 180),
  );
  const shape = 1 - cosA * cosA - cosB * cosB - cosG * cosG + 2 * cosA * cosB * cosG;
  if (!(a > 0 && b > 0 && c > 0 && Number.isFinite(a * b * c) && shape > 1e-9)) {
    throw new StateInvalid(
      `No unit cell has edges ${a}, ${b}, ${c} Angstrom and angles ${cell.alphaDeg}, ${cell.betaDeg}, ${cell.gammaDeg} degrees: edges must be positive, and each angle smaller than the sum of the others.`,
      { cell },
    );
  }
  return [
    (1 - cosA * cosA) / (a * a * shape),
    (1 - cosB * cosB) / (b * b * shape),
    (1 - cosG * cosG) / (c * c * shape),
    (cosA * cosB - cosG) / (a * b * shape),
    (cosA * cosG - cosB) / (a * c * shape),
    (cosB * cosG - cosA) / (b * c * shape),
  ];
}

/** Distance of lattice planes, Angstrom. @throws StateInvalid for an impossible cell */
export function planeSpacing(cell: UnitCell, [h, k, l]: Hkl): number {
  const [aa, bb, cc, ab, ac, bc] = reciprocalMetric(cell);
  return 1 / Math.sqrt(h * h * aa + k * k * bb + l * l * cc + 2 * (h * k * ab + h * l * ac + k * l * bc));
}

/** Largest indices that reach a spacing, and how many reflections have none larger. */
function indexBox({ a, b, c }: UnitCell, minSpacing: number) {
  const largest = [a, b, c].map((edge) => Math.floor((edge * (1 + 1e-9)) / minSpacing));
  return { largest, count: largest.reduce((product, index) => product * (2 * index + 1), 1) };
}

/**
 * How many reflections are looked through for the planes down to a spacing: about twice as many as there are, absent ones counted.
 * @param minSpacing Angstrom
 */
export function reflectionCount(cell: UnitCell, minSpacing: number): number {
  return indexBox(cell, minSpacing).count;
}

/**
 * All lattice planes down to a spacing, in order of spacing (largest first), equal ones joined.
 * @param isPresent whether a reflection exists; systematic absences give false
 * @param minSpacing Angstrom
 * @throws StateInvalid for an impossible cell, or more than two million reflections
 */
export function planeFamilies(cell: UnitCell, minSpacing: number, isPresent: (hkl: Hkl) => boolean): PlaneFamily[] {
  const [aa, bb, cc, ab, ac, bc] = reciprocalMetric(cell);
  const maxSquare = (1 + SAME_SPACING) / (minSpacing * minSpacing);
  const {
    largest: [hMax, kMax, lMax],
    count,
  } = indexBox(cell, minSpacing);
  if (!(count <= MAX_REFLECTIONS)) {
    throw new StateInvalid(
      `A cell of ${cell.a} x ${cell.b} x ${cell.c} Angstrom has too many reflections down to ${minSpacing} Angstrom; is the cell in Angstrom?`,
      { cell, minSpacing },
    );
  }
  const found: { square: number; hkl: Hkl }[] = [];
  for (let h = -hMax; h <= hMax; h++) {
    for (let k = -kMax; k <= kMax; k++) {
      for (let l = -lMax; l <= lMax; l++) {
        const square = h * h * aa + k * k * bb + l * l * cc + 2 * (h * k * ab + h * l * ac + k * l * bc);
        if (square === 0 || square > maxSquare || !isPresent([h, k, l])) continue;
        found.push({ square, hkl: [h, k, l] });
      }
    }
  }
  found.sort((one, other) => one.square - other.square);
  const families: { spacing: number; hkl: Hkl; multiplicity: number; square: number }[] = [];
  for (const { square, hkl } of found) {
    const last = families.at(-1);
    if (last && square - last.square <= 2 * SAME_SPACING * square) {
      last.multiplicity++;
      if (isAfter(hkl, last.hkl)) last.hkl = hkl;
    } else families.push({ spacing: 1 / Math.sqrt(square), hkl, multiplicity: 1, square });
  }
  return families.map(({ spacing, hkl, multiplicity }) => ({
    spacing,
    hkl: hkl.map((n) => n + 0) as unknown as Hkl,
    multiplicity,
  }));
}

function isAfter(one: Hkl, other: Hkl): boolean {
  for (let i = 0; i < 3; i++) if (one[i] !== other[i]) return one[i] > other[i];
  return false;
}
