import { itemSizeOf } from '../../core/dtype.ts';
import { DtypeMismatch, ShapeMismatch, Unsupported } from '../../core/errors.ts';
import { bytesOf, elementCount, isNdArray, isSameShape, type NdArray } from '../../core/ndarray.ts';
import type { Hdf5DatasetPlan, Hdf5Records, Hdf5RecordType } from '../hdf5-writer.ts';
import { encodeText } from './byte-builder.ts';
import { type StoredType, storedSizeOf, TEXT_REFERENCE_BYTES } from './datatype-message.ts';
import type { GlobalHeap } from './global-heap.ts';

/** The stored type of a plan. Text is ASCII until other text comes. @throws Unsupported for records with text */
export function storedTypeOf(plan: Pick<Hdf5DatasetPlan, 'dtype' | 'textBytes' | 'charset'>, name: string): StoredType {
  const { dtype, textBytes, charset = 'ascii' } = plan;
  if (typeof dtype === 'object') {
    const text = dtype.fields.find((field) => field.dtype === 'string');
    if (text) throw new Unsupported(`${name}: field "${text.name}" is text, which records cannot hold.`, { name });
    return { kind: 'record', record: dtype };
  }
  if (dtype !== 'string') return { kind: 'plain', dtype };
  if (textBytes === undefined) return { kind: 'text', charset };
  if (textBytes < 1) throw new Unsupported(`${name}: text fields need at least 1 byte.`, { name });
  return { kind: 'fixed-text', length: textBytes, charset };
}

/** The record type of some fields, one behind the other. */
export function packedRecord(fields: Hdf5Records): Hdf5RecordType {
  let size = 0;
  const list = [...fields].map(([name, { dtype }]) => {
    const offset = size;
    size += itemSizeOf(dtype);
    return { name, dtype, offset };
  });
  return { kind: 'record', size, fields: list };
}

/** Shape of the values. @throws ShapeMismatch if fields differ */
export function shapeOf(values: NdArray | Hdf5Records): readonly number[] {
  if (isNdArray(values)) return values.shape;
  const [first, ...others] = [...values.values()].map((array) => array.shape);
  for (const shape of others) {
    if (!isSameShape(first, shape))
      throw new ShapeMismatch(`Fields of a record have shapes [${first}] and [${shape}].`, {
        expected: first,
        got: shape,
      });
  }
  return first ?? [];
}

/** Values as the file holds them; numbers are views. @throws DtypeMismatch */
export function elementBytes(
  values: NdArray | Hdf5Records,
  type: StoredType,
  heap: GlobalHeap,
  name: string,
): Uint8Array {
  if (type.kind === 'record') {
    if (isNdArray(values)) throw mismatch(name, 'records', values.dtype);
    return packRecords(values, type.record, name);
  }
  const expected = type.kind === 'plain' ? type.dtype : 'string';
  if (!isNdArray(values)) throw mismatch(name, expected, 'records');
  if (values.dtype !== expected) throw mismatch(name, expected, values.dtype);
  if (type.kind === 'plain') return bytesOf(values);
  const texts = values.data as readonly string[];
  return type.kind === 'text' ? textReferences(texts, heap) : fixedTexts(texts, type.length, name);
}

/** Whether any text needs more than ASCII. */
export function isBeyondAscii(values: NdArray | Hdf5Records): boolean {
  if (!isNdArray(values) || values.dtype !== 'string') return false;
  for (const text of values.data as readonly string[]) {
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return true;
  }
  return false;
}

/** One element of the type with a number in it; null for zeros. @throws Unsupported for a type that has no numbers */
export function fillBytes(type: StoredType, fill: number | bigint | undefined, name: string): Uint8Array | null {
  if (fill === undefined) return null;
  if (type.kind !== 'plain') throw new Unsupported(`${name}: only numbers can have a fill value.`, { name });
  const out = new Uint8Array(storedSizeOf(type));
  const view = new DataView(out.buffer);
  const number = Number(fill);
  switch (type.dtype) {
    case 'int8':
    case 'uint8':
    case 'bool':
      view.setInt8(0, number);
      break;
    case 'int16':
    case 'uint16':
      view.setInt16(0, number, true);
      break;
    case 'int32':
    case 'uint32':
      view.setInt32(0, number, true);
      break;
    case 'int64':
    case 'uint64':
      view.setBigInt64(0, BigInt(fill), true);
      break;
    case 'float16':
      view.setUint16(0, encodeFloat16(number), true);
      break;
    case 'float32':
    case 'complex64':
      view.setFloat32(0, number, true);
      break;
    case 'float64':
    case 'complex128':
      view.setFloat64(0, number, true);
  }
  return out.every((byte) => byte === 0) ? null : out;
}

/** The half-precision bit pattern nearest to a number. @source IEEE 754-2019, binary16 */
export function encodeFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | (((exponent + 15) << 10) + roundEven((size / 2 ** exponent - 1) * 1024));
}

function roundEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

function textReferences(texts: readonly string[], heap: GlobalHeap): Uint8Array {
  const out = new Uint8Array(texts.length * TEXT_REFERENCE_BYTES);
  const view = new DataView(out.buffer);
  const encoded = texts.map(encodeText);
  let left = 0;
  for (const text of encoded) left += text.length + 24;
  for (const [i, text] of encoded.entries()) {
    // Empty text is no object: all zeros.
    if (text.length === 0) continue;
    const { address, index } = heap.put(text, left);
    left -= text.length + 24;
    const at = i * TEXT_REFERENCE_BYTES;
    view.setUint32(at, text.length, true);
    view.setBigUint64(at + 4, BigInt(address), true);
    view.setUint32(at + 12, index, true);
  }
  return out;
}

function fixedTexts(texts: readonly string[], length: number, name: string): Uint8Array {
  const out = new Uint8Array(texts.length * length);
  for (const [i, text] of texts.entries()) {
    const encoded = encodeText(text);
    if (encoded.length > length) {
      throw new ShapeMismatch(`${name}: "${text}" does not fit a text field of ${length} bytes.`, {
        expected: length,
        got: encoded.length,
      });
    }
    out.set(encoded, i * length);
  }
  return out;
}

function packRecords(values: Hdf5Records, record: Hdf5RecordType, name: string): Uint8Array {
  const count = elementCount(shapeOf(values));
  const out = new Uint8Array(count * record.size);
  for (const { name: field, dtype, offset } of record.fields) {
    const array = values.get(field);
    if (array?.dtype !== dtype) throw mismatch(`${name}, field "${field}"`, dtype, array?.dtype ?? 'nothing');
    const bytes = bytesOf(array);
    const width = itemSizeOf(dtype);
    for (let i = 0; i < count; i++) out.set(bytes.subarray(i * width, (i + 1) * width), i * record.size + offset);
  }
  return out;
}

function mismatch(name: string, expected: string, got: string): DtypeMismatch {
  return new DtypeMismatch(`${name} holds ${expected}, got ${got}.`, { expected, got });
}
