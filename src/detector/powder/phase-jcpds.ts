import { FormatInvalid } from '../../core/errors.ts';
import { KEV_ANGSTROM } from '../../core/physics.ts';
import { formatJcpds, type JcpdsCard, type JcpdsSymmetry, parseJcpds } from '../../formats/jcpds.ts';
import { type ListedLine, type Phase, phaseLines } from './phase.ts';
import { cubicCell, planeSpacing, type UnitCell } from './unit-cell.ts';

/** A listed spacing that differs by more than this share from that of its indices is told. @source M. Rivers, JCPDS files */
const ODD_SPACING = 1e-3;
/** Lines of a phase that are written to a card: down to this spacing (Angstrom), those above this share of the strongest. */
const SMALLEST = 0.7;
const FAINT = 1e-3;
/** For which strengths are worked out; spacings do not depend on it. */
const ENERGY_KEV = 300;

/**
 * The phase of a JCPDS card: cell, lines, equation of state. Where a line has indices, the cell says where it is.
 * @param path for messages, and the phase's name where the card has no words
 * @throws FormatInvalid with the line
 */
export function phaseFromJcpds(text: string, path = 'jcpds'): Phase {
  const card = parseJcpds(text, path);
  const cell = card.cell ?? cubicCell(1);
  const listed = card.lines.map(({ d, intensity, hkl }): ListedLine => {
    const isIndexed = card.cell !== null && hkl.some((index) => index !== 0);
    return { hkl, intensity, spacingOverA: isIndexed ? null : d / cell.a };
  });
  const odd = card.lines.filter(
    ({ d, hkl }, i) =>
      listed[i].spacingOverA === null && d > 0 && Math.abs(planeSpacing(cell, hkl) / d - 1) > ODD_SPACING,
  );
  if (card.version === 2 && odd.length > listed.length / 2)
    throw new FormatInvalid(
      `${path}: version 2 of the cards is described nowhere, and read as version 3 this one's spacings do not fit its cell, such as d = ${odd[0].d} Å of (${odd[0].hkl.join(' ')}). Save it as version 4.`,
      { path },
    );
  const { k0, k0Prime, dK0dT, dK0PrimedT, alphaT, dAlphaTdT } = card;
  return {
    name: card.comments[0]?.trim() || path.replace(/\.[^.]*$/, ''),
    cell,
    isPresent: ([h, k, l]) => card.lines.some(({ hkl }) => hkl[0] === h && hkl[1] === k && hkl[2] === l),
    atoms: [],
    listed,
    ...(k0 > 0 ? { equation: { k0, k0Prime, dK0dT, dK0PrimedT, alphaT, dAlphaTdT } } : {}),
    ...(odd.length > 0
      ? {
          remark: `${odd.length} of ${listed.length} listed spacings do not fit the cell, such as d = ${odd[0].d} Å of (${odd[0].hkl.join(' ')}); the cell is used`,
        }
      : {}),
  };
}

/**
 * A phase as a JCPDS card of version 4, as Dioptas reads it: all lines that it lists, or its own down to 0.7 Angstrom.
 * Lines are where they are without pressure.
 */
export function jcpdsOfPhase(phase: Phase): string {
  const { cell, equation, listed } = phase;
  const isManual = listed?.every(({ spacingOverA }) => spacingOverA !== null) ?? false;
  // All that a card lists, however fine.
  const smallest = listed ? KEV_ANGSTROM / ENERGY_KEV / 2 : SMALLEST;
  const lines = phaseLines(phase, ENERGY_KEV, 2 * Math.asin(KEV_ANGSTROM / ENERGY_KEV / (2 * smallest)));
  const card: Omit<JcpdsCard, 'version'> = {
    comments: [phase.name],
    symmetry: isManual ? 'MANUAL' : symmetryOf(cell),
    cell: isManual ? null : cell,
    ...(equation ?? { k0: 0, k0Prime: 0, dK0dT: 0, dK0PrimedT: 0, alphaT: 0, dAlphaTdT: 0 }),
    lines: lines
      .filter(({ intensity }) => intensity >= FAINT)
      .map(({ spacing, intensity, hkl }) => ({
        d: Number(spacing.toFixed(6)),
        intensity: Number((100 * intensity).toFixed(2)),
        hkl,
      })),
  };
  return formatJcpds(card);
}

/** The crystal system with the fewest numbers that has this cell. */
function symmetryOf({ a, b, c, alphaDeg, betaDeg, gammaDeg }: UnitCell): JcpdsSymmetry {
  const isRight = [alphaDeg, betaDeg, gammaDeg].map((angle) => angle === 90);
  if (isRight.every(Boolean)) return a !== b ? 'ORTHORHOMBIC' : b === c ? 'CUBIC' : 'TETRAGONAL';
  if (a === b && isRight[0] && isRight[1] && gammaDeg === 120) return 'HEXAGONAL';
  if (a === b && b === c && alphaDeg === betaDeg && betaDeg === gammaDeg) return 'RHOMBOHEDRAL';
  return isRight[0] && isRight[2] ? 'MONOCLINIC' : 'TRICLINIC';
}
