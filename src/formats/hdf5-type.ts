import type { DType } from '../core/dtype.ts';
import type { Hdf5Field, Hdf5Type } from './hdf5.ts';

/** How a file stores an element, as both readers describe it. */
export interface StoredElement {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly vlen: boolean;
  readonly littleEndian: boolean;
  readonly cset?: number;
  readonly enum_type?: { readonly members: Readonly<Record<string, number>>; readonly type: number };
  readonly compound_type?: { readonly members: readonly (StoredElement & { name: string; offset: number })[] };
}

/** H5T class numbers. @source HDF5 reference manual, H5T_class_t */
const CLASS = { integer: 0, float: 1, string: 3, bitfield: 4, compound: 6, enumeration: 8 } as const;

const INTEGERS: Readonly<Record<string, DType>> = {
  s1: 'int8',
  s2: 'int16',
  s4: 'int32',
  s8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
};
const FLOATS: Readonly<Record<number, DType>> = { 2: 'float16', 4: 'float32', 8: 'float64' };

/** Our element type of a library type; booleans and complex numbers are told by h5py's conventions. */
export function toHdf5Type(metadata: StoredElement): Hdf5Type {
  const dtype = plainType(metadata);
  if (dtype) return { kind: 'plain', dtype };
  const members = metadata.compound_type?.members;
  if (metadata.type !== CLASS.compound || !members) {
    return { kind: 'unsupported', reason: `HDF5 type class ${metadata.type} of ${metadata.size} bytes` };
  }
  const fields: Hdf5Field[] = [];
  for (const member of members) {
    const fieldType = plainType(member);
    if (!fieldType || fieldType === 'string')
      return { kind: 'unsupported', reason: `field "${member.name}" of a record` };
    if (!member.littleEndian && member.size > 1) return { kind: 'unsupported', reason: 'a big-endian record' };
    fields.push({ name: member.name, dtype: fieldType, offset: member.offset });
  }
  return { kind: 'record', size: metadata.size, fields };
}

function plainType(metadata: StoredElement): DType | undefined {
  const sign = metadata.signed ? 's' : 'u';
  switch (metadata.type) {
    case CLASS.integer:
    case CLASS.bitfield:
      return INTEGERS[`${sign}${metadata.size}`];
    case CLASS.float:
      return FLOATS[metadata.size];
    case CLASS.string:
      return 'string';
    case CLASS.enumeration: {
      const members = metadata.enum_type?.members ?? {};
      const isBool = metadata.size === 1 && members['FALSE'] === 0 && members['TRUE'] === 1;
      return isBool ? 'bool' : INTEGERS[`${sign}${metadata.size}`];
    }
    case CLASS.compound: {
      const parts = metadata.compound_type?.members ?? [];
      const isComplex = parts.length === 2 && parts[0].name === 'r' && parts[1].name === 'i' && parts[0].littleEndian;
      if (!isComplex) return undefined;
      return metadata.size === 8 ? 'complex64' : metadata.size === 16 ? 'complex128' : undefined;
    }
    default:
      return undefined;
  }
}
