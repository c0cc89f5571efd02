/** What the reader has to say about a line. `error`: CrystFEL refuses the file. `fatal`: nobody can use it. */
export interface GeomFinding {
  /** 1-based; 0 for the file as a whole. */
  readonly line: number;
  readonly severity: 'warning' | 'error' | 'fatal';
  /** What is wrong, and how to fix it. */
  readonly message: string;
}

/** Takes findings while a file is read. */
export type Report = (line: number, severity: GeomFinding['severity'], message: string) => void;

/** One assignment of a .geom file. */
export interface GeomLine {
  /** 1-based. */
  readonly line: number;
  /** Panel or bad region before the slash; empty at the top level. */
  readonly owner: string;
  readonly key: string;
  readonly value: string;
}

/** What one line holds: nothing (or a comment), an assignment with the place of its value, or something CrystFEL refuses. */
export type GeomLineContent =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wrong'; readonly message: string }
  | {
      readonly kind: 'assignment';
      readonly owner: string;
      readonly key: string;
      readonly value: string;
      /** Where the value starts in the line. */
      readonly valueAt: number;
    };

const NOTHING: GeomLineContent = { kind: 'nothing' };

/**
 * Reads one line, without its end. A semicolon starts a comment anywhere.
 * @source CrystFEL 0.12, manual page crystfel_geometry
 */
export function readGeomLine(full: string): GeomLineContent {
  const comment = full.indexOf(';');
  const content = comment < 0 ? full : full.slice(0, comment);
  if (content.trim() === '') return NOTHING;
  const equals = content.indexOf('=');
  if (equals < 0) {
    return {
      kind: 'wrong',
      message: `"${shorten(content.trim())}" is no assignment: write key = value, or start a comment with ";".`,
    };
  }
  const path = content.slice(0, equals).trim();
  const after = content.slice(equals + 1);
  const slash = path.indexOf('/');
  const key = path.slice(slash + 1);
  if (/\s/.test(path) || key === '' || slash === 0) {
    return { kind: 'wrong', message: `"${shorten(path)}" is no key: write key or panel/key, without spaces.` };
  }
  return {
    kind: 'assignment',
    owner: slash < 0 ? '' : path.slice(0, slash),
    key,
    value: after.trim(),
    valueAt: equals + 1 + (after.length - after.trimStart().length),
  };
}

/** Splits a .geom file into assignments, in file order. */
export function readGeomLines(text: string, report: Report): GeomLine[] {
  const lines: GeomLine[] = [];
  for (const [index, full] of text.split(/\r\n|\n|\r/).entries()) {
    const content = readGeomLine(full);
    if (content.kind === 'wrong') report(index + 1, 'error', content.message);
    else if (content.kind === 'assignment') {
      lines.push({ line: index + 1, owner: content.owner, key: content.key, value: content.value });
    }
  }
  return lines;
}

/** A plain number, or undefined. Infinity and NaN are no numbers here. */
export function readNumber(text: string): number | undefined {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : undefined;
}

/** Text for a message: hostile files have long lines. */
export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}..` : text;
}
