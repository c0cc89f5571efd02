import { FormatInvalid } from '../core/errors.ts';
import type { AliasTable } from './alias-table.ts';
import type { WarningCallback } from './data-warning.ts';
import type { RunFile } from './run-file.ts';
import type { SourceKind } from './source-data.ts';

/** A file of the run that could not be used, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

/** Where a source's data are, and what of it is selected. */
export interface SourceEntry {
  readonly kind: SourceKind;
  readonly canonicalName: string;
  readonly files: readonly RunFile[];
  /** Selected keys; null for all. */
  readonly keys: ReadonlySet<string> | null;
}

/** Sources by name. */
export type SourceTable = ReadonlyMap<string, SourceEntry>;

/** Everything a run, or a selection of one, is made of. */
export interface RunParts {
  readonly path: string;
  readonly files: readonly RunFile[];
  /** The run's files where `files` is an overview of them: it lacks auxiliary sources and attributes of keys. */
  readonly filesBehind?: readonly RunFile[];
  readonly skippedFiles: readonly SkippedFile[];
  /** Selected trains, sorted. */
  readonly trainIds: readonly number[];
  readonly sources: SourceTable;
  /** Old names of sources that are kept for old programs. */
  readonly legacy: SourceTable;
  /** Whether all data are of one run, so that METADATA and run values mean something. */
  readonly isSingleRun: boolean;
  /** Whether this was opened, and not selected or joined: only then it may be closed. */
  readonly isOpened: boolean;
  readonly aliases: AliasTable;
  readonly warn: WarningCallback;
}

/** Sorts the files by name so that nothing depends on the order of a folder, and lists what is in them. */
export function tabulateFiles(files: readonly RunFile[]): Pick<RunParts, 'files' | 'trainIds' | 'sources' | 'legacy'> {
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const sources = new Map<string, SourceEntry & { files: RunFile[] }>();
  const legacy = new Map<string, SourceEntry & { files: RunFile[] }>();
  const add = (to: typeof sources, name: string, canonicalName: string, kind: SourceKind, file: RunFile) => {
    const known = to.get(name);
    if (known) known.files.push(file);
    else to.set(name, { kind, canonicalName, files: [file], keys: null });
  };
  for (const file of sorted) {
    const { index } = file;
    for (const name of index.controlSources) add(sources, name, name, 'control', file);
    for (const name of index.instrumentSources) add(sources, name, name, 'instrument', file);
    for (const [name, canonical] of index.legacySources) add(legacy, name, canonical, 'instrument', file);
  }
  checkConflicts(sources);
  return { files: sorted, trainIds: trainIdsOf(sorted), sources, legacy };
}

/** Trains of all files, ascending. Files whose trains have no gap, as nearly all, are joined as ranges. */
function trainIdsOf(files: readonly RunFile[]): number[] {
  const ranges: { readonly first: number; readonly last: number }[] = [];
  const others: RunFile[] = [];
  for (const file of files) {
    const ids = file.usableTrainIds();
    const range = file.ascendingRange;
    if (range && range.last - range.first === ids.length - 1) ranges.push(range);
    else if (ids.length > 0) others.push(file);
  }
  const inRanges = numbersIn(ranges);
  if (others.length === 0) return inRanges;
  if (ranges.length === 0 && areApart(others)) {
    others.sort((a, b) => (a.ascendingRange?.first ?? 0) - (b.ascendingRange?.first ?? 0));
    return others.flatMap((file) => file.usableTrainIds());
  }
  return ascending([...inRanges, ...others.flatMap((file) => file.usableTrainIds())]);
}

/** The whole numbers from `first` to `last` of each range, ascending, those of several ranges once. */
function numbersIn(ranges: readonly { readonly first: number; readonly last: number }[]): number[] {
  const numbers: number[] = [];
  let next = Number.NEGATIVE_INFINITY;
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    for (let number = Math.max(first, next); number <= last; number++) numbers.push(number);
    next = Math.max(next, last + 1);
  }
  return numbers;
}

/** Files that a selected source lies in, in the order of `parts.files`. */
export function usedFiles(parts: Pick<RunParts, 'files' | 'sources' | 'legacy'>): RunFile[] {
  const used = new Set<RunFile>();
  for (const { files } of [...parts.sources.values(), ...parts.legacy.values()])
    for (const file of files) used.add(file);
  return parts.files.filter((file) => used.has(file));
}

/** Numbers without repetition, ascending. */
export function ascending(numbers: Iterable<number>): number[] {
  return Array.from(Float64Array.from(new Set(numbers)).sort());
}

/** Whether the trains of each file go up and end before those of the next begin: the usual case, seen without a look at each. */
function areApart(files: readonly RunFile[]): boolean {
  const ranges = files.flatMap(({ ascendingRange }) => (ascendingRange ? [ascendingRange] : []));
  if (ranges.length < files.length) return false;
  ranges.sort((a, b) => a.first - b.first);
  return ranges.every((range, i) => i === 0 || range.first > ranges[i - 1].last);
}

/** @throws FormatInvalid if a source has the same train twice, in one file or in two */
export function checkConflicts(sources: SourceTable): void {
  const wrong: string[] = [];
  for (const [name, { files }] of sources) {
    if (areApart(files)) continue;
    const ids = files.flatMap((file) => file.usableTrainIds());
    if (new Set(ids).size < ids.length) wrong.push(name);
  }
  if (wrong.length === 0) return;
  throw new FormatInvalid(
    `${wrong.length} sources have conflicting data (same train ID in different files or twice in one): ${wrong.join(', ')}. Leave suspect trains out, or the file that repeats them.`,
    { sources: wrong },
  );
}
