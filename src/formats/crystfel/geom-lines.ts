/** What the reader has to say about a line. `error`: CrystFEL refuses the file. `fatal`: nobody can use it. */
export interface GeomFinding {
  /** 1-based; 0 for the file as a whole. */
  readonly line: number;
  readonly severity: 'warning' | 'error' | 'fatal';
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

/**
 * Splits a .geom file into assignments, in file order. A semicolon starts a comment anywhere.
 * @source CrystFEL 0.12, manual page crystfel_geometry
 */
export function readGeomLines(text: string, report: Report): GeomLine[] {
  const lines: GeomLine[] = [];
  for (const [index, full] of text.split(/\r\n|\n|\r/).entries()) {
    const line = index + 1;
    const comment = full.indexOf(';');
    const content = (comment < 0 ? full : full.slice(0, comment)).trim();
    if (content === '') continue;
    const equals = content.indexOf('=');
    if (equals < 0) {
      report(line, 'error', `"${shorten(content)}" is no assignment: write key = value, or start a comment with ";".`);
      continue;
    }
    const path = content.slice(0, equals).trim();
    const value = content.slice(equals + 1).trim();
    const slash = path.indexOf('/');
    const owner = slash < 0 ? '' : path.slice(0, slash);
    const key = path.slice(slash + 1);
    if (/\s/.test(path) || key === '' || slash === 0) {
      report(line, 'error', `"${shorten(path)}" is no key: write key or panel/key, without spaces.`);
      continue;
    }
    lines.push({ line, owner, key, value });
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
