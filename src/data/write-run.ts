import type { TaskOptions } from '../core/cancel.ts';
import { allocate, itemSizeOf } from '../core/dtype.ts';
import { elementCount, ndarray } from '../core/ndarray.ts';
import { createHdf5, type Hdf5Writer } from '../formats/hdf5-writer.ts';
import { copyAttributes, copyTree, type SkippedObject } from './copy-objects.ts';
import type { KeyData } from './key-data.ts';
import type { Run } from './run.ts';
import type { SourceData } from './source-data.ts';
import { type EntryTable, entryBatches, entryRuns, entryTable, entryTotal } from './write-entries.ts';
import {
  filesOf,
  sourcesOf,
  type WrittenGroup,
  writeEntryIndex,
  writeMetadata,
  writeSourceList,
  writeTrains,
} from './write-index.ts';
import { type Compression, copiedType, storageLike } from './write-storage.ts';
import type { WriteTarget } from './write-target.ts';

/** How to write a selection. */
export interface WriteRunOptions extends TaskOptions {
  /** Default like the source. */
  readonly compression?: Compression;
  /** Chooses the entries of a group; default all of the selected trains. */
  readonly chooseEntries?: (key: KeyData, table: EntryTable) => EntryTable | Promise<EntryTable>;
  /** Program that writes, for the file's attribute `writer`. */
  readonly writerName?: string;
}

/** What was written. */
export interface WrittenRun {
  readonly path: string;
  readonly trains: number;
  readonly sources: number;
  /** Keys whose type we cannot read. */
  readonly skipped: readonly SkippedObject[];
}

/** Values are copied in pieces of about this many bytes. */
const PIECE_BYTES = 32 * 2 ** 20;

/**
 * Writes the selected sources, keys and trains of a run into one file of format 1.0 (0.5 for runs of that), which opens as a
 * run. Chunks stay as they are; RUN and attributes are included (the original leaves them out). Trains come in order of their
 * ids. Data of several runs are allowed: see `writeMetadata`. Auxiliary sources are not written.
 * @throws what reading the run throws; FileUnreadable if the place cannot be written. Nothing is left behind then
 */
export function writeRun(run: Run, target: WriteTarget, options: WriteRunOptions = {}): Promise<WrittenRun> {
  const skipped: SkippedObject[] = [];
  const sources = sourcesOf(run);
  const files = filesOf(sources);
  return createHdf5(target.creator, target.path, async (writer) => {
    writer.attributes('/', { writer: options.writerName ?? 'hutch' });
    writeMetadata(writer, files, run.isSingleRun);
    for (const section of ['/INDEX', '/CONTROL', '/INSTRUMENT', '/RUN']) writer.group(section);
    writeTrains(writer, run, files);
    const listed: Omit<WrittenGroup, 'entries'>[] = [];
    for (const [i, source] of sources.entries()) {
      options.onProgress?.(i / sources.length, source.canonicalName);
      for (const written of await writeSource(writer, source, options, skipped)) {
        writeEntryIndex(writer, run.trainIds, written);
        listed.push(written);
      }
      if (source.isControl) await copyRunValues(writer, source, options.signal);
    }
    listed.push(...linkLegacyNames(writer, run, listed));
    writeSourceList(writer, files, listed);
    options.onProgress?.(1, 'done');
    return { path: target.path, trains: run.trainIds.length, sources: sources.length, skipped };
  });
}

async function writeSource(
  writer: Hdf5Writer,
  source: SourceData,
  options: WriteRunOptions,
  skipped: SkippedObject[],
): Promise<WrittenGroup[]> {
  const section = source.isControl ? 'CONTROL' : 'INSTRUMENT';
  const groups = new Map<string, EntryTable>();
  const seen = new Set<string>();
  for (const name of source.keys()) {
    options.signal?.throwIfAborted();
    const key = source.key(name);
    const group = source.isControl ? '' : name.split('.', 1)[0];
    let table = groups.get(group);
    // All keys of a group share one index.
    if (!table) {
      table = entryTable(key);
      table = (await options.chooseEntries?.(key, table)) ?? table;
      groups.set(group, table);
    }
    const info = source.runFiles[0].hdf5.datasetInfo(key.path);
    if (info.type.kind === 'unsupported') skipped.push({ path: key.path, reason: info.type.reason });
    else await writeKey(writer, source, key, table, options);
    copyAttributesAbove(writer, source, key.path, seen);
  }
  // A device with run values only is listed all the same.
  if (source.isControl && groups.size === 0) groups.set('', new Map());
  return [...groups].map(([group, entries]) => ({ section, source: source.canonicalName, group, entries }));
}

async function writeKey(
  writer: Hdf5Writer,
  source: SourceData,
  key: KeyData,
  table: EntryTable,
  { compression, signal }: WriteRunOptions,
): Promise<void> {
  const info = source.runFiles[0].hdf5.datasetInfo(key.path);
  const storage = storageLike(info, entryTotal(table), compression);
  const dtype = copiedType(info);
  const { entryShape, path } = key;
  if (dtype === null) return;
  writer.create(path, { dtype, shape: [0, ...entryShape], ...storage });
  const itemSize = typeof dtype === 'object' ? dtype.size : Math.max(16, itemSizeOf(dtype));
  const entryBytes = Math.max(1, elementCount(entryShape) * itemSize);
  const chunk = storage.chunks?.[0] ?? 1;
  const perBatch = Math.max(1, Math.floor(PIECE_BYTES / entryBytes / chunk)) * chunk;
  for (const batch of entryBatches(entryRuns(table), perBatch)) {
    signal?.throwIfAborted();
    if (typeof dtype === 'object') {
      for (const { file, first, count } of batch) {
        await file.hdf5.prepare?.(path);
        const block = { start: [first, ...entryShape.map(() => 0)], count: [count, ...entryShape] };
        await writer.appendLater(path, file.hdf5.readFields(path, block));
      }
      continue;
    }
    let entries = 0;
    const blocks = batch.map((piece) => {
      const block = { ...piece, outEntry: entries };
      entries += piece.count;
      return block;
    });
    const data = allocate(dtype, entries * elementCount(entryShape));
    await key.readBlocks(blocks, data, { signal });
    await writer.appendLater(path, ndarray(dtype, [entries, ...entryShape], data));
  }
}

/** Copies the attributes of a key and of the groups above it, up to its source: units stand at the property. */
export function copyAttributesAbove(writer: Hdf5Writer, source: SourceData, path: string, seen: Set<string>): void {
  const { hdf5 } = source.runFiles[0];
  const top = path.indexOf(`/${source.canonicalName}/`) + source.canonicalName.length + 1;
  for (let at = path; at.length >= top; at = at.slice(0, at.lastIndexOf('/'))) {
    if (seen.has(at)) return;
    seen.add(at);
    copyAttributes(hdf5, at, writer);
  }
}

/** Copies the values that the DAQ stored once at the start of the run. */
export async function copyRunValues(writer: Hdf5Writer, source: SourceData, signal?: AbortSignal): Promise<void> {
  const { hdf5 } = source.runFiles[0];
  const path = `/RUN/${source.canonicalName}`;
  if (hdf5.kindOf(path) === 'group') await copyTree(hdf5, path, writer, { signal });
}

/** Keeps old names of sources that are written. */
export function linkLegacyNames(
  writer: Hdf5Writer,
  run: Run,
  listed: readonly Omit<WrittenGroup, 'entries'>[],
): Omit<WrittenGroup, 'entries'>[] {
  const added: Omit<WrittenGroup, 'entries'>[] = [];
  for (const [old, canonical] of run.legacySources) {
    const groups = listed.filter(({ source }) => source === canonical);
    if (groups.length === 0) continue;
    writer.softLink(`/INSTRUMENT/${old}`, `/INSTRUMENT/${canonical}`);
    for (const group of groups) added.push({ ...group, source: old });
  }
  return added;
}
