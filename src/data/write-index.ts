import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { Hdf5Writer } from '../formats/hdf5-writer.ts';
import type { Run } from './run.ts';
import type { RunFile } from './run-file.ts';
import type { SourceData } from './source-data.ts';
import type { EntryTable } from './write-entries.ts';

/** An index group of a file that is written. */
export interface WrittenGroup {
  readonly section: 'CONTROL' | 'INSTRUMENT';
  readonly source: string;
  /** First part of an instrument key, '' for control sources. */
  readonly group: string;
  readonly entries: EntryTable;
}

/** Sources to write, by the names under which files keep them: also those that only an old name selects. */
export function sourcesOf(run: Run): SourceData[] {
  const names = new Map(run.sources.map((name) => [name, name]));
  for (const [old, canonical] of run.legacySources) if (!names.has(canonical)) names.set(canonical, old);
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => run.source(name));
}

/** Files that hold any of the sources, by name. */
export function filesOf(sources: readonly SourceData[]): RunFile[] {
  const files = new Set<RunFile>();
  for (const source of sources) for (const file of source.runFiles) files.add(file);
  return [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether the run's files are of the oldest format, which has neither flags nor a version. */
export function isOldest(files: readonly RunFile[]): boolean {
  return files.length > 0 && files.every((file) => file.index.formatVersion === '0.5');
}

/** Format that we write, and the oldest one for runs of that. */
const FORMAT_VERSION = '1.0';

/**
 * Writes METADATA but for the list of sources. Of data of several runs, only what all files agree on is told: a number or
 * date of one run would be wrong for the others.
 */
export function writeMetadata(writer: Hdf5Writer, files: readonly RunFile[], isSingleRun: boolean): void {
  writer.group('/METADATA');
  if (isOldest(files)) return;
  const [first, ...others] = files;
  const metadata = new Map(first?.index.metadata ?? []);
  if (!isSingleRun) {
    for (const [name, value] of metadata)
      if (others.some((file) => file.index.metadata.get(name) !== value)) metadata.delete(name);
  }
  metadata.set('dataFormatVersion', FORMAT_VERSION);
  for (const [name, value] of [...metadata].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const array: NdArray =
      typeof value === 'string' ? ndarray('string', [1], [value]) : ndarray('uint32', [1], Uint32Array.of(value));
    writer.write(`/METADATA/${name}`, array);
  }
}

/** Writes the list of sources: one entry for each control source and each group of an instrument source. */
export function writeSourceList(
  writer: Hdf5Writer,
  files: readonly RunFile[],
  groups: readonly Pick<WrittenGroup, 'section' | 'source' | 'group'>[],
): void {
  const at = isOldest(files) ? '/METADATA' : '/METADATA/dataSources';
  const rows = groups.map(({ section, source, group }) => [section, group ? `${source}/${group}` : source] as const);
  rows.sort((a, b) => (a.join('/') < b.join('/') ? -1 : 1));
  const list = (values: string[]) => ndarray('string', [values.length], values);
  const growing = { chunks: [Math.max(1, rows.length)], isGrowing: true };
  writer.write(`${at}/dataSourceId`, list(rows.map((row) => row.join('/'))), growing);
  writer.write(`${at}/root`, list(rows.map(([section]) => section)), growing);
  writer.write(`${at}/deviceId`, list(rows.map(([, name]) => name)), growing);
}

/** Writes the trains, when they were and whether they can be trusted: valid in any file is valid. */
export function writeTrains(writer: Hdf5Writer, run: Run, files: readonly RunFile[]): void {
  const { trainIds } = run;
  writer.write('/INDEX/trainId', unsigned(trainIds));
  if (isOldest(files)) return;
  if (files.some((file) => file.index.timestamps !== null))
    writer.write('/INDEX/timestamp', ndarray('uint64', [trainIds.length], run.trainTimestamps()));
  const valid = new Set<number>();
  for (const { index } of files) for (const [i, id] of index.trainIds.entries()) if (!index.isSuspect[i]) valid.add(id);
  const flags = Int32Array.from(trainIds, (id) => (valid.has(id) ? 1 : 0));
  writer.write('/INDEX/flag', ndarray('int32', [trainIds.length], flags));
}

/** Writes where the entries of each train are. @param trainIds of the file */
export function writeEntryIndex(writer: Hdf5Writer, trainIds: readonly number[], written: WrittenGroup): void {
  const { source, group, entries } = written;
  const counts = trainIds.map((id) => (entries.get(id) ?? []).reduce((sum, { count }) => sum + count, 0));
  let next = 0;
  const first = counts.map((count) => {
    const start = next;
    next += count;
    return start;
  });
  const at = `/INDEX/${source}${group ? `/${group}` : ''}`;
  writer.write(`${at}/first`, unsigned(first));
  writer.write(`${at}/count`, unsigned(counts));
}

function unsigned(values: readonly number[]): NdArray {
  return ndarray('uint64', [values.length], BigUint64Array.from(values, BigInt));
}
