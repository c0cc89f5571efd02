/** Names that differ in one part only, and the text that stands for all of them. */
export interface SimilarNames {
  readonly names: readonly string[];
  /** `SPB_IRU_MOT/MOTOR/X{1-2}`, `SPB_XTD9_MCP/ADC/1:channel_{5, 7}.output`; the name itself where there is only one. */
  readonly text: string;
}

/** A run of letters or a run of digits: what may vary among similar names. */
const PIECE = /(\d+|[a-zA-Z]+)/;
/** A whole part of a device name may vary only if it is a number, or as short as the name of an axis. */
const LONGEST_FREE_PART = 2;

/**
 * Cuts a source name where similar names may differ: pieces 1, 3, 5, .. may vary, pieces 0, 2, 4, .. must be equal.
 * A part between slashes that is one word, such as `MOTOR`, stays whole, so that different kinds of device stay apart.
 */
export function cutSourceName(name: string): string[] {
  const slash = name.lastIndexOf('/') + 1;
  const colon = name.indexOf(':', slash);
  const device = colon < 0 ? name : name.slice(0, colon);
  const [first, ...parts] = device.split('/');
  const pieces = first.split(PIECE);
  const append = (text: string) => {
    pieces[pieces.length - 1] += text;
  };
  for (const part of parts) {
    const [head, ...rest] = part.split(PIECE);
    append(`/${head}`);
    const isOneWord = rest.length === 2 && rest[1] === '';
    if (isOneWord && rest[0].length > LONGEST_FREE_PART && !/^\d+$/.test(rest[0])) append(rest[0]);
    else pieces.push(...rest);
  }
  if (colon >= 0 && colon + 1 < name.length) {
    const [head, ...rest] = name.slice(colon + 1).split(PIECE);
    append(`:${head}`);
    pieces.push(...rest);
  }
  return pieces;
}

/**
 * Joins neighbours of a sorted list of source names that differ in one number or one word.
 * @param isAlone names to leave by themselves
 * @source EXtra-data display.py, SourceGroup
 */
export function joinSimilarNames(
  names: readonly string[],
  isAlone: (name: string) => boolean = () => false,
): SimilarNames[] {
  const groups: { names: string[]; pieces: string[][]; varies: number; isClosed: boolean }[] = [];
  for (const name of names) {
    const pieces = cutSourceName(name);
    const isClosed = isAlone(name);
    const last = groups.at(-1);
    const varies = last && !last.isClosed && !isClosed ? varyingPiece(last.pieces, last.varies, pieces) : -1;
    if (!last || varies < 0) groups.push({ names: [name], pieces: [pieces], varies: -1, isClosed });
    else {
      last.names.push(name);
      last.pieces.push(pieces);
      last.varies = varies;
    }
  }
  return groups.map(({ names: members, pieces, varies }) => ({
    names: members,
    text: varies < 0 ? members[0] : textOf(pieces, varies),
  }));
}

/** The one piece in which a name differs from the last of a group, if it is the piece in which these differ; else -1. */
function varyingPiece(group: readonly string[][], varies: number, pieces: readonly string[]): number {
  const last = group[group.length - 1];
  if (pieces.length !== last.length) return -1;
  const differing = pieces.flatMap((piece, i) => (piece === last[i] ? [] : [i]));
  if (differing.length !== 1 || differing[0] % 2 === 0) return -1;
  return varies < 0 || varies === differing[0] ? differing[0] : -1;
}

function textOf(group: readonly string[][], varies: number): string {
  const values = [...new Set(group.map((pieces) => pieces[varies]))];
  const isNumeric = values.every((value) => /^\d+$/.test(value));
  const told = isNumeric ? numberRanges(values) : values.sort();
  return group[0].map((piece, i) => (i === varies ? `{${told.join(', ')}}` : piece)).join('');
}

/** `01 02 03 08` -> `01-03`, `08`: the digits stay as they are written. */
function numberRanges(numbers: readonly string[]): string[] {
  const ranges: [string, string][] = [];
  for (const number of [...numbers].sort((a, b) => Number(a) - Number(b))) {
    const last = ranges.at(-1);
    if (last && Number(number) === Number(last[1]) + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([start, end]) => (start === end ? start : `${start}-${end}`));
}
