import {
  allocate,
  type DType,
  type DTypeStorage,
  itemSizeOf,
  lanesOf,
  type NumericStorage,
  viewBytes,
} from '../../core/dtype.ts';
import { type NdArray, ndarray } from '../../core/ndarray.ts';
import type { Hdf5Type } from '../hdf5.ts';
import { type StoredElement, toHdf5Type } from '../hdf5-type.ts';
import { Cursor, type FieldSizes } from './cursor.ts';
import { CLASS, type StoredType } from './datatype.ts';
import type { GlobalHeap } from './global-heap.ts';
import { decodeText } from './text.ts';

/** Our element type of a stored type. */
export function elementTypeOf(type: StoredType): Hdf5Type {
  return toHdf5Type(describe(type));
}

function describe(type: StoredType): StoredElement {
  const isText = type.class === CLASS.variableLength && type.isText;
  return {
    type: isText ? CLASS.string : type.isStandard ? type.class : -1,
    size: type.size,
    signed: type.isSigned,
    vlen: isText,
    littleEndian: type.isLittleEndian,
    ...(type.class === CLASS.enumeration
      ? { enum_type: { members: Object.fromEntries(type.members), type: CLASS.integer } }
      : {}),
    ...(type.class === CLASS.compound
      ? {
          compound_type: {
            members: type.fields.map(({ name, offset, type: t }) => ({ ...describe(t), name, offset })),
          },
        }
      : {}),
  };
}

/** The bytes of numeric storage. */
export function bytesOfStorage(data: NumericStorage): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Puts big-endian elements into this machine's order, in place. */
export function toLittleEndian(bytes: Uint8Array, width: number): void {
  for (let start = 0; start + width <= bytes.length; start += width) bytes.subarray(start, start + width).reverse();
}

/** Typed values of stored elements. @param bytes of whole elements, file order */
export function valuesOf<D extends Exclude<DType, 'string'>>(
  dtype: D,
  type: StoredType,
  shape: readonly number[],
  bytes: Uint8Array,
): NdArray {
  const width = itemSizeOf(dtype);
  const count = bytes.length / width;
  const data = viewBytes(dtype, bytes.slice().buffer, 0, count);
  if (!type.isLittleEndian) toLittleEndian(bytesOfStorage(data), width / lanesOf(dtype));
  return ndarray(dtype, shape, data);
}

/** Texts of fixed or variable length. @param bytes of `count` elements as they stand in the dataset */
export function textsOf(
  file: string,
  type: StoredType,
  bytes: Uint8Array,
  heap: GlobalHeap,
  sizes: FieldSizes,
): string[] {
  const count = bytes.length / type.size;
  const texts: string[] = [];
  const cursor = new Cursor(file, 0, bytes, sizes);
  for (let i = 0; i < count; i++) {
    if (type.class !== CLASS.variableLength) {
      texts.push(trimmed(cursor.bytes(type.size), type.padding));
      continue;
    }
    const length = cursor.u32();
    const address = cursor.address();
    const index = cursor.u32();
    // A text that was never written has no place.
    const isEmpty = length === 0 || address <= 0;
    texts.push(isEmpty ? '' : trimmed(heap.object(address, index).subarray(0, length), type.padding));
  }
  return texts;
}

function trimmed(bytes: Uint8Array, padding: 'nul' | 'space'): string {
  const nul = bytes.indexOf(0);
  let end = nul < 0 ? bytes.length : nul;
  if (padding === 'space') while (end > 0 && bytes[end - 1] === 0x20) end--;
  return decodeText(bytes.subarray(0, end));
}

/** The fields of records, each as an array of its own. */
export function fieldsOf(
  type: Extract<Hdf5Type, { kind: 'record' }>,
  shape: readonly number[],
  records: Uint8Array,
): ReadonlyMap<string, NdArray> {
  const total = records.length / type.size;
  return new Map(
    type.fields.map(({ name, dtype, offset }) => {
      const width = itemSizeOf(dtype);
      const data = allocate(dtype, total) as NumericStorage;
      const packed = bytesOfStorage(data);
      for (let i = 0; i < total; i++) {
        packed.set(records.subarray(i * type.size + offset, i * type.size + offset + width), i * width);
      }
      return [name, ndarray(dtype, shape, data as DTypeStorage[typeof dtype])];
    }),
  );
}
