import { type DType, itemSizeOf } from '../../core/dtype.ts';
import type { Hdf5RecordType } from '../hdf5-writer.ts';
import { ByteBuilder } from './byte-builder.ts';

/** Element type of a dataset or attribute in the file. */
export type StoredType =
  | { readonly kind: 'plain'; readonly dtype: Exclude<DType, 'string'> }
  | { readonly kind: 'record'; readonly record: Hdf5RecordType }
  /** Text of any length, kept in the global heap. */
  | { readonly kind: 'text'; readonly charset: Charset }
  /** Text in fields of `length` bytes, filled up with NUL. */
  | { readonly kind: 'fixed-text'; readonly length: number; readonly charset: Charset };

/** How text is encoded. */
export type Charset = 'ascii' | 'utf8';

/** Bytes of a reference to the global heap: length, collection address, index. */
export const TEXT_REFERENCE_BYTES = 16;

/** Bytes of one element in the file. */
export function storedSizeOf(type: StoredType): number {
  switch (type.kind) {
    case 'plain':
      return itemSizeOf(type.dtype);
    case 'record':
      return type.record.size;
    case 'text':
      return TEXT_REFERENCE_BYTES;
    case 'fixed-text':
      return type.length;
  }
}

const FLOATS = {
  // sign bit, exponent at, exponent bits, mantissa bits, exponent bias
  float16: [15, 10, 5, 10, 15],
  float32: [31, 23, 8, 23, 127],
  float64: [63, 52, 11, 52, 1023],
} as const;

/** The datatype message. @source HDF5 File Format Specification 3.0, IV.A.2.d */
export function datatypeMessage(type: StoredType): Uint8Array {
  const out = new ByteBuilder();
  putType(out, type);
  return out.bytes;
}

function putType(out: ByteBuilder, type: StoredType): void {
  switch (type.kind) {
    case 'plain':
      putPlain(out, type.dtype);
      return;
    case 'fixed-text':
      // padding 1: filled up with NUL
      out.u8(0x13, 1 | (charsetBits(type.charset) << 4), 0, 0).u32(type.length);
      return;
    case 'text':
      // a sequence of bytes that is text, ended by NUL in memory
      out.u8(0x19, 1, charsetBits(type.charset), 0).u32(TEXT_REFERENCE_BYTES);
      putInteger(out, 1, false);
      return;
    case 'record': {
      const { size, fields } = type.record;
      putCompound(
        out,
        size,
        fields.map(({ name, offset, dtype }) => [name, offset, dtype as Exclude<DType, 'string'>]),
      );
    }
  }
}

function charsetBits(charset: Charset): number {
  return charset === 'utf8' ? 1 : 0;
}

function putPlain(out: ByteBuilder, dtype: Exclude<DType, 'string'>): void {
  switch (dtype) {
    case 'float16':
    case 'float32':
    case 'float64': {
      const [sign, exponentAt, exponentBits, mantissaBits, bias] = FLOATS[dtype];
      const size = itemSizeOf(dtype);
      // 0x20: the leading 1 of the mantissa is not stored
      out.u8(0x11, 0x20, sign, 0).u32(size);
      out
        .u16(0)
        .u16(8 * size)
        .u8(exponentAt, exponentBits, 0, mantissaBits)
        .u32(bias);
      return;
    }
    case 'bool':
      // As h5py stores it: an enumeration of two bytes values.
      out.u8(0x38, 2, 0, 0).u32(1);
      putInteger(out, 1, true);
      out.text('FALSE').text('TRUE').u8(0, 1);
      return;
    case 'complex64':
    case 'complex128': {
      const part = dtype === 'complex64' ? 'float32' : 'float64';
      const size = itemSizeOf(part);
      putCompound(out, 2 * size, [
        ['r', 0, part],
        ['i', size, part],
      ]);
      return;
    }
    default:
      putInteger(out, itemSizeOf(dtype), !dtype.startsWith('u'));
  }
}

function putInteger(out: ByteBuilder, size: number, isSigned: boolean): void {
  out.u8(0x10, isSigned ? 8 : 0, 0, 0).u32(size);
  out.u16(0).u16(8 * size);
}

function putCompound(
  out: ByteBuilder,
  size: number,
  members: readonly (readonly [name: string, offset: number, dtype: Exclude<DType, 'string'>])[],
): void {
  out.u8(0x36, members.length & 0xff, members.length >> 8, 0).u32(size);
  const offsetBytes = size < 0x100 ? 1 : size < 0x10000 ? 2 : size < 0x1000000 ? 3 : 4;
  for (const [name, offset, dtype] of members) {
    out.text(name).uint(offset, offsetBytes);
    putPlain(out, dtype);
  }
}
