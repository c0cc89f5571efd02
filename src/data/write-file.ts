import type { TaskOptions } from '../core/cancel.ts';
import { ndarray } from '../core/ndarray.ts';
import { keyPath, type SourceSection } from '../formats/euxfel-hdf5.ts';
import { createHdf5, type Hdf5Writer } from '../formats/hdf5-writer.ts';
import { copyAttributes, copyTree, type SkippedObject } from './copy-objects.ts';
import type { KeyData } from './key-data.ts';
import type { Run } from './run.ts';
import type { SourceData } from './source-data.ts';
import { type EntryTable, entryTable } from './write-entries.ts';
import {
  filesOf,
  findOrigins,
  type SourceToWrite,
  sourcesOf,
  sourcesToWrite,
  type WrittenGroup,
  writeEntryIndex,
  writeMetadata,
  writeSourceLists,
  writeTrains,
} from './write-index.ts';
import type { WriteTarget } from './write-target.ts';

/** How to write a run's file, whatever is done with the values. */
export interface WriteFileOptions extends TaskOptions {
  /** Program that writes, for the file's attribute `writer`. */
  readonly writerName?: string;
  /** Whether the sources about the recording itself (REDUCTION, ERRATA) are written. Default true. */
  readonly hasAuxiliary?: boolean;
  /** Chooses the entries of a group; default all of the selected trains. Not called for auxiliary sources. */
  readonly chooseEntries?: (key: KeyData, table: EntryTable) => EntryTable | Promise<EntryTable>;
}

/** What was written. */
export interface WrittenRun {
  readonly path: string;
  readonly trains: number;
  readonly sources: number;
  /** Keys whose type we cannot read. */
  readonly skipped: readonly SkippedObject[];
}

/** What is done with the values of a key and with a source: they are copied, or pointed at. */
export interface ValueWriter {
  /**
   * Writes a key.
   * @param path of the key in the new file
   * @returns why it cannot be written, if it cannot
   */
  key(writer: Hdf5Writer, path: string, key: KeyData, table: EntryTable): Promise<string | null>;
  /** Called once the keys of a source are written. @param path of the source in the new file */
  source?(writer: Hdf5Writer, path: string, source: SourceData): void;
  /** Called before the file is complete. */
  end?(writer: Hdf5Writer): void;
}

/**
 * Writes a file that opens as a run: METADATA, INDEX, RUN, attributes and old names as in the run's files, and the values as
 * `values` does it. Trains come in order of their ids. INDEX/origin is kept where all sources that it names are written.
 * @throws what reading the run throws; FileUnreadable if the place cannot be written. Nothing is left behind then
 */
export function writeRunFile(
  run: Run,
  target: WriteTarget,
  values: ValueWriter,
  options: WriteFileOptions,
): Promise<WrittenRun> {
  const skipped: SkippedObject[] = [];
  const sources = sourcesToWrite(run, options.hasAuxiliary ?? true);
  const files = filesOf(sourcesOf(run));
  return createHdf5(target.creator, target.path, async (writer) => {
    writer.attributes('/', { writer: options.writerName ?? 'hutch' });
    for (const section of ['/INDEX', '/CONTROL', '/INSTRUMENT', '/RUN']) writer.group(section);
    writeTrains(writer, run, files);
    const listed: Omit<WrittenGroup, 'entries'>[] = [];
    for (const [i, one] of sources.entries()) {
      options.signal?.throwIfAborted();
      options.onProgress?.(i / sources.length, one.name);
      for (const written of await writeSource(writer, one, values, options, skipped)) {
        writeEntryIndex(writer, run.trainIds, written);
        listed.push(written);
      }
      if (one.source.isControl) await copyRunValues(writer, one.source, options.signal);
    }
    listed.push(...linkLegacyNames(writer, run, listed));
    writeSourceLists(writer, files, listed);
    const origins = findOrigins(run, files, listed);
    if (origins) writer.write('/INDEX/origin', ndarray('int32', [origins.length], origins));
    writeMetadata(writer, files, run.isSingleRun, origins !== null);
    values.end?.(writer);
    options.onProgress?.(1, 'done');
    const regular = sources.filter(({ source }) => !source.isAuxiliary).length;
    return { path: target.path, trains: run.trainIds.length, sources: regular, skipped };
  });
}

async function writeSource(
  writer: Hdf5Writer,
  { source, section, name }: SourceToWrite,
  values: ValueWriter,
  options: WriteFileOptions,
  skipped: SkippedObject[],
): Promise<WrittenGroup[]> {
  const groups = new Map<string, EntryTable>();
  const seen = new Set<string>();
  for (const keyName of source.keys()) {
    options.signal?.throwIfAborted();
    const key = source.key(keyName);
    const group = source.isControl ? '' : keyName.split('.', 1)[0];
    // All keys of a group share one index.
    let table = groups.get(group);
    if (!table) {
      table = entryTable(key);
      if (!source.isAuxiliary) table = (await options.chooseEntries?.(key, table)) ?? table;
      groups.set(group, table);
    }
    const path = keyPath(section, name, keyName);
    const reason = await values.key(writer, path, key, table);
    if (reason !== null) skipped.push({ path: key.path, reason });
    copyAttributesAbove(writer, source, section, key.path, seen, name);
  }
  values.source?.(writer, `/${section}/${name}`, source);
  // A device with run values only is listed all the same.
  if (source.isControl && groups.size === 0) groups.set('', new Map());
  return [...groups].map(([group, entries]) => ({ section, source: name, group, entries }));
}

/** Copies the attributes of a key and of the groups above it, up to its source: units stand at the property. */
function copyAttributesAbove(
  writer: Hdf5Writer,
  source: SourceData,
  section: SourceSection,
  path: string,
  seen: Set<string>,
  name: string,
): void {
  const { hdf5 } = source.runFiles[0];
  const top = `/${section}/${source.canonicalName}`;
  for (let at = path; at.length >= top.length; at = at.slice(0, at.lastIndexOf('/'))) {
    if (seen.has(at)) return;
    seen.add(at);
    copyAttributes(hdf5, at, writer, `/${section}/${name}${at.slice(top.length)}`);
  }
}

/** Copies the values that the DAQ stored once at the start of the run. */
async function copyRunValues(writer: Hdf5Writer, source: SourceData, signal?: AbortSignal): Promise<void> {
  const { hdf5 } = source.runFiles[0];
  const path = `/RUN/${source.canonicalName}`;
  if (hdf5.kindOf(path) === 'group') await copyTree(hdf5, path, writer, { signal });
}

/** Keeps old names of sources that are written. */
function linkLegacyNames(
  writer: Hdf5Writer,
  run: Run,
  listed: readonly Omit<WrittenGroup, 'entries'>[],
): Omit<WrittenGroup, 'entries'>[] {
  const added: Omit<WrittenGroup, 'entries'>[] = [];
  for (const [old, canonical] of run.legacySources) {
    const groups = listed.filter(({ source, section }) => section === 'INSTRUMENT' && source === canonical);
    if (groups.length === 0) continue;
    writer.softLink(`/INSTRUMENT/${old}`, `/INSTRUMENT/${canonical}`);
    for (const group of groups) added.push({ ...group, source: old });
  }
  return added;
}
