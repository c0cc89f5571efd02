import { allocate, type DType, type DTypeStorage } from '../core/dtype.ts';
import { DtypeMismatch, SelectionInvalid } from '../core/errors.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { KeyData } from './key-data.ts';
import type { SourceData } from './source-data.ts';

/** One column: values with a train each, or none in some rows. */
export interface TableColumn {
  /** `<source>/<key>`, without `.value`. */
  readonly name: string;
  /** (rows,) */
  readonly values: NdArray;
  /** Rows in which the key has no data: NaN, 0 or '' in `values`. */
  readonly isMissing: readonly boolean[];
}

/** Keys side by side, one row a train (or, for a single key, one row an entry). */
export interface TrainTable {
  /** Train id of each row, ascending for several keys. */
  readonly trainIds: readonly number[];
  readonly columns: readonly TableColumn[];
}

/** What a table is made of: a run or a selection of one. */
export interface TableSource {
  readonly trainIds: readonly number[];
  readonly sources: readonly string[];
  source(name: string): SourceData;
}

/**
 * One key with one number or text per entry, as a table; several entries of a train are several rows.
 * @throws ShapeMismatch if entries have axes, Unsupported for structured data
 */
export async function readSeries(key: KeyData): Promise<TrainTable> {
  assertScalar(key);
  const values = await key.read();
  return {
    trainIds: key.trainIdCoordinates(),
    columns: [{ name: columnName(key), values, isMissing: new Array(values.data.length).fill(false) }],
  };
}

/**
 * All selected keys, one row for each train that any of them has data in. Choose few keys first: `readTable(run.select(..))`.
 * @param options.timestamps also the times of control values. Default false
 * @throws SelectionInvalid for a key with axes, or with several entries in a train
 */
export async function readTable(
  run: TableSource,
  options: { readonly timestamps?: boolean; readonly signal?: AbortSignal } = {},
): Promise<TrainTable> {
  const found: { name: string; values: NdArray; trainIds: readonly number[] }[] = [];
  for (const source of run.sources.map((name) => run.source(name))) {
    for (const keyName of source.keys()) {
      if (!options.timestamps && source.isControl && keyName.endsWith('.timestamp')) continue;
      const key = source.key(keyName);
      assertScalar(key);
      const trainIds = key.trainIdCoordinates();
      if (new Set(trainIds).size < trainIds.length) {
        throw new SelectionInvalid(
          `${key.source} ${key.key} has several entries in a train: a table has one row a train. Use readSeries, or leave it out.`,
          { source: key.source, key: key.key },
        );
      }
      found.push({ name: columnName(key), values: await key.read({ signal: options.signal }), trainIds });
    }
  }
  const present = new Set(found.flatMap((column) => [...column.trainIds]));
  const trainIds = run.trainIds.filter((id) => present.has(id));
  const rowOf = new Map(trainIds.map((id, row) => [id, row]));
  return { trainIds, columns: found.map((column) => spread(column, rowOf)) };
}

function assertScalar(key: KeyData): void {
  if (key.dtype === 'record')
    throw new DtypeMismatch(`${key.source} ${key.key} is structured: it is no column of a table. Use readFields().`);
  if (key.entryShape.length === 0) return;
  throw new SelectionInvalid(
    `Entries of ${key.source} ${key.key} have shape [${key.entryShape}]: a table needs one value an entry. Leave it out, or use readLabelled().`,
    { source: key.source, key: key.key },
  );
}

function columnName(key: KeyData): string {
  return `${key.source}/${key.key.replace(/\.value$/, '')}`;
}

/** Values at the rows of their trains. */
function spread(
  column: { name: string; values: NdArray; trainIds: readonly number[] },
  rowOf: ReadonlyMap<number, number>,
): TableColumn {
  const { dtype, data } = column.values;
  const isMissing = new Array<boolean>(rowOf.size).fill(true);
  const spreadData = allocate(dtype, rowOf.size) as unknown as (number | bigint | string)[];
  if (dtype === 'float32' || dtype === 'float64') spreadData.fill(Number.NaN);
  for (const [i, id] of column.trainIds.entries()) {
    const row = rowOf.get(id) as number;
    spreadData[row] = data[i];
    isMissing[row] = false;
  }
  return {
    name: column.name,
    values: ndarray(dtype, [rowOf.size], spreadData as unknown as DTypeStorage[DType]),
    isMissing,
  };
}
