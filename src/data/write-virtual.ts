import type { DType } from '../core/dtype.ts';
import { FormatInvalid } from '../core/errors.ts';
import { elementCount, isSameShape, type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import type { Hdf5Writer } from '../formats/hdf5-writer.ts';
import type { KeyData } from './key-data.ts';
import type { Run } from './run.ts';
import { type EntryRun, type EntryTable, entryRuns, entryTotal } from './write-entries.ts';
import { type ValueWriter, type WriteFileOptions, type WrittenRun, writeRunFile } from './write-file.ts';
import { copiedType, textLike } from './write-storage.ts';
import type { WriteTarget } from './write-target.ts';

/** Keys that every reader of frames wants first: copied, since they are small. */
const COPIED_KEYS = new Set(['image.pulseId', 'image.cellId']);
/** h5py's default level, as in the original's files. */
const COPIED_DEFLATE = 4;

/**
 * Writes a file that shows the selected data of a run in one place; the values stay in the run's files, which are named
 * relative to it.
 * @param end writes more into the file, before it is complete
 * @throws FormatInvalid if the files of a source differ in its keys; as `writeRunFile`
 * @source EXtra-data 1.24 write_virtual
 */
export function writeVirtual(
  run: Run,
  target: WriteTarget,
  options: Omit<WriteFileOptions, 'chooseEntries'> = {},
  end?: (writer: Hdf5Writer) => void,
): Promise<WrittenRun> {
  const values: ValueWriter = {
    key: (writer, path, key, table) => pointAtKey(writer, path, key, table, target),
    source: (writer, path, source) => {
      writer.group(path);
      const names = source.runFiles.map((file) => target.relativeName(file.path));
      writer.attributes(path, { source_files: ndarray('string', [names.length], names) });
    },
    end,
  };
  return writeRunFile(run, target, values, options);
}

async function pointAtKey(
  writer: Hdf5Writer,
  path: string,
  key: KeyData,
  table: EntryTable,
  target: WriteTarget,
): Promise<string | null> {
  const info = key.info;
  const dtype = copiedType(info);
  if (dtype === null) return info.type.kind === 'unsupported' ? info.type.reason : 'of an unknown type';
  const shape = [entryTotal(table), ...key.entryShape];
  if (COPIED_KEYS.has(key.key) && typeof dtype === 'string' && elementCount(shape) > 0) {
    writer.write(path, await readInOrder(key, dtype, table), { chunks: shape, deflate: COPIED_DEFLATE });
  } else {
    const mappings = entryRuns(table).map((piece) => mappingOf(key, piece, target));
    writer.virtual(path, { dtype, shape, mappings, ...textLike(info) });
  }
  return null;
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
