import { parquetWriteBuffer, type SchemaElement } from 'hyparquet-writer';
import { type DType, decodeFloat16 } from '../core/dtype.ts';
import { Unsupported } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';

/** One column of a table. */
export interface ParquetColumn {
  readonly name: string;
  /** (rows,) */
  readonly values: NdArray;
  /** Rows without a value; none if absent. */
  readonly isMissing?: readonly boolean[];
}

/** Parquet's types of ours; small integers are 32 bits wide there, but keep their range. */
const TYPES: Partial<Readonly<Record<DType, Pick<SchemaElement, 'type' | 'converted_type'>>>> = {
  int8: { type: 'INT32', converted_type: 'INT_8' },
  int16: { type: 'INT32', converted_type: 'INT_16' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  uint8: { type: 'INT32', converted_type: 'UINT_8' },
  uint16: { type: 'INT32', converted_type: 'UINT_16' },
  uint32: { type: 'INT32', converted_type: 'UINT_32' },
  uint64: { type: 'INT64', converted_type: 'UINT_64' },
  float16: { type: 'FLOAT' },
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
  bool: { type: 'BOOLEAN' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

/**
 * Writes a table as an Apache Parquet file (Snappy-compressed).
 * @throws Unsupported for complex columns
 * @source Apache Parquet format, written by hyparquet-writer
 */
export function encodeParquet(columns: readonly ParquetColumn[]): Uint8Array {
  const schema: SchemaElement[] = [{ name: 'root', num_children: columns.length }];
  const columnData = columns.map(({ name, values, isMissing }) => {
    const type = TYPES[values.dtype];
    if (!type) throw new Unsupported(`Column ${name} is ${values.dtype}, which Parquet does not have.`, { name });
    const hasMissing = isMissing?.some(Boolean) ?? false;
    schema.push({ name, ...type, repetition_type: hasMissing ? 'OPTIONAL' : 'REQUIRED' });
    const convert = converterOf(values.dtype);
    const data = Array.from(values.data as ArrayLike<number | bigint | string>, (value, row) =>
      isMissing?.[row] ? null : convert(value),
    );
    return { name, data };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, createdBy: 'Hutch' }));
}

function converterOf(dtype: DType): (value: number | bigint | string) => unknown {
  if (dtype === 'bool') return (value) => value === 1;
  return dtype === 'float16' ? (value) => decodeFloat16(Number(value)) : (value) => value;
}
