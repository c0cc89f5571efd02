import type { DType } from '../core/dtype.ts';
import { FormatInvalid } from '../core/errors.ts';
import { elementCount, isSameShape, type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import { createHdf5, type Hdf5Writer } from '../formats/hdf5-writer.ts';
import type { SkippedObject } from './copy-objects.ts';
import type { KeyData } from './key-data.ts';
import type { Run } from './run.ts';
import type { SourceData } from './source-data.ts';
import { type EntryRun, type EntryTable, entryRuns, entryTable, entryTotal } from './write-entries.ts';
import {
  filesOf,
  sourcesOf,
  type WrittenGroup,
  writeEntryIndex,
  writeMetadata,
  writeSourceList,
  writeTrains,
} from './write-index.ts';
import {
  copyAttributesAbove,
  copyRunValues,
  linkLegacyNames,
  type WriteRunOptions,
  type WrittenRun,
} from './write-run.ts';
import { copiedType, textLike } from './write-storage.ts';
import type { WriteTarget } from './write-target.ts';

/** Keys that every reader of frames wants first: copied, since they are small. */
const COPIED_KEYS = new Set(['image.pulseId', 'image.cellId']);
/** h5py's default level, as in the original's files. */
const COPIED_DEFLATE = 4;

/**
 * Writes a file that shows the selected data of a run in one place; the values stay in the run's files, which are named
 * relative to it.
 * @param addMore writes more into the file, before it is complete
 * @throws FormatInvalid if the files of a source differ in its keys; FileUnreadable if the place cannot be written
 * @source EXtra-data 1.24 write_virtual
 */
export function writeVirtual(
  run: Run,
  target: WriteTarget,
  options: Omit<WriteRunOptions, 'compression' | 'chooseEntries'> = {},
  addMore?: (writer: Hdf5Writer) => void,
): Promise<WrittenRun> {
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
      options.signal?.throwIfAborted();
      options.onProgress?.(i / sources.length, source.canonicalName);
      for (const written of await writeSource(writer, source, target, skipped)) {
        writeEntryIndex(writer, run.trainIds, written);
        listed.push(written);
      }
      if (source.isControl) await copyRunValues(writer, source, options.signal);
    }
    listed.push(...linkLegacyNames(writer, run, listed));
    writeSourceList(writer, files, listed);
    addMore?.(writer);
    options.onProgress?.(1, 'done');
    return { path: target.path, trains: run.trainIds.length, sources: sources.length, skipped };
  });
}

async function writeSource(
  writer: Hdf5Writer,
  source: SourceData,
  target: WriteTarget,
  skipped: SkippedObject[],
): Promise<WrittenGroup[]> {
  const section = source.isControl ? 'CONTROL' : 'INSTRUMENT';
  const groups = new Map<string, EntryTable>();
  const seen = new Set<string>();
  for (const name of source.keys()) {
    const key = source.key(name);
    const group = source.isControl ? '' : name.split('.', 1)[0];
    const table = groups.get(group) ?? entryTable(key);
    groups.set(group, table);
    const info = source.runFiles[0].hdf5.datasetInfo(key.path);
    const dtype = copiedType(info);
    if (dtype === null) {
      skipped.push({ path: key.path, reason: info.type.kind === 'unsupported' ? info.type.reason : '' });
      continue;
    }
    const shape = [entryTotal(table), ...key.entryShape];
    if (COPIED_KEYS.has(name) && typeof dtype === 'string' && elementCount(shape) > 0) {
      writer.write(key.path, await readInOrder(key, dtype, table), { chunks: shape, deflate: COPIED_DEFLATE });
    } else {
      const mappings = entryRuns(table).map((piece) => mappingOf(key, piece, target));
      writer.virtual(key.path, { dtype, shape, mappings, ...textLike(info) });
    }
    copyAttributesAbove(writer, source, key.path, seen);
  }
  const path = `/${section}/${source.canonicalName}`;
  writer.group(path);
  const names = source.runFiles.map((file) => target.relativeName(file.path));
  writer.attributes(path, { source_files: ndarray('string', [names.length], names) });
  if (source.isControl && groups.size === 0) groups.set('', new Map());
  return [...groups].map(([group, entries]) => ({ section, source: source.canonicalName, group, entries }));
}

function mappingOf(key: KeyData, { file, first, count, outEntry }: EntryRun, target: WriteTarget) {
  const { path, entryShape } = key;
  const { shape } = file.hdf5.datasetInfo(path);
  if (!isSameShape(shape.slice(1), entryShape) || first + count > shape[0]) {
    throw new FormatInvalid(
      `${file.path}: ${path} has shape [${shape}]; entries up to ${first + count} of shape [${entryShape}] are expected. Select other trains or sources.`,
      { path: file.path, dataset: path },
    );
  }
  const block = (start: number) => ({ start: [start, ...entryShape.map(() => 0)], count: [count, ...entryShape] });
  return { file: target.relativeName(file.path), dataset: path, source: block(first), target: block(outEntry) };
}

async function readInOrder(key: KeyData, dtype: DType, table: EntryTable): Promise<NdArray> {
  const array = zeros(dtype, [entryTotal(table), ...key.entryShape]);
  await key.readBlocks(entryRuns(table), array.data);
  return array;
}
