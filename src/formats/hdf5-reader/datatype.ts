import type { Cursor } from './cursor.ts';

/** H5T class numbers. @source HDF5 File Format Specification 3.0, IV.A.2.d */
export const CLASS = {
  integer: 0,
  float: 1,
  time: 2,
  string: 3,
  bitfield: 4,
  opaque: 5,
  compound: 6,
  reference: 7,
  enumeration: 8,
  variableLength: 9,
  array: 10,
} as const;

/** A field of a compound type. */
export interface StoredField {
  readonly name: string;
  readonly offset: number;
  readonly type: StoredType;
}

/** How a file stores one element. */
export interface StoredType {
  readonly class: number;
  /** Bytes of one element in the dataset; a variable-length one has only its reference there. */
  readonly size: number;
  readonly isLittleEndian: boolean;
  readonly isSigned: boolean;
  /** Integers and floats whose bits fill their bytes in the usual way. */
  readonly isStandard: boolean;
  /** Text: `nul` terminated, `nul` padded or `space` padded. */
  readonly padding: 'nul' | 'space';
  readonly charset: 'ASCII' | 'UTF-8';
  /** Variable-length text, as opposed to a variable-length list. */
  readonly isText: boolean;
  readonly fields: readonly StoredField[];
  /** Names and values of an enumeration. */
  readonly members: ReadonlyMap<string, number>;
  /** Element of an enumeration, a list or an array. */
  readonly base: StoredType | null;
  /** Shape of an array type. */
  readonly dims: readonly number[];
}

/** Types inside types go no deeper in sane files. */
const DEEPEST = 32;
const MOST_MEMBERS = 65_535;

/** Reads a datatype message. @throws FormatInvalid */
export function readDatatype(cursor: Cursor, depth = 0): StoredType {
  if (depth > DEEPEST) throw cursor.damaged('a datatype nested too deep');
  const head = cursor.u8();
  const version = head >> 4;
  if (version < 1 || version > 5) throw cursor.damaged(`version ${version} of a datatype is unknown`);
  const bits = cursor.uint(3);
  const size = cursor.u32();
  const type: { -readonly [K in keyof StoredType]: StoredType[K] } = {
    class: head & 15,
    size,
    isLittleEndian: true,
    isSigned: false,
    isStandard: true,
    padding: 'nul',
    charset: 'ASCII',
    isText: false,
    fields: [],
    members: new Map(),
    base: null,
    dims: [],
  };
  switch (type.class) {
    case CLASS.integer:
    case CLASS.bitfield: {
      type.isLittleEndian = (bits & 1) === 0;
      type.isSigned = type.class === CLASS.integer && (bits & 8) !== 0;
      const [offset, precision] = [cursor.u16(), cursor.u16()];
      type.isStandard = offset === 0 && precision === 8 * size;
      break;
    }
    case CLASS.float:
      type.isLittleEndian = (bits & 1) === 0;
      type.isStandard = isIeee(cursor, size) && (bits & 0x40) === 0;
      break;
    case CLASS.time:
      cursor.skip(2);
      break;
    case CLASS.string:
      type.padding = (bits & 15) === 2 ? 'space' : 'nul';
      type.charset = ((bits >> 4) & 15) === 1 ? 'UTF-8' : 'ASCII';
      break;
    case CLASS.opaque:
      cursor.skip((bits & 0xff) + ((8 - (bits & 7)) & 7));
      break;
    case CLASS.compound:
      type.fields = readFields(cursor, version, bits & 0xffff, size, depth);
      break;
    case CLASS.reference:
      break;
    case CLASS.enumeration:
      type.base = readDatatype(cursor, depth + 1);
      type.isSigned = type.base.isSigned;
      type.isLittleEndian = type.base.isLittleEndian;
      type.members = readMembers(cursor, version, bits & 0xffff, type.base);
      break;
    case CLASS.variableLength:
      type.isText = (bits & 15) === 1;
      type.padding = ((bits >> 4) & 15) === 2 ? 'space' : 'nul';
      type.charset = ((bits >> 8) & 15) === 1 ? 'UTF-8' : 'ASCII';
      type.base = readDatatype(cursor, depth + 1);
      break;
    case CLASS.array: {
      const rank = cursor.u8();
      if (version < 3) cursor.skip(3);
      type.dims = Array.from({ length: rank }, () => cursor.u32());
      if (version < 3) cursor.skip(4 * rank);
      type.base = readDatatype(cursor, depth + 1);
      break;
    }
    default:
      throw cursor.damaged(`datatype class ${type.class} is unknown`);
  }
  return type;
}

/** Half, single or double precision of IEEE 754, told by the places of exponent and mantissa. */
function isIeee(cursor: Cursor, size: number): boolean {
  const [offset, precision] = [cursor.u16(), cursor.u16()];
  const [exponentAt, exponentSize, mantissaAt, mantissaSize] = [cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8()];
  const bias = cursor.u32();
  const known: Readonly<Record<number, readonly number[]>> = {
    2: [10, 5, 10, 15],
    4: [23, 8, 23, 127],
    8: [52, 11, 52, 1023],
  };
  const wanted = known[size];
  return (
    offset === 0 &&
    precision === 8 * size &&
    mantissaAt === 0 &&
    wanted !== undefined &&
    [exponentAt, exponentSize, mantissaSize, bias].every((value, i) => value === wanted[i])
  );
}

function readFields(cursor: Cursor, version: number, count: number, size: number, depth: number): StoredField[] {
  const fields: StoredField[] = [];
  const offsetWidth = size < 2 ** 8 ? 1 : size < 2 ** 16 ? 2 : size < 2 ** 24 ? 3 : 4;
  for (let i = 0; i < Math.min(count, MOST_MEMBERS); i++) {
    const name = readName(cursor, version);
    const offset = version >= 3 ? cursor.uint(offsetWidth) : cursor.u32();
    let dims: number[] = [];
    if (version === 1) {
      const rank = cursor.u8();
      cursor.skip(3 + 4 + 4);
      dims = [cursor.u32(), cursor.u32(), cursor.u32(), cursor.u32()].slice(0, rank);
    }
    const element = readDatatype(cursor, depth + 1);
    const type =
      dims.length === 0
        ? element
        : { ...element, class: CLASS.array, base: element, dims, size: element.size * dims.reduce((a, b) => a * b, 1) };
    if (offset + type.size > size) throw cursor.damaged(`field "${name}" lies outside its record of ${size} bytes`);
    fields.push({ name, offset, type });
  }
  return fields;
}

function readMembers(cursor: Cursor, version: number, count: number, base: StoredType): Map<string, number> {
  const names = Array.from({ length: count }, () => readName(cursor, version));
  const members = new Map<string, number>();
  for (const name of names) {
    const bytes = cursor.bytes(base.size).slice();
    if (!base.isLittleEndian) bytes.reverse();
    let value = 0;
    for (let i = bytes.length - 1; i >= 0; i--) value = value * 256 + bytes[i];
    members.set(name, base.isSigned && bytes[bytes.length - 1] & 0x80 ? value - 2 ** (8 * base.size) : value);
  }
  return members;
}

/** Names are padded to eight bytes before version 3. */
function readName(cursor: Cursor, version: number): string {
  const start = cursor.position;
  const name = cursor.text();
  if (version < 3) cursor.skip((8 - ((cursor.position - start) % 8)) % 8);
  return name;
}
