import { decodeFloat16 } from '../core/dtype.ts';
import { ndarray } from '../core/ndarray.ts';
import { encodeParquet } from '../formats/parquet.ts';
import type { TableColumn, TrainTable } from './train-table.ts';

/**
 * A table as comma-separated text with a header line; missing values are empty. 64-bit integers keep every digit.
 * @source RFC 4180, with LF line ends
 */
export function tableToCsv({ trainIds, columns }: TrainTable): string {
  const lines = [['trainId', ...columns.map((column) => column.name)]];
  for (const [row, trainId] of trainIds.entries())
    lines.push([String(trainId), ...columns.map((column) => cellText(column, row))]);
  return `${lines.map((line) => line.map(quote).join(',')).join('\n')}\n`;
}

function cellText({ values, isMissing }: TableColumn, row: number): string {
  if (isMissing[row]) return '';
  const value = values.data[row];
  if (values.dtype === 'float32') return float32Text(value as number);
  if (values.dtype === 'float16') return float32Text(decodeFloat16(value as number));
  if (values.dtype === 'bool') return value === 1 ? 'true' : 'false';
  return String(value);
}

/** The shortest text that is read back as the same float32: 0.1 and not 0.10000000149011612. */
function float32Text(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

function quote(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table as an Apache Parquet file. @throws Unsupported for complex columns */
export function tableToParquet({ trainIds, columns }: TrainTable): Uint8Array {
  const ids = ndarray('uint64', [trainIds.length], BigUint64Array.from(trainIds, BigInt));
  return encodeParquet([{ name: 'trainId', values: ids }, ...columns]);
}
