import { type DType, dtypeOfTypeString, isDType } from '../core/dtype.ts';

/** Names that numpy gives to dtypes in the machine's own byte order, and the type strings that go with them. */
const TYPE_STRINGS: Readonly<Record<string, string>> = {
  bool: '|b1',
  int8: '|i1',
  int16: '<i2',
  int32: '<i4',
  int64: '<i8',
  uint8: '|u1',
  uint16: '<u2',
  uint32: '<u4',
  uint64: '<u8',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
  float96: '<f12',
  float128: '<f16',
  complex64: '<c8',
  complex128: '<c16',
  complex192: '<c24',
  complex256: '<c32',
};
const NAMES = new Map(Object.entries(TYPE_STRINGS).map(([name, typeString]) => [typeString.slice(1), name]));
/** Other words that numpy takes for a dtype, and its one-letter codes. */
const ALIASES: Readonly<Record<string, string>> = {
  half: 'float16',
  single: 'float32',
  double: 'float64',
  longdouble: 'float128',
  clongdouble: 'complex256',
  '?': 'bool',
  b: 'int8',
  B: 'uint8',
  h: 'int16',
  H: 'uint16',
  i: 'int32',
  I: 'uint32',
  q: 'int64',
  Q: 'uint64',
  e: 'float16',
  f: 'float32',
  d: 'float64',
  F: 'complex64',
  D: 'complex128',
};
/** Sizes that numpy's short type letters go with; of text and raw bytes any but 0, in characters of so many bytes. */
const LETTER_SIZES: Readonly<Record<string, readonly number[]>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8, 12, 16],
  c: [8, 16, 24, 32],
};
const CHARACTER_BYTES: Readonly<Record<string, number>> = { U: 4, S: 1, V: 1 };

/** A name or alias as numpy's name; anything else as it is. */
function nameOf(dtype: string): string {
  return Object.hasOwn(ALIASES, dtype) ? ALIASES[dtype] : dtype;
}

/** Bytes of one element of a numpy dtype text, or null for a dtype that no array on the wire may have. */
export function wireItemSize(dtype: string): number | null {
  const [, letter, digits] = /^[<>|=]?([biufcUSV])(\d{1,9})$/.exec(wireTypeString(dtype)) ?? [];
  if (letter === undefined) return null;
  const size = Number(digits);
  if (letter in CHARACTER_BYTES) return CHARACTER_BYTES[letter] * size || null;
  return LETTER_SIZES[letter].includes(size) ? size : null;
}

/** numpy's type string of a dtype text: `float32` -> `<f4`, `=i2` -> `<i2`, `>u2` as it is. */
export function wireTypeString(dtype: string): string {
  const name = nameOf(dtype);
  if (Object.hasOwn(TYPE_STRINGS, name)) return TYPE_STRINGS[name];
  const [, order, code] = /^([<>|=]?)([biufcUSV]\d+)$/.exec(dtype) ?? [];
  if (code === undefined) return dtype;
  if (/^[SV]|^[biu]1$/.test(code)) return `|${code}`;
  return `${order === '>' ? '>' : '<'}${code}`;
}

/** numpy's text for the dtype of a type string: `<f4` -> `float32`, `>u2`, `|S3` and `<U2` as they are. */
export function wireDtypeText(typeString: string): string {
  const full = wireTypeString(typeString);
  return (full.startsWith('>') ? undefined : NAMES.get(full.slice(1))) ?? full;
}

/** Our element type for a numpy dtype text, and whether its bytes must be swapped; null if we have none (text, records, long double). */
export function elementTypeOf(
  dtype: string,
): { readonly dtype: Exclude<DType, 'string'>; readonly isBigEndian: boolean } | null {
  const name = nameOf(dtype);
  const ours = isDType(name) ? name : dtypeOfTypeString(dtype);
  return ours && ours !== 'string' ? { dtype: ours, isBigEndian: dtype.startsWith('>') } : null;
}

/** Why arrays of a dtype are refused, in words for the one who sends them. */
export function whyNotReceived(dtype: string): string {
  if (/^(datetime64|timedelta64)|^[<>|=]?[mM]\d/.test(dtype))
    return 'dates have no type of their own in a message: send them as int64';
  if (dtype === 'object' || /^[|]?O\d*$/.test(dtype))
    return "objects are not allowed, they are the sender's pickles or pointers: send text as a list";
  if (dtype.startsWith('[') || dtype.startsWith('{'))
    return 'records are not allowed in protocol 2: send each field as an array of its own';
  return 'no numpy type of that name is known';
}
