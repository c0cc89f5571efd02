import { FormatInvalid, StateInvalid } from '../../core/errors.ts';
import { KEV_ANGSTROM } from '../../core/physics.ts';
import { type CifBlock, cifNumber, parseCif } from '../../formats/cif.ts';
import { atomicNumberOf } from './element.ts';
import { type EquationOfState, type SampleState, volumeRatioAt } from './equation-of-state.ts';
import {
  centringCondition,
  parseSymmetryOperation,
  type ReflectionCondition,
  type SymmetryOperation,
  symmetryCondition,
} from './reflection-condition.ts';
import { type Hkl, planeFamilies, planeSpacing, type UnitCell } from './unit-cell.ts';

/** A crystalline phase, of which lines are drawn over a pattern. */
export interface Phase {
  readonly name: string;
  readonly cell: UnitCell;
  readonly isPresent: ReflectionCondition;
  /** All atoms of the cell; empty where only the cell is known. */
  readonly atoms: readonly PhaseAtom[];
  /** The lines that a card lists, which are drawn instead of those of the atoms. */
  readonly listed?: readonly ListedLine[];
  /** How its volume follows pressure and temperature; left out where it is not known. */
  readonly equation?: EquationOfState;
  /** What is odd about its file, in words. */
  readonly remark?: string;
}

/** A line of a card. */
export interface ListedLine {
  readonly hkl: Hkl;
  /** Spacing over the edge a, of lines that have it from no indices; null: the cell and the indices give it. */
  readonly spacingOverA: number | null;
  /** Of any scale. */
  readonly intensity: number;
}

/** An atom of a unit cell, in fractions of the axes. */
export interface PhaseAtom {
  readonly position: readonly [number, number, number];
  readonly atomicNumber: number;
  readonly occupancy: number;
}

/** A line of a phase. */
export interface PhaseLine {
  readonly hkl: Hkl;
  /** Angstrom */
  readonly spacing: number;
  /** rad */
  readonly twoTheta: number;
  /** 1/Angstrom */
  readonly q: number;
  /** Relative to the strongest, 0 to 1; 1 for all where the atoms are not known. */
  readonly intensity: number;
  /** 0 = not known: a card lists the line. */
  readonly multiplicity: number;
}

/** Bohr radius, Angstrom. */
const BOHR_RADIUS = 0.529177;
/** Lines weaker than this share of the strongest are as good as absent. */
const FAINT = 1e-6;
/** Two atoms this close (fractions of the axes) are one on a special position. */
const SAME_PLACE = 1e-3;

/** A phase of which only the cell and its centring are known. @throws FormatInvalid for an unknown centring */
export function phaseFromCell(name: string, cell: UnitCell, centring: string): Phase {
  return { name, cell, isPresent: centringCondition(centring), atoms: [] };
}

/**
 * The phase of a CIF: cell, symmetry operations (or the centring of the space group's symbol), atoms.
 * @param path for messages
 * @throws FormatInvalid if it is no CIF, or has no unit cell
 * @source Core CIF dictionary: _cell_*, _symmetry_equiv_pos_as_xyz, _space_group_symop_operation_xyz, _atom_site_*
 */
export function phaseFromCif(text: string, path = 'CIF'): Phase {
  const blocks = parseCif(text, path);
  const block = blocks.find(({ items }) => items.has('_cell_length_a'));
  if (!block) throw new FormatInvalid(`${path} has no _cell_length_a: a phase needs its unit cell.`, { path });
  const first = (name: string) => block.items.get(name)?.[0];
  const number = (name: string) => {
    const value = cifNumber(first(name));
    if (Number.isNaN(value)) throw new FormatInvalid(`${path}: ${name} = ${first(name)} is no number.`, { path, name });
    return value;
  };
  const cell: UnitCell = {
    a: number('_cell_length_a'),
    b: number('_cell_length_b'),
    c: number('_cell_length_c'),
    alphaDeg: number('_cell_angle_alpha'),
    betaDeg: number('_cell_angle_beta'),
    gammaDeg: number('_cell_angle_gamma'),
  };
  const operations = operationsOf(block);
  const symbol = first('_symmetry_space_group_name_h-m') ?? first('_space_group_name_h-m_alt') ?? 'P';
  const name =
    first('_chemical_name_mineral') ?? first('_chemical_name_common') ?? first('_chemical_formula_sum') ?? block.name;
  return {
    name: /^[?.]?$/.test(name) ? block.name : name,
    cell,
    isPresent:
      operations.length > 1 ? symmetryCondition(operations) : centringCondition(symbol.trim().charAt(0) || 'P'),
    atoms: atomsOf(block, operations),
  };
}

function operationsOf({ items }: CifBlock): SymmetryOperation[] {
  const texts =
    items.get('_space_group_symop_operation_xyz') ??
    items.get('_symmetry_equiv_pos_as_xyz') ??
    items.get('_symmetry_equiv_pos_as_xyz_') ??
    [];
  return texts.map(parseSymmetryOperation);
}

function atomsOf({ items }: CifBlock, operations: readonly SymmetryOperation[]): PhaseAtom[] {
  const columns = ['x', 'y', 'z'].map((axis) => items.get(`_atom_site_fract_${axis}`));
  const symbols = items.get('_atom_site_type_symbol') ?? items.get('_atom_site_label');
  const occupancies = items.get('_atom_site_occupancy');
  if (!symbols || columns.some((column) => !column)) return [];
  const identity: SymmetryOperation = {
    rotation: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    translation: [0, 0, 0],
  };
  const atoms: PhaseAtom[] = [];
  for (const [i, symbol] of symbols.entries()) {
    const place = columns.map((column) => cifNumber(column?.[i]));
    const atomicNumber = atomicNumberOf(symbol);
    // Dummy atoms and hydrogen without a place do not scatter.
    if (place.some(Number.isNaN) || atomicNumber === null) continue;
    const occupancy = cifNumber(occupancies?.[i]);
    const images: [number, number, number][] = [];
    for (const { rotation, translation } of operations.length > 0 ? operations : [identity]) {
      const image = rotation.map((row, axis) => {
        const value = row[0] * place[0] + row[1] * place[1] + row[2] * place[2] + translation[axis];
        return value - Math.floor(value);
      }) as [number, number, number];
      const isThere = images.some((other) =>
        other.every((value, axis) => {
          const apart = Math.abs(value - image[axis]);
          return Math.min(apart, 1 - apart) < SAME_PLACE;
        }),
      );
      if (!isThere) images.push(image);
    }
    for (const position of images)
      atoms.push({ position, atomicNumber, occupancy: Number.isNaN(occupancy) ? 1 : occupancy });
  }
  return atoms;
}

/**
 * Lines of a phase up to a scattering angle, in order of angle.
 * Intensities are multiplicity * |F|^2 * Lorentz factor with screened (Thomas-Fermi) atoms: right to some 20 %, enough to know
 * which lines to look for.
 * @param maxTwoTheta rad
 * @throws StateInvalid for an impossible cell, or more than two million reflections
 */
export function phaseLines(phase: Phase, photonEnergyKeV: number, maxTwoTheta: number): PhaseLine[] {
  const wavelength = KEV_ANGSTROM / photonEnergyKeV;
  const smallest = wavelength / (2 * Math.sin(Math.min(Math.PI, maxTwoTheta) / 2));
  if (phase.listed) return listedLines(phase.cell, phase.listed, wavelength, smallest);
  const lines = planeFamilies(phase.cell, smallest, phase.isPresent).map(({ spacing, hkl, multiplicity }) => {
    const theta = Math.asin(Math.min(1, wavelength / (2 * spacing)));
    const lorentz = 1 / (Math.sin(theta) * Math.sin(2 * theta));
    const strength =
      phase.atoms.length > 0 ? structureFactorSquared(phase.atoms, hkl, spacing) * multiplicity * lorentz : 1;
    return { hkl, spacing, twoTheta: 2 * theta, q: (2 * Math.PI) / spacing, intensity: strength, multiplicity };
  });
  const strongest = lines.reduce((most, { intensity }) => Math.max(most, intensity), Number.MIN_VALUE);
  return lines
    .map((line) => ({ ...line, intensity: line.intensity / strongest }))
    .filter(({ intensity }) => intensity > FAINT);
}

function listedLines(cell: UnitCell, listed: readonly ListedLine[], wavelength: number, smallest: number): PhaseLine[] {
  const strongest = Math.max(...listed.map(({ intensity }) => intensity), Number.MIN_VALUE);
  return listed
    .map(({ hkl, spacingOverA, intensity }) => {
      const spacing = spacingOverA === null ? planeSpacing(cell, hkl) : spacingOverA * cell.a;
      const twoTheta = 2 * Math.asin(Math.min(1, wavelength / (2 * spacing)));
      return { hkl, spacing, twoTheta, q: (2 * Math.PI) / spacing, intensity: intensity / strongest, multiplicity: 0 };
    })
    .filter(({ spacing }) => spacing >= smallest)
    .sort((one, other) => other.spacing - one.spacing);
}

/**
 * A phase under pressure and heat: all edges grow or shrink alike, by the third root of the volume.
 * @throws StateInvalid if its equation of state is not known, or has no volume there
 */
export function phaseAt(phase: Phase, state: SampleState): Phase {
  if (!phase.equation)
    throw new StateInvalid(`${phase.name} has no equation of state: give its bulk modulus K0 and K0'.`, {
      field: 'equation',
    });
  return stretchPhase(phase, Math.cbrt(volumeRatioAt(phase.equation, state)));
}

/** A phase with all edges times a factor. */
export function stretchPhase(phase: Phase, factor: number): Phase {
  const { a, b, c } = phase.cell;
  return { ...phase, cell: { ...phase.cell, a: a * factor, b: b * factor, c: c * factor } };
}

function structureFactorSquared(atoms: readonly PhaseAtom[], [h, k, l]: Hkl, spacing: number): number {
  let real = 0;
  let imaginary = 0;
  const q = (2 * Math.PI) / spacing;
  for (const { position, atomicNumber, occupancy } of atoms) {
    const screening = 0.8853 * BOHR_RADIUS * atomicNumber ** (-1 / 3);
    const amplitude = (occupancy * atomicNumber) / (1 + (q * screening) ** 2);
    const phase = 2 * Math.PI * (h * position[0] + k * position[1] + l * position[2]);
    real += amplitude * Math.cos(phase);
    imaginary += amplitude * Math.sin(phase);
  }
  return real * real + imaginary * imaginary;
}
