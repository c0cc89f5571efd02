import { type NdArray, ndarray } from '../core/ndarray.ts';
import { type SourceSection, TIME_SERVER_ORIGIN } from '../formats/euxfel-hdf5.ts';
import type { Hdf5Writer } from '../formats/hdf5-writer.ts';
import type { Run } from './run.ts';
import type { RunFile } from './run-file.ts';
import type { SourceData } from './source-data.ts';
import type { EntryTable } from './write-entries.ts';

/** A source to write, and where. */
export interface SourceToWrite {
  readonly source: SourceData;
  readonly section: SourceSection;
  /** Name in the new file: as in the old ones, but auxiliary sources of which each aggregator has one keep them apart. */
  readonly name: string;
}

/** An index group of a file that is written. */
export interface WrittenGroup {
  readonly section: SourceSection;
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

/**
 * The sources of {@link sourcesOf} with their places, then those about the recording itself (REDUCTION, ERRATA), of the
 * files that hold any of them.
 */
export function sourcesToWrite(run: Run, hasAuxiliary: boolean): SourceToWrite[] {
  const regular = sourcesOf(run).map((source): SourceToWrite => {
    return { source, section: source.isControl ? 'CONTROL' : 'INSTRUMENT', name: source.canonicalName };
  });
  if (!hasAuxiliary) return regular;
  const { auxiliary } = run;
  const files = new Set(filesOf(regular.map(({ source }) => source)));
  // An overview lacks them: then those of all files behind it are there.
  const isAll = [...files].some((file) => file.isOverview);
  const about = auxiliary.sources.flatMap((name): SourceToWrite[] => {
    const source = auxiliary.source(name);
    const isOfThem = isAll || source.runFiles.some((file) => files.has(file));
    return isOfThem ? [{ source, section: source.isReduction ? 'REDUCTION' : 'ERRATA', name }] : [];
  });
  return [...regular, ...about];
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

/** Format that we write (the oldest one for runs of that), and the one with INDEX/origin: it differs in nothing else. */
const [FORMAT_VERSION, FORMAT_WITH_ORIGIN] = ['1.0', '1.2'];

/**
 * Writes METADATA but for the list of sources, and the auxiliary ones' list. Of data of several runs, only what all files agree on is told: a number or
 * date of one run would be wrong for the others.
 */
export function writeMetadata(
  writer: Hdf5Writer,
  files: readonly RunFile[],
  isSingleRun: boolean,
  hasOrigins: boolean,
): void {
  writer.group('/METADATA');
  if (isOldest(files)) return;
  const [first, ...others] = files;
  const metadata = new Map(first?.index.metadata ?? []);
  if (!isSingleRun) {
    for (const [name, value] of metadata)
      if (others.some((file) => file.index.metadata.get(name) !== value)) metadata.delete(name);
  }
  metadata.set('dataFormatVersion', hasOrigins ? FORMAT_WITH_ORIGIN : FORMAT_VERSION);
  for (const [name, value] of [...metadata].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const array: NdArray =
      typeof value === 'string' ? ndarray('string', [1], [value]) : ndarray('uint32', [1], Uint32Array.of(value));
    writer.write(`/METADATA/${name}`, array);
  }
}

/** Groups as the lists of sources in METADATA name them: section, and source with its index group. */
type ListedGroup = Pick<WrittenGroup, 'section' | 'source' | 'group'>;

/**
 * Names of control sources and of each group of the instrument sources, in the order of the list in METADATA.
 * @returns [section, name] each
 */
function listedNames(groups: readonly ListedGroup[]): (readonly [section: string, name: string])[] {
  const rows = groups
    .filter(({ section }) => section === 'CONTROL' || section === 'INSTRUMENT')
    .map(({ section, source, group }) => [section, group ? `${source}/${group}` : source] as const);
  return rows.sort((a, b) => (a.join('/') < b.join('/') ? -1 : 1));
}

/** Writes the lists of sources: an entry for each control source and each group of an instrument or auxiliary source. */
export function writeSourceLists(writer: Hdf5Writer, files: readonly RunFile[], groups: readonly ListedGroup[]): void {
  const at = isOldest(files) ? '/METADATA' : '/METADATA/dataSources';
  const rows = listedNames(groups);
  const list = (values: string[]) => ndarray('string', [values.length], values);
  const growing = (length: number) => ({ chunks: [Math.max(1, length)], isGrowing: true });
  writer.write(`${at}/dataSourceId`, list(rows.map((row) => row.join('/'))), growing(rows.length));
  writer.write(`${at}/root`, list(rows.map(([section]) => section)), growing(rows.length));
  writer.write(`${at}/deviceId`, list(rows.map(([, name]) => name)), growing(rows.length));
  const auxiliary = (['REDUCTION', 'ERRATA'] as const).map((wanted) => {
    const own = groups.filter(({ section }) => section === wanted);
    return [wanted, own.map(({ source, group }) => `${wanted}/${source}/${group}`).sort()] as const;
  });
  if (auxiliary.every(([, ids]) => ids.length === 0)) return;
  for (const [section, ids] of auxiliary)
    writer.write(`/METADATA/auxiliarySources/${section}`, list(ids), growing(ids.length));
}

/**
 * Where each train of a run was told of first, as positions in the list of sources of the new file, -1 for the time server.
 * Null where the files do not say, or name a source that is not written: a position would then be of another source.
 */
export function findOrigins(
  run: Run,
  files: readonly RunFile[],
  groups: readonly ListedGroup[],
): Int32Array<ArrayBuffer> | null {
  if (isOldest(files)) return null;
  const positions = new Map(listedNames(groups).map((row, i) => [row.join('/'), i]));
  const found = new Map<number, number>();
  for (const { index } of files) {
    for (const [i, trainId] of index.trainIds.entries()) {
      const name = index.origins?.[i];
      const origin = name === '' ? TIME_SERVER_ORIGIN : positions.get(name ?? '');
      // Each aggregator says where it has a train from; what the time server told of one of them, it told.
      if (origin !== undefined && (origin === TIME_SERVER_ORIGIN || !found.has(trainId))) found.set(trainId, origin);
    }
  }
  if (run.trainIds.length === 0 || !run.trainIds.every((trainId) => found.has(trainId))) return null;
  return Int32Array.from(run.trainIds, (trainId) => found.get(trainId) as number);
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
