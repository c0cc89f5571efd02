import { allocate, itemSizeOf } from '../core/dtype.ts';
import { elementCount, ndarray } from '../core/ndarray.ts';
import type { Hdf5Writer } from '../formats/hdf5-writer.ts';
import type { KeyData } from './key-data.ts';
import type { Run } from './run.ts';
import { type EntryTable, entryBatches, entryRuns, entryTotal } from './write-entries.ts';
import { type WriteFileOptions, type WrittenRun, writeRunFile } from './write-file.ts';
import { type Compression, copiedType, storageLike } from './write-storage.ts';
import type { WriteTarget } from './write-target.ts';

/** How to write a selection. */
export interface WriteRunOptions extends WriteFileOptions {
  /** Default like the source. */
  readonly compression?: Compression;
  /**
   * Frames of an entry of a key's group where bursts are cut: the entries that `chooseEntries` gives are of single frames then,
   * and become entries of one frame. Default: null for all keys, entries stay whole.
   */
  readonly burstLength?: (key: KeyData) => number | null;
}

/** Values are copied in pieces of about this many bytes. */
const PIECE_BYTES = 32 * 2 ** 20;

/**
 * Writes the selected sources, keys and trains of a run into one file of format 1.0 (1.2 with INDEX/origin, 0.5 for runs of
 * that), which opens as a run. Chunks stay as they are; RUN, attributes and the auxiliary sources of the files (REDUCTION,
 * ERRATA) are included, which the original leaves out. Data of several runs are allowed: see `writeMetadata`.
 * @throws as `writeRunFile`
 */
export function writeRun(run: Run, target: WriteTarget, options: WriteRunOptions = {}): Promise<WrittenRun> {
  const key = (writer: Hdf5Writer, path: string, one: KeyData, table: EntryTable) =>
    copyKey(writer, path, one, table, options);
  return writeRunFile(run, target, { key }, options);
}

async function copyKey(
  writer: Hdf5Writer,
  path: string,
  key: KeyData,
  table: EntryTable,
  { compression, burstLength, signal }: WriteRunOptions,
): Promise<string | null> {
  const info = key.info;
  const dtype = copiedType(info);
  if (dtype === null) return info.type.kind === 'unsupported' ? info.type.reason : 'of an unknown type';
  // Frames of bursts become entries of one frame; what has no axis of frames is told again for each.
  const isCut = key.entryShape.length > 0 && key.entryShape[0] === burstLength?.(key);
  const entryShape = isCut ? [1, ...key.entryShape.slice(1)] : key.entryShape;
  const like = storageLike(info, entryTotal(table), compression);
  const storage = { ...like, chunks: like.chunks?.map((length, axis) => (isCut && axis === 1 ? 1 : length)) };
  writer.create(path, { dtype, shape: [0, ...entryShape], ...storage });
  const itemSize = typeof dtype === 'object' ? dtype.size : Math.max(16, itemSizeOf(dtype));
  const entryBytes = Math.max(1, elementCount(entryShape) * itemSize);
  const chunk = storage.chunks?.[0] ?? 1;
  const perBatch = Math.max(1, Math.floor(PIECE_BYTES / entryBytes / chunk)) * chunk;
  for (const batch of entryBatches(entryRuns(table), perBatch)) {
    signal?.throwIfAborted();
    if (typeof dtype === 'object') {
      for (const { file, first, count, frame } of batch) {
        await file.hdf5.prepare?.(key.path);
        const start = [first, ...entryShape.map((_, axis) => (isCut && axis === 0 ? (frame ?? 0) : 0))];
        await writer.appendLater(path, file.hdf5.readFields(key.path, { start, count: [count, ...entryShape] }));
      }
      continue;
    }
    const entries = batch.reduce((sum, { count }) => sum + count, 0);
    const data = allocate(dtype, entries * elementCount(entryShape));
    let outEntry = 0;
    for (const pieces of isCut ? batch.map((piece) => [piece]) : [batch]) {
      const blocks = pieces.map(({ file, first, count }) => {
        const block = { file, first, count, outEntry };
        outEntry += count;
        return block;
      });
      const position = pieces[0].frame ?? 0;
      await key.readBlocks(blocks, data, { signal, ...(isCut ? { roi: [[position, position + 1]] } : {}) });
    }
    await writer.appendLater(path, ndarray(dtype, [entries, ...entryShape], data));
  }
  return null;
}
