import { GeometryInvalid } from '../../core/errors.ts';
import { readGeomLine, shorten } from './geom-lines.ts';
import { type GeomMotors, isMotorLine, motorLines } from './geom-motors.ts';

/**
 * A .geom file as it is written: every comment, unknown key, space and line end. Only {@link editGeomDocument} makes changes,
 * and it leaves all other text as it was.
 */
export interface GeomDocument {
  /** Lines with their ends (`\n`, `\r\n`, `\r`; the last may have none): joined they are the file. */
  readonly lines: readonly string[];
}

/** A value to set, or (null) to remove with all its lines. */
export interface GeomChange {
  /** Panel or bad region; empty at the top level. */
  readonly owner: string;
  readonly key: string;
  readonly value: string | null;
}

/** Takes the text of a .geom file apart without losing anything. */
export function openGeomDocument(text: string): GeomDocument {
  return { lines: text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [] };
}

/** The text of the file. */
export function geomDocumentText(document: GeomDocument): string {
  return document.lines.join('');
}

interface Assignment {
  readonly index: number;
  readonly key: string;
  readonly value: string;
  readonly valueAt: number;
}

/** Where a document says what. */
interface Outline {
  /** Assignments of each owner, in file order. */
  readonly owners: Map<string, Assignment[]>;
  /** First line of a panel; the number of lines if there is none. */
  readonly firstPanelLine: number;
}

function outlineOf(lines: readonly string[]): Outline {
  const owners = new Map<string, Assignment[]>();
  let firstPanelLine = lines.length;
  for (const [index, line] of lines.entries()) {
    const content = readGeomLine(line.replace(/[\r\n]+$/, ''));
    if (content.kind !== 'assignment') continue;
    const { owner, key, value, valueAt } = content;
    if (owner !== '' && !owner.startsWith('bad')) firstPanelLine = Math.min(firstPanelLine, index);
    const known = owners.get(owner);
    if (known) known.push({ index, key, value, valueAt });
    else owners.set(owner, [{ index, key, value, valueAt }]);
  }
  return { owners, firstPanelLine };
}

/**
 * Applies changes, and nothing else. A key that is there keeps its line, spaces and comment (of several lines the last one
 * counts, as for CrystFEL); a new one of a panel or bad region comes behind the lines of its owner. New top-level keys come
 * before the first panel, so that all panels inherit them, but `group_` lines at the end; new panels come at the end, new bad
 * regions before the first panel.
 * @throws GeometryInvalid if a name or value cannot stand in a .geom file
 */
export function editGeomDocument(document: GeomDocument, changes: readonly GeomChange[]): GeomDocument {
  const lines: (string | null)[] = [...document.lines];
  const { owners, firstPanelLine } = outlineOf(document.lines);
  const end = /\r\n|\r|\n/.exec(document.lines[0] ?? '')?.[0] ?? '\n';
  const inserted = new Map<number, string[]>();
  const appended = new Map<string, { readonly at: number; readonly index: number }>();
  for (const change of changes) {
    const { owner, key, value } = change;
    checkChange(change);
    const found = owners.get(owner)?.filter((assignment) => assignment.key === key) ?? [];
    if (value === null) {
      for (const { index } of found) lines[index] = null;
      continue;
    }
    const last = found.at(-1);
    const line = last && lines[last.index];
    if (last && typeof line === 'string') {
      lines[last.index] = line.slice(0, last.valueAt) + value + line.slice(last.valueAt + last.value.length);
      continue;
    }
    const name = owner === '' ? key : `${owner}/${key}`;
    const earlier = appended.get(name);
    const text = `${name} = ${value}${end}`;
    if (earlier) {
      (inserted.get(earlier.at) as string[])[earlier.index] = text;
      continue;
    }
    const at = placeOf(owner, key, owners, firstPanelLine, lines.length);
    const there = inserted.get(at) ?? [];
    appended.set(name, { at, index: there.length });
    there.push(text);
    inserted.set(at, there);
  }
  return { lines: woven(lines, inserted, end) };
}

/** The line before which a new assignment is put. */
function placeOf(owner: string, key: string, owners: Outline['owners'], firstPanel: number, count: number): number {
  const own = owner === '' ? undefined : owners.get(owner)?.at(-1);
  if (own) return own.index + 1;
  if (owner === '') return key.startsWith('group_') ? count : firstPanel;
  return owner.startsWith('bad') ? firstPanel : count;
}

function woven(lines: readonly (string | null)[], inserted: ReadonlyMap<number, string[]>, end: string): string[] {
  const result: string[] = [];
  for (let index = 0; index <= lines.length; index++) {
    const added = inserted.get(index);
    if (added) {
      const before = result.at(-1);
      if (before !== undefined && !/[\r\n]$/.test(before)) result[result.length - 1] = before + end;
      result.push(...added);
    }
    const line = lines[index];
    if (typeof line === 'string') result.push(line);
  }
  return result;
}

function checkChange({ owner, key, value }: GeomChange): void {
  const isName = (text: string) => /^[^\s;=/]+$/.test(text);
  if ((owner !== '' && !isName(owner)) || !isName(key)) {
    throw new GeometryInvalid(
      `"${shorten(owner)}", "${shorten(key)}": names in a .geom file are not empty and have no space, ";", "=" or "/".`,
      { owner, key },
    );
  }
  if (value !== null && (/[;\r\n]/.test(value) || value !== value.trim())) {
    throw new GeometryInvalid(
      `${key} = "${shorten(value)}" cannot be written: a value has no ";", no line end, and no spaces around it.`,
      { owner, key },
    );
  }
}

/** The changes that remove a panel or bad region with all its keys. Groups that name it are not changed. */
export function removalOf(document: GeomDocument, owner: string): GeomChange[] {
  const keys = new Set(
    outlineOf(document.lines)
      .owners.get(owner)
      ?.map(({ key }) => key),
  );
  return [...keys].map((key) => ({ owner, key, value: null }));
}

/** The changes that remove every `dimN` of the file. */
export function dimensionRemovals(document: GeomDocument): GeomChange[] {
  const changes: GeomChange[] = [];
  for (const [owner, assignments] of outlineOf(document.lines).owners) {
    const keys = new Set(assignments.map(({ key }) => key).filter((key) => /^dim\d+$/.test(key)));
    for (const key of keys) changes.push({ owner, key, value: null });
  }
  return changes;
}

/** The document with other motor positions in its comments, or (null) without any. */
export function withGeomMotors(document: GeomDocument, motors: GeomMotors | null): GeomDocument {
  const { lines } = document;
  const end = /\r\n|\r|\n/.exec(lines[0] ?? '')?.[0] ?? '\n';
  const text = motors ? motorLines(motors).map((line) => line + end) : [];
  const first = lines.findIndex(isMotorLine);
  const rest = lines.filter((line) => !isMotorLine(line));
  // Where there were none they follow the comments at the top.
  const afterHeader = rest.findIndex((line) => !line.startsWith(';'));
  const at = first >= 0 ? first : afterHeader >= 0 ? afterHeader : rest.length;
  const before = rest.slice(0, at);
  const last = before.at(-1);
  if (text.length > 0 && last !== undefined && !/[\r\n]$/.test(last)) before[before.length - 1] = last + end;
  return { lines: [...before, ...text, ...rest.slice(at)] };
}
