import { FormatInvalid } from '../core/errors.ts';

/** Crystal systems of the files, by the number that version 3 has for them. */
const SYSTEMS = ['CUBIC', 'HEXAGONAL', 'TETRAGONAL', 'ORTHORHOMBIC', 'MONOCLINIC', 'TRICLINIC'] as const;

/** What a file says of the crystal system; RHOMBOHEDRAL has an edge and an angle, MANUAL no cell. */
export type JcpdsSymmetry = (typeof SYSTEMS)[number] | 'RHOMBOHEDRAL' | 'MANUAL';

/** A reflection of a file. */
export interface JcpdsLine {
  /** Angstrom */
  readonly d: number;
  /** 0 to 100. */
  readonly intensity: number;
  readonly hkl: readonly [number, number, number];
}

/** A JCPDS card for high pressure: a phase with its equation of state and its reflections. */
export interface JcpdsCard {
  /** Of the format: 1 to 4. */
  readonly version: number;
  /** One for each COMMENT line. */
  readonly comments: readonly string[];
  readonly symmetry: JcpdsSymmetry;
  /** Edges in Angstrom, angles in degrees; those that the symmetry gives are filled in. Null with MANUAL. */
  readonly cell: {
    readonly a: number;
    readonly b: number;
    readonly c: number;
    readonly alphaDeg: number;
    readonly betaDeg: number;
    readonly gammaDeg: number;
  } | null;
  /** GPa; 0 = not known. */
  readonly k0: number;
  readonly k0Prime: number;
  readonly dK0dT: number;
  readonly dK0PrimedT: number;
  /** 1/K */
  readonly alphaT: number;
  /** 1/K^2 */
  readonly dAlphaTdT: number;
  readonly lines: readonly JcpdsLine[];
}

type Fail = (line: number, message: string) => Error;
/** Which numbers of the cell each symmetry has of its own, in the order of version 3's line. */
const OWN: Readonly<Record<JcpdsSymmetry, readonly string[]>> = {
  CUBIC: ['A'],
  HEXAGONAL: ['A', 'C'],
  TETRAGONAL: ['A', 'C'],
  RHOMBOHEDRAL: ['A', 'ALPHA'],
  ORTHORHOMBIC: ['A', 'B', 'C'],
  MONOCLINIC: ['A', 'B', 'C', 'BETA'],
  TRICLINIC: ['A', 'B', 'C', 'ALPHA', 'BETA', 'GAMMA'],
  MANUAL: [],
};
/** More is no card, characters. */
const MAX_LENGTH = 16 * 2 ** 20;

/**
 * Reads a JCPDS card: version 4 (keywords), 3 (numbers in their places) or 1 (fewer of them; it has no line that says so).
 * Version 2 is described nowhere: it is taken for version 3, so whoever uses it should see whether its spacings fit its cell.
 * @param path for messages
 * @throws FormatInvalid with the line
 * @source M. Rivers, "JCPDS files" (keywords of version 4; versions 1 to 3 have fixed places), and his IDL readers (version 1);
 *   S.-H. Shim, "JCDPS file format" (version 3)
 */
export function parseJcpds(text: string, path = 'jcpds'): JcpdsCard {
  const fail: Fail = (line, message) => new FormatInvalid(`${path}, line ${line}: ${message}`, { path, line });
  if (text.length > MAX_LENGTH) throw fail(0, `${text.length} characters are no JCPDS card.`);
  const lines = text.split(/\r\n|\n|\r/);
  const isKeyed = lines.some((line) => /^\s*(VERSION|SYMMETRY|DIHKL)\s*:/i.test(line));
  const card = isKeyed
    ? parseKeywords(lines, fail)
    : isFirstVersion(lines)
      ? parseFirst(lines, fail)
      : parseNumbered(lines, fail);
  if (card.lines.length === 0) throw fail(lines.length, 'the card has no reflections (DIHKL).');
  return card;
}

function parseKeywords(lines: readonly string[], fail: Fail): JcpdsCard {
  const numbers = new Map<string, number>();
  const comments: string[] = [];
  const reflections: JcpdsLine[] = [];
  let symmetry: JcpdsSymmetry | null = null;
  for (const [i, line] of lines.entries()) {
    const match = /^\s*([A-Za-z0-9_]+)\s*:\s*(.*?)\s*$/.exec(line);
    // What has no keyword is no part of the card.
    if (!match) continue;
    const [key, value] = [match[1].toUpperCase(), match[2]];
    if (key === 'COMMENT') comments.push(value);
    else if (key === 'DIHKL') reflections.push(readLine(value, i + 1, fail));
    else if (key === 'SYMMETRY') {
      const name = value.toUpperCase();
      if (!(name in OWN))
        throw fail(i + 1, `"${value}" is no crystal system; use one of ${Object.keys(OWN).join(', ')}.`);
      symmetry = name as JcpdsSymmetry;
    } else if (key === 'VERSION') {
      if (!(Number(value) >= 4)) throw fail(i + 1, `version "${value}" has no keywords; they begin with version 4.`);
    } else if (NUMBERS.has(key)) numbers.set(key, readNumber(value, i + 1, fail));
  }
  if (!symmetry) throw fail(lines.length, 'the card has no SYMMETRY.');
  return {
    version: 4,
    comments,
    symmetry,
    cell: cellOf(symmetry, numbers, (missing) => fail(lines.length, `a ${symmetry} cell needs ${missing}.`)),
    ...equationOf(numbers),
    lines: reflections,
  };
}

/** Keys whose values are read; others are passed over. */
const NUMBERS = new Set([
  ...['K0', 'K0P', 'DK0DT', 'DK0PDT', 'ALPHAT', 'DALPHADT'],
  ...['A', 'B', 'C', 'ALPHA', 'BETA', 'GAMMA'],
]);

function equationOf(numbers: ReadonlyMap<string, number>) {
  const of = (key: string) => numbers.get(key) ?? 0;
  return {
    k0: of('K0'),
    k0Prime: of('K0P'),
    dK0dT: of('DK0DT'),
    dK0PrimedT: of('DK0PDT'),
    alphaT: of('ALPHAT'),
    dAlphaTdT: of('DALPHADT'),
  };
}

const wordsOf = (line = '') =>
  line
    .trim()
    .split(/[\s,]+/)
    .filter((word) => word !== '');

/** Whether the second line is a system, an edge and two moduli, which the later versions do not have there. */
function isFirstVersion(lines: readonly string[]): boolean {
  const words = wordsOf(lines[1]);
  return words.length >= 4 && words.slice(0, 4).every((word) => Number.isFinite(Number(word)));
}

/** A title, the system with a, K0, K0' and c/a, names of columns, reflections. */
function parseFirst(lines: readonly string[], fail: Fail): JcpdsCard {
  const [code, a, k0, k0Prime, ratio] = wordsOf(lines[1]).map((word) => readNumber(word, 2, fail));
  if (code !== 1 && code !== 2)
    throw fail(2, `crystal system ${code} is neither 1 (cubic) nor 2 (hexagonal), all that version 1 has.`);
  if (code === 2 && !(ratio > 0)) throw fail(2, 'a hexagonal cell needs c/a as the fifth number.');
  const symmetry = SYSTEMS[code - 1];
  const cell = new Map([['A', a], ...(code === 2 ? [['C', a * ratio] as const] : [])]);
  return {
    version: 1,
    comments: [(lines[0] ?? '').trim()],
    symmetry,
    cell: cellOf(symmetry, cell, (missing) => fail(2, `a ${symmetry} cell needs ${missing}.`)),
    ...{ k0, k0Prime, dK0dT: 0, dK0PrimedT: 0, alphaT: 0, dAlphaTdT: 0 },
    lines: readLines(lines, 3, fail),
  };
}

/** The line of the version, a title, the system with K0 and K0', the cell, a spare line, names of columns, reflections. */
function parseNumbered(lines: readonly string[], fail: Fail): JcpdsCard {
  const numbersOf = (row: number) => wordsOf(lines[row]).map((word) => readNumber(word, row + 1, fail));
  const version = (lines[0] ?? '').trim();
  if (version !== '3' && version !== '2')
    throw fail(1, 'neither "VERSION: 4" nor 3 nor the numbers of version 1 below a title: this is no JCPDS card.');
  const [code, k0, k0Prime] = numbersOf(2);
  const symmetry = SYSTEMS[code - 1];
  if (!symmetry) throw fail(3, `crystal system ${code} is none of 1 (cubic) to ${SYSTEMS.length} (triclinic).`);
  const edges = numbersOf(3);
  const own = OWN[symmetry];
  if (edges.length < own.length) throw fail(4, `a ${symmetry} cell needs ${own.join(', ')}.`);
  // Some files give all six numbers whatever the symmetry.
  const names = edges.length >= 6 ? OWN.TRICLINIC : own;
  const cell = new Map(names.map((name, i) => [name, edges[i]] as const));
  // The spare line may hold the thermal expansion.
  const [alphaT = 0] = /^[\s\d.eE+-]*$/.test(lines[4] ?? '') ? numbersOf(4) : [];
  return {
    version: Number(version),
    comments: [(lines[1] ?? '').trim()],
    symmetry,
    cell: cellOf(symmetry, cell, (missing) => fail(4, `a ${symmetry} cell needs ${missing}.`)),
    ...{ k0: k0 ?? 0, k0Prime: k0Prime ?? 0, dK0dT: 0, dK0PrimedT: 0, alphaT, dAlphaTdT: 0 },
    lines: readLines(lines, 6, fail),
  };
}

/** Reflections from a line on. */
function readLines(lines: readonly string[], from: number, fail: Fail): JcpdsLine[] {
  const reflections: JcpdsLine[] = [];
  for (let row = from; row < lines.length; row++)
    if (lines[row].trim() !== '') reflections.push(readLine(lines[row], row + 1, fail));
  return reflections;
}

function cellOf(
  symmetry: JcpdsSymmetry,
  numbers: ReadonlyMap<string, number>,
  fail: (missing: string) => Error,
): JcpdsCard['cell'] {
  if (symmetry === 'MANUAL') return null;
  const own = OWN[symmetry];
  const missing = own.filter((name) => !((numbers.get(name) ?? 0) > 0));
  if (missing.length > 0) throw fail(missing.join(', '));
  const of = (name: string, otherwise: number) => (own.includes(name) ? (numbers.get(name) as number) : otherwise);
  const a = of('A', 0);
  const alphaDeg = of('ALPHA', 90);
  const isRhombohedral = symmetry === 'RHOMBOHEDRAL';
  return {
    a,
    b: of('B', a),
    c: of('C', a),
    alphaDeg,
    betaDeg: isRhombohedral ? alphaDeg : of('BETA', 90),
    gammaDeg: isRhombohedral ? alphaDeg : symmetry === 'HEXAGONAL' ? 120 : of('GAMMA', 90),
  };
}

function readNumber(word: string, line: number, fail: Fail): number {
  const value = Number(word);
  if (word === '' || !Number.isFinite(value)) throw fail(line, `"${word.slice(0, 40)}" is no number.`);
  return value;
}

function readLine(text: string, line: number, fail: Fail): JcpdsLine {
  const words = wordsOf(text);
  if (words.length < 5) throw fail(line, `"${text.slice(0, 40)}" is not d, intensity, h, k, l.`);
  const [d, intensity, h, k, l] = words.slice(0, 5).map((word) => readNumber(word, line, fail));
  if (!(d >= 0)) throw fail(line, `a spacing of ${d} Angstrom is impossible.`);
  return { d, intensity, hkl: [h, k, l] };
}

/**
 * A JCPDS card of version 4.
 * @source M. Rivers, "JCPDS files": a keyword, a colon, a value; VERSION first
 */
export function formatJcpds(card: Omit<JcpdsCard, 'version'>): string {
  const { cell, comments, symmetry, lines } = card;
  const all: Readonly<Record<string, number>> = cell
    ? { A: cell.a, B: cell.b, C: cell.c, ALPHA: cell.alphaDeg, BETA: cell.betaDeg, GAMMA: cell.gammaDeg }
    : {};
  const rows: readonly (readonly [string, string | number])[] = [
    ['VERSION', 4],
    ...comments.map((comment) => ['COMMENT', comment.replace(/[\r\n]+/g, ' ')] as const),
    ['K0', card.k0],
    ['K0P', card.k0Prime],
    ['DK0DT', card.dK0dT],
    ['DK0PDT', card.dK0PrimedT],
    ['SYMMETRY', symmetry],
    ...OWN[symmetry].map((name) => [name, all[name]] as const),
    ['ALPHAT', card.alphaT],
    ['DALPHADT', card.dAlphaTdT],
    ...lines.map(({ d, intensity, hkl }) => ['DIHKL', `${d} ${intensity} ${hkl.join(' ')}`] as const),
  ];
  return rows.map(([key, value]) => `${key}: ${value}\n`).join('');
}
