import { CLASS, type StoredType } from '../hdf5-reader/datatype.ts';

/** Enumerations with more options are only counted. */
const MOST_OPTIONS = 4;

/** A short text for a stored element type: `uint16`, `UTF-8 string`, `(x: float32, y: float32)`. @source h5glance datatypes.py */
export function typeText(type: StoredType): string {
  const size = type.size;
  switch (type.class) {
    case CLASS.integer:
      return numberText(type, `${type.isSigned ? 'int' : 'uint'}${8 * size}`, 'integer');
    case CLASS.float:
      return numberText(type, `float${8 * size}`, 'float');
    case CLASS.time:
      return 'time';
    case CLASS.string:
      return `${size}-byte ${type.charset} string`;
    case CLASS.bitfield:
      return `${size}-byte bitfield`;
    case CLASS.opaque:
      return `${size}-byte opaque`;
    case CLASS.compound:
      return compoundText(type);
    case CLASS.reference:
      return size > 8 ? 'region ref' : 'object ref';
    case CLASS.enumeration:
      return type.members.size > MOST_OPTIONS
        ? `enum (${type.members.size} options)`
        : `enum ${[...type.members.keys()].join(', ')}`;
    case CLASS.variableLength:
      return type.isText ? `${type.charset} string` : `vlen array of ${type.base ? typeText(type.base) : 'unknown'}`;
    case CLASS.array:
      return `${shapeText(type.dims)} array of ${type.base ? typeText(type.base) : 'unknown'}`;
    default:
      return `unrecognised ${size}-byte datatype`;
  }
}

function numberText(type: StoredType, name: string, kind: string): string {
  if (!type.isStandard) return `custom ${type.size}-byte ${kind}`;
  return type.isLittleEndian || type.size === 1 ? name : `${name} (big-endian)`;
}

/** h5py stores complex numbers as records of `r` and `i`. */
function compoundText({ fields, size }: StoredType): string {
  const isComplex =
    fields.length === 2 && fields[0].name === 'r' && fields[1].name === 'i' && fields[0].type.class === CLASS.float;
  if (isComplex) return `complex${8 * size}`;
  return `(${fields.map((field) => `${field.name}: ${typeText(field.type)}`).join(', ')})`;
}

/** `512 × 128`; `scalar` for a single value, `empty` for none; `Unlimited` for an axis without end. */
export function shapeText(shape: readonly (number | null)[] | null): string {
  if (shape === null) return 'empty';
  return shape.length === 0 ? 'scalar' : shape.map((length) => length ?? 'Unlimited').join(' × ');
}
