import type { ExportFormat } from '../api/run-calls.ts';
import { allocate, type DType, type DTypeStorage, itemSizeOf } from '../core/dtype.ts';
import { SelectionInvalid } from '../core/errors.ts';
import { elementCount } from '../core/ndarray.ts';
import { toEntryTable } from '../data/entry-table.ts';
import type { KeyData } from '../data/key-data.ts';
import type { Run } from '../data/run.ts';
import { tableToCsv, tableToParquet } from '../data/table-export.ts';
import { byId } from '../data/train-selection.ts';
import { readTable, type TrainTable } from '../data/train-table.ts';
import { encodeNpy } from '../formats/npy.ts';
import { findKey } from './find-source.ts';

/** A file that is made while it is read. */
export interface ExportedFile {
  readonly name: string;
  readonly mediaType: string;
  /** Length in bytes or in lines; null where it is not known before. */
  readonly size: { readonly unit: 'bytes' | 'lines'; readonly count: number } | null;
  readonly parts: AsyncIterable<Uint8Array>;
}

const MEDIA_TYPES = { npy: 'application/octet-stream', csv: 'text/csv', parquet: 'application/vnd.apache.parquet' };
const PIECE_BYTES = 8 << 20;
/** A table of more columns is none that a program likes to read. */
const MOST_COLUMNS = 4096;
/** A Parquet file is made in memory. */
const MOST_PARQUET_BYTES = 2 ** 30;

/**
 * Keys as a file: npy has the values of one key as they are stored, one entry after the other; csv and parquet have a row for
 * each entry of one key, or for each train of several, with the train id.
 * @throws SelectionInvalid for what a format cannot hold
 */
export function exportKeys(
  run: Run,
  place: { readonly proposal: string; readonly run: number },
  { format, keys }: { readonly format: ExportFormat; readonly keys: readonly (readonly [string, string])[] },
  signal?: AbortSignal,
): ExportedFile {
  const found = keys.map(([source, key]) => findKey(run, { source, key }));
  const [first] = found;
  const subject = found.length === 1 ? `${first.source}-${first.key}` : `${found.length}-keys`;
  const name = `${place.proposal}-r${String(place.run).padStart(4, '0')}-${subject.replaceAll(/[^\w.+-]+/g, '_')}.${format}`;
  return { name, mediaType: MEDIA_TYPES[format], ...contentOf(run, found, format, signal) };
}

function contentOf(
  run: Run,
  keys: readonly KeyData[],
  format: ExportFormat,
  signal: AbortSignal | undefined,
): Pick<ExportedFile, 'size' | 'parts'> {
  const [key] = keys;
  if (format === 'npy') {
    if (keys.length > 1) throw new SelectionInvalid('An npy file holds one key: export them one by one.', {});
    return npyParts(key, signal);
  }
  if (keys.length > 1) {
    // Said before the first byte is sent
    const odd = keys.find((each) => !each.isReadable || each.dtype === 'record' || each.entryShape.length > 0);
    if (odd)
      throw new SelectionInvalid(
        `${odd.source} ${odd.key} has more than one value an entry: a table of several keys needs one. Export it alone.`,
        { source: odd.source, key: odd.key },
      );
    return { size: null, parts: tableParts(run, keys, format, signal) };
  }
  const columns = elementCount(key.entryShape) * Math.max(1, key.fields.length);
  if (columns > MOST_COLUMNS)
    throw new SelectionInvalid(
      `${key.source} ${key.key} has ${columns} values an entry: a table would have as many columns. Export it as npy.`,
      { key: key.key },
    );
  if (format === 'csv') return { size: { unit: 'lines', count: key.shape[0] + 1 }, parts: csvParts(key, signal) };
  if (key.byteSize > MOST_PARQUET_BYTES)
    throw new SelectionInvalid(`${key.source} ${key.key} is too large for one Parquet file: export it as npy.`, {});
  return { size: null, parts: parquetParts(key, signal) };
}

function npyParts(key: KeyData, signal: AbortSignal | undefined): Pick<ExportedFile, 'size' | 'parts'> {
  const { dtype } = key;
  if (dtype === 'record')
    throw new SelectionInvalid(`${key.source} ${key.key} is structured: export it as csv or parquet.`, {});
  if (dtype === 'string') {
    const whole = async function* () {
      yield* encodeNpy(await key.read({ signal }));
    };
    return { size: null, parts: whole() };
  }
  const [header] = encodeNpy({ dtype, shape: key.shape, data: allocate(dtype, 0) });
  const pieces = async function* () {
    yield header;
    for await (const { array } of key.readPieces({ maxBytes: PIECE_BYTES, signal })) {
      const data = array.data as Exclude<DTypeStorage[DType], string[]>;
      yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
  };
  return {
    size: { unit: 'bytes', count: header.length + elementCount(key.shape) * itemSizeOf(dtype) },
    parts: pieces(),
  };
}

const encoder = new TextEncoder();

async function* csvParts(key: KeyData, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  let isFirst = true;
  for await (const table of tablePieces(key, signal)) {
    const text = tableToCsv(table);
    yield encoder.encode(isFirst ? text : text.slice(text.indexOf('\n') + 1));
    isFirst = false;
  }
}

async function* parquetParts(key: KeyData, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  yield tableToParquet(await tableOf(key, signal));
}

async function* tableParts(
  run: Run,
  keys: readonly KeyData[],
  format: 'csv' | 'parquet',
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const chosen = run.select(keys.map((key) => [key.source, key.key] as const));
  const table = await readTable(chosen, { timestamps: true, signal });
  yield format === 'csv' ? encoder.encode(tableToCsv(table)) : tableToParquet(table);
}

/** One key as tables of whole trains, one row an entry. */
async function* tablePieces(key: KeyData, signal: AbortSignal | undefined): AsyncIterable<TrainTable> {
  const { trainIds } = key;
  const perTrain = Math.max(1, key.byteSize / Math.max(1, trainIds.length));
  const atOnce = Math.max(1, Math.floor(PIECE_BYTES / perTrain));
  for (let start = 0; start === 0 || start < trainIds.length; start += atOnce) {
    signal?.throwIfAborted();
    yield await tableOf(key.selectTrains(byId(trainIds.slice(start, start + atOnce))), signal);
  }
}

async function tableOf(key: KeyData, signal: AbortSignal | undefined): Promise<TrainTable> {
  const name = `${key.source}/${key.key.replace(/\.value$/, '')}`;
  const arrays = new Map(
    key.dtype === 'record'
      ? [...(await key.readFields())].map(([field, array]) => [`${name}.${field}`, array] as const)
      : [[name, await key.read({ signal })] as const],
  );
  return toEntryTable(arrays, key.trainIdCoordinates());
}
