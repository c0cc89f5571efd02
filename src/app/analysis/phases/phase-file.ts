import { isXfelError } from '../../../core/errors.ts';
import { type Phase, phaseFromCell, phaseFromCif } from '../../../detector/powder/phase.ts';
import { jcpdsOfPhase, phaseFromJcpds } from '../../../detector/powder/phase-jcpds.ts';
import { reciprocalMetric, type UnitCell } from '../../../detector/powder/unit-cell.ts';
import { saveFile } from '../../save-file.ts';

/** The phase of a CIF or a JCPDS card, told by its text. @param name of the file @throws FormatInvalid if it is neither */
export function readPhase(text: string, name: string): Phase {
  const isCif = /^\s*(data_|loop_|_cell_)/im.test(text) && !/\.jcpds$/i.test(name);
  return isCif ? phaseFromCif(text, name) : phaseFromJcpds(text, name);
}

/** Hands a phase to the browser's downloads as a JCPDS card of version 4. */
export function savePhase(phase: Phase): void {
  const name = phase.name.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60);
  saveFile(new Blob([jcpdsOfPhase(phase)], { type: 'text/plain' }), `${name || 'phase'}.jcpds`);
}

const CENTRING = /^[PABCIFR]$/i;
const FORM = 'such as: gold 4.078 F, or: quartz 4.913 4.913 5.405 90 90 120 P';

/**
 * A phase of a line of text: a name, one edge (cubic) or three, three angles or none, and a centring (P when left out). Angstrom, degrees.
 * @returns the phase, or why there is none
 */
export function phaseOfCell(
  text: string,
): { readonly problem: string; readonly phase?: never } | { readonly problem: null; readonly phase: Phase } {
  const words = text.trim().split(/[\s,]+/);
  const first = words.findIndex((word) => /^[\d.]+$/.test(word));
  if (first < 0) return { problem: `edges are missing, ${FORM}` };
  const name = words.slice(0, first).join(' ') || 'cell';
  const rest = words.slice(first);
  const last = rest[rest.length - 1];
  const centring = CENTRING.test(last) ? last.toUpperCase() : 'P';
  const numbers = (CENTRING.test(last) ? rest.slice(0, -1) : rest).map(Number);
  if (![1, 3, 6].includes(numbers.length) || numbers.some((value) => !(value > 0)))
    return { problem: `one edge, three edges, or three edges and three angles, ${FORM}` };
  const [a, b = a, c = a, alphaDeg = 90, betaDeg = 90, gammaDeg = 90] = numbers;
  const cell: UnitCell = { a, b, c, alphaDeg, betaDeg, gammaDeg };
  try {
    reciprocalMetric(cell);
    return { problem: null, phase: phaseFromCell(name, cell, centring) };
  } catch (error) {
    if (isXfelError(error)) return { problem: error.message };
    throw error;
  }
}
