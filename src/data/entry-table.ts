import { allocate, type DType, type DTypeStorage, lanesOf } from '../core/dtype.ts';
import { Unsupported } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import type { TableColumn, TrainTable } from './train-table.ts';

/** Wider tables are of no use to anyone, and take all memory. */
const MOST_COLUMNS = 10_000;

/**
 * Entries as a table: one row an entry, one column an element (`name`, or `name[0]`, `name[1]`, ..).
 * @param arrays of entries by column name, first axis as long as `trainIds`
 * @throws Unsupported for entries of too many elements
 */
export function toEntryTable(arrays: ReadonlyMap<string, NdArray>, trainIds: readonly number[]): TrainTable {
  return { trainIds, columns: [...arrays].flatMap(([name, array]) => columnsOf(name, array, trainIds.length)) };
}

function columnsOf(name: string, array: NdArray, rows: number): TableColumn[] {
  const entryShape = array.shape.slice(1);
  const width = elementCount(entryShape);
  if (width > MOST_COLUMNS)
    throw new Unsupported(
      `Entries of shape [${entryShape}] make a table of ${width} columns. Take npy, or a part of each entry.`,
      { columns: width },
    );
  const isMissing = new Array<boolean>(rows).fill(false);
  if (entryShape.length === 0) return [{ name, values: array, isMissing }];
  return Array.from({ length: width }, (_, column) => ({
    name: width === 1 ? name : `${name}[${column}]`,
    values: elementsOf(array, column, width, rows),
    isMissing,
  }));
}

/** One element of every entry. */
function elementsOf({ dtype, data }: NdArray, column: number, width: number, rows: number): NdArray {
  const lanes = lanesOf(dtype);
  const values = allocate(dtype, rows) as unknown as (number | bigint | string)[];
  for (let row = 0; row < rows; row++)
    for (let lane = 0; lane < lanes; lane++) values[row * lanes + lane] = data[(row * width + column) * lanes + lane];
  return ndarray(dtype, [rows], values as unknown as DTypeStorage[DType]);
}
