import { createHash } from 'node:crypto';
import { decodeFloat16, lanesOf, typeStringOf } from '../core/dtype.ts';
import { bytesOf, elementCount, entryView, type NdArray, reshape } from '../core/ndarray.ts';

/** SHA-256 of the little-endian bytes in C order; of text, of the UTF-8 lines joined with LF. */
export function sha256Of(array: NdArray): string {
  const content = array.dtype === 'string' ? (array.data as readonly string[]).join('\n') : bytesOf(array);
  return createHash('sha256').update(content).digest('hex');
}

/** numpy's name of an element type, `string` for text. */
export function typeNameOf(array: NdArray): string {
  return array.dtype === 'string' ? 'string' : typeStringOf(array.dtype);
}

/** Nested JSON lists of an array. 64-bit integers keep all digits; NaN and infinities are texts, which JSON has no word for. */
export function toJsonText(array: NdArray): string {
  const lanes = lanesOf(array.dtype);
  const one = (index: number): string => {
    if (lanes === 2) return `[${scalar(array, 2 * index)},${scalar(array, 2 * index + 1)}]`;
    return scalar(array, index);
  };
  const level = (axis: number, start: number, size: number): string => {
    if (axis === array.shape.length) return one(start);
    const length = array.shape[axis];
    const step = length ? size / length : 0;
    const parts: string[] = [];
    for (let i = 0; i < length; i++) parts.push(level(axis + 1, start + i * step, step));
    return `[${parts.join(',')}]`;
  };
  return level(0, 0, array.data.length / lanes);
}

function scalar(array: NdArray, index: number): string {
  const value = array.data[index];
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return value.toString();
  if (array.dtype === 'bool') return value ? 'true' : 'false';
  const number = array.dtype === 'float16' ? decodeFloat16(value) : value;
  if (Object.is(number, -0)) return '-0.0';
  return Number.isFinite(number) ? String(number) : `"${Number.isNaN(number) ? 'NaN' : number}"`;
}

/** Fields of records as numpy names their types: `[[name, type], ..]`. */
export function fieldTypesOf(fields: ReadonlyMap<string, NdArray>): (readonly [string, string])[] {
  return [...fields].map(([name, field]) => [name, typeNameOf(field)] as const);
}

/** SHA-256 of records without gaps between their fields. @param shape of the records */
export function recordsSha256Of(fields: ReadonlyMap<string, NdArray>, shape: readonly number[]): string {
  const count = elementCount(shape);
  const hash = createHash('sha256');
  const parts = [...fields.values()].map((field) => {
    const bytes = bytesOf(field);
    return { bytes, size: count > 0 ? bytes.length / count : 0 };
  });
  for (let i = 0; i < count; i++)
    for (const { bytes, size } of parts) hash.update(bytes.subarray(i * size, (i + 1) * size));
  return hash.digest('hex');
}

/** Nested JSON lists of records, each a list of its fields' values. @param shape of the records */
export function recordsToJsonText(fields: ReadonlyMap<string, NdArray>, shape: readonly number[]): string {
  const level = (axis: number, index: number): string => {
    if (axis < shape.length) {
      const parts = Array.from({ length: shape[axis] }, (_, i) => level(axis + 1, index * shape[axis] + i));
      return `[${parts.join(',')}]`;
    }
    return `[${[...fields.values()].map((field) => toJsonText(elementOf(field, shape, index))).join(',')}]`;
  };
  return level(0, 0);
}

/** What one field of one record holds: a value, or an array where the field is one. */
function elementOf(field: NdArray, shape: readonly number[], index: number): NdArray {
  const inner = field.shape.slice(shape.length);
  return entryView(reshape(field, [elementCount(shape), ...inner]), index);
}
