import type * as Arrow from 'apache-arrow';
import { type DType, decodeFloat16 } from '../core/dtype.ts';
import { Unsupported } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import type { TableColumn, TrainTable } from './train-table.ts';

/** Loaded when first needed: most programs never make an Arrow table. */
const loadArrow = () => import('apache-arrow');

const typesOf = (arrow: typeof Arrow): Partial<Readonly<Record<DType, () => Arrow.DataType>>> => ({
  int8: () => new arrow.Int8(),
  int16: () => new arrow.Int16(),
  int32: () => new arrow.Int32(),
  int64: () => new arrow.Int64(),
  uint8: () => new arrow.Uint8(),
  uint16: () => new arrow.Uint16(),
  uint32: () => new arrow.Uint32(),
  uint64: () => new arrow.Uint64(),
  float16: () => new arrow.Float32(),
  float32: () => new arrow.Float32(),
  float64: () => new arrow.Float64(),
  bool: () => new arrow.Bool(),
  string: () => new arrow.Utf8(),
});

/**
 * A table for Arrow's ecosystem (DuckDB, Arquero, Perspective, ..); missing values are nulls, `trainId` is uint64.
 * @throws Unsupported for complex columns
 */
export async function toArrowTable({ trainIds, columns }: TrainTable): Promise<Arrow.Table> {
  const arrow = await loadArrow();
  const ids: TableColumn = {
    name: 'trainId',
    values: ndarray('uint64', [trainIds.length], BigUint64Array.from(trainIds, BigInt)),
    isMissing: [],
  };
  return new arrow.Table(Object.fromEntries([ids, ...columns].map((column) => [column.name, toVector(arrow, column)])));
}

/** The table as a file of Arrow's own format (Feather version 2). @throws Unsupported for complex columns */
export async function encodeArrow(table: TrainTable): Promise<Uint8Array> {
  const { tableToIPC } = await loadArrow();
  return tableToIPC(await toArrowTable(table), 'file');
}

function toVector(arrow: typeof Arrow, { name, values, isMissing }: TableColumn): Arrow.Vector {
  const type = typesOf(arrow)[values.dtype];
  if (!type) throw new Unsupported(`Column ${name} is ${values.dtype}, which Arrow does not have.`, { name });
  const cells = Array.from(values.data as ArrayLike<number | bigint | string>, (value, row) => {
    if (isMissing[row]) return null;
    if (values.dtype === 'bool') return value === 1;
    return values.dtype === 'float16' ? decodeFloat16(Number(value)) : value;
  });
  return arrow.vectorFromArray(cells, type());
}
