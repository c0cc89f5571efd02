import { decodeFloat16 } from '../core/dtype.ts';
import { whyNotReceived, wireDtypeText, wireItemSize, wireTypeString } from './bridge-dtype.ts';
import type { BridgeArray } from './bridge-source.ts';
import { MsgpackMap, type MsgpackValue } from './msgpack.ts';

/** A numpy value inside a message of protocol 1.0: an array or scalar by its bytes, or Python's complex number. */
export type NumpyValue =
  | { readonly kind: 'array' | 'scalar'; readonly array: Omit<BridgeArray, 'path'> }
  | { readonly kind: 'complex'; readonly parts: readonly [number, number] };

/** What is wrong with a numpy value; the caller knows where in the message it is. */
export class NumpyRefusal extends Error {
  /** A view on the message where the complaint is. */
  at: Uint8Array | null;

  constructor(why: string, at: Uint8Array | null = null) {
    super(why);
    this.at = at;
  }
}

/** More dimensions than numpy allows. */
export const MAX_RANK = 32;
/** Nothing else has few enough pairs to be one; a map with more is not even looked at. */
const MAX_PAIRS = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const [ND, TYPE, KIND, SHAPE, DATA, COMPLEX] = ['nd', 'type', 'kind', 'shape', 'data', 'complex'].map((key) =>
  encoder.encode(key),
);
const NO_KIND = new Uint8Array(0);
const RECORDS = encoder.encode('V');

/** The value of a byte key: as text it would be another key. */
function field(map: MsgpackMap, key: Uint8Array): MsgpackValue | undefined {
  for (const [each, value] of map.entries)
    if (each instanceof Uint8Array && each.length === key.length && each.every((byte, i) => byte === key[i]))
      return value;
  return undefined;
}

/**
 * The numpy value that a map of protocol 1.0 stands for, or null if it is just a map. Arrays are views on the message.
 * Pickled objects are never executed.
 * @throws NumpyRefusal saying why the value cannot be read
 * @source msgpack_numpy 0.4.8: what it writes for arrays (`nd`, `type`, `kind`, `shape`, `data`), scalars and complex
 */
export function numpyOf(map: MsgpackMap): NumpyValue | null {
  try {
    return readNumpy(map);
  } catch (error) {
    if (error instanceof NumpyRefusal) error.at ??= map.entries.find(isByteKey)?.[0] as Uint8Array;
    throw error;
  }
}

const isByteKey = ([key]: readonly [MsgpackValue, MsgpackValue]) => key instanceof Uint8Array;

function readNumpy(map: MsgpackMap): NumpyValue | null {
  if (map.entries.length > MAX_PAIRS) return null;
  const isArray = field(map, ND);
  if (isArray === undefined) {
    if (field(map, COMPLEX) === undefined) return null;
    return { kind: 'complex', parts: complexOf(field(map, DATA)) };
  }
  if (typeof isArray !== 'boolean') throw new NumpyRefusal('a numpy value says neither array nor scalar ("nd")');
  const kind = field(map, KIND);
  if (textOf(kind) === 'O')
    throw new NumpyRefusal(
      "an array of Python objects comes as a pickle, which is never executed: send text as a list, numbers in numpy's types",
      bytesField(map, false),
    );
  const { dtype, itemSize, fields } = elementOf(field(map, TYPE));
  const shape = isArray ? shapeOf(field(map, SHAPE)) : [];
  const bytes = bytesField(map, isArray);
  // BigInt: a hostile shape must not overflow into a size that fits.
  const expected = shape.reduce((product, length) => product * BigInt(length), BigInt(itemSize));
  if (expected !== BigInt(bytes.length))
    throw new NumpyRefusal(`array ${dtype} [${shape}] needs ${expected} bytes, got ${bytes.length}`, bytes);
  return { kind: isArray ? 'array' : 'scalar', array: { dtype, shape, bytes, ...(fields ? { fields } : {}) } };
}

function textOf(value: MsgpackValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (!(value instanceof Uint8Array)) return undefined;
  try {
    return decoder.decode(value.slice());
  } catch {
    return undefined;
  }
}

/** @param isArray of an array of numpy with a mask, the data is an array map once more */
function bytesField(map: MsgpackMap, isArray: boolean): Uint8Array {
  const data = field(map, DATA);
  if (data instanceof Uint8Array) return data;
  const inner = isArray && data instanceof MsgpackMap ? numpyOf(data) : null;
  if (inner?.kind === 'array') return inner.array.bytes;
  throw new NumpyRefusal(`a numpy value has ${data === undefined ? 'no' : 'wrong'} "data" (bytes expected)`);
}

function shapeOf(shape: MsgpackValue | undefined): number[] {
  if (!Array.isArray(shape)) throw new NumpyRefusal('a numpy array has no "shape" list');
  if (shape.length > MAX_RANK) throw new NumpyRefusal(`${shape.length} dimensions, ${MAX_RANK} are allowed`);
  return shape.map((length) => {
    if (typeof length !== 'bigint' || length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) {
      const got = typeof length === 'number' ? `the float ${length}` : String(length);
      throw new NumpyRefusal(`an axis length is ${got}, a whole number >= 0 is needed`);
    }
    return Number(length);
  });
}

function elementOf(type: MsgpackValue | undefined): { dtype: string; itemSize: number; fields?: MsgpackValue } {
  if (Array.isArray(type)) {
    const { size, text } = recordOf(type);
    const [only, ...others] = type as MsgpackValue[][];
    // Raw bytes without fields are written as a record with one nameless field.
    if (others.length === 0 && only.length === 2 && only[0] === '')
      return { dtype: String(textOf(only[1])), itemSize: size };
    return { dtype: text, itemSize: size, fields: type };
  }
  const typeString = textOf(type);
  if (typeString === undefined) throw new NumpyRefusal('a numpy value has no "type" text');
  const itemSize = wireItemSize(typeString);
  if (itemSize === null)
    throw new NumpyRefusal(`dtype "${typeString}" cannot be received (${whyNotReceived(typeString)})`);
  return { dtype: wireDtypeText(typeString), itemSize };
}

/** Bytes of a record and numpy's text for it. Fields are lists of name, type and (for an array) shape. */
function recordOf(fields: readonly MsgpackValue[]): { size: number; text: string } {
  let size = 0;
  const texts = fields.map((each) => {
    if (!Array.isArray(each) || each.length < 2 || each.length > 3)
      throw new NumpyRefusal('a record has a field that is not a list of name, type and shape');
    const [name, type, shape] = each as readonly MsgpackValue[];
    const label = Array.isArray(name) ? textOf(name[1]) : textOf(name);
    const lengths = shape === undefined ? [] : shapeOf(Array.isArray(shape) ? shape : [shape]);
    const inner = Array.isArray(type) ? recordOf(type) : elementText(type);
    size += lengths.reduce((product, length) => product * length, inner.size);
    const suffix = shape === undefined ? '' : `, (${lengths.join(', ')}${lengths.length === 1 ? ',' : ''})`;
    return `('${label}', ${inner.text}${suffix})`;
  });
  if (!(size > 0 && Number.isSafeInteger(size))) throw new NumpyRefusal(`a record of ${size} bytes is impossible`);
  return { size, text: `[${texts.join(', ')}]` };
}

function elementText(type: MsgpackValue): { size: number; text: string } {
  const { dtype, itemSize } = elementOf(type);
  return { size: itemSize, text: `'${wireTypeString(dtype).replace(/^\|/, '')}'` };
}

const NUMBER = '(?:\\d+\\.?\\d*(?:e[+-]?\\d+)?|inf|nan)';
const COMPLEX_TEXT = new RegExp(`^\\(?([+-]?${NUMBER}(?=[+-]))?([+-]?${NUMBER})j\\)?$`, 'i');
function complexOf(data: MsgpackValue | undefined): [number, number] {
  const [, real, imaginary] = COMPLEX_TEXT.exec(textOf(data) ?? '') ?? [];
  if (imaginary === undefined) throw new NumpyRefusal('a complex number is not written as Python writes them');
  const number = (text = '0') => Number(text.replace(/inf/i, 'Infinity'));
  return [number(real), number(imaginary)];
}

/** A numpy array as the map that protocol 1.0 has for it. @source msgpack_numpy 0.4.8 */
export function numpyMap({ dtype, shape, bytes, fields }: Omit<BridgeArray, 'path'>): MsgpackMap {
  const typeString = wireTypeString(dtype);
  const isRaw = /^\|?V\d+$/.test(typeString);
  const type = fields ?? (isRaw ? [['', typeString]] : typeString);
  return new MsgpackMap([
    [ND, true],
    [TYPE, type],
    [KIND, Array.isArray(type) ? RECORDS : NO_KIND],
    [SHAPE, shape.map(BigInt)],
    [DATA, bytes],
  ]);
}

/**
 * A value of protocol 1.0 without anything of numpy, as protocol 2 can carry it inside its maps: arrays as lists, scalars as
 * numbers, complex numbers as pairs, records as bytes.
 */
export function plainValue(value: MsgpackValue): MsgpackValue {
  if (Array.isArray(value)) return value.map(plainValue);
  if (!(value instanceof MsgpackMap)) return value;
  const numpy = numpyOf(value);
  if (!numpy) return new MsgpackMap(value.entries.map(([key, entry]) => [key, plainValue(entry)]));
  if (numpy.kind === 'complex') return numpy.parts;
  const elements = elementsOf(numpy.array);
  return elements ? nested(elements, numpy.array.shape) : numpy.array.bytes;
}

function nested(elements: readonly MsgpackValue[], [length, ...shape]: readonly number[]): MsgpackValue {
  if (length === undefined) return elements[0];
  // Also a shape such as [1e15, 0] has no elements.
  if (elements.length === 0) return [];
  const step = elements.length / length;
  return Array.from({ length }, (_, i) => nested(elements.slice(i * step, (i + 1) * step), shape));
}

/** Elements of an array as plain values, in C order; null if they have no plain form (records, long double, raw bytes). */
export function elementsOf({ dtype, bytes }: Pick<BridgeArray, 'dtype' | 'bytes'>): MsgpackValue[] | null {
  const typeString = wireTypeString(dtype);
  const [, letter, digits] = /^[<>|=]?([biufcUS])(\d+)$/.exec(typeString) ?? [];
  const itemSize = wireItemSize(typeString);
  if (letter === undefined || itemSize === null) return null;
  const isLittle = !typeString.startsWith('>');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const float = (at: number, size: number): number => {
    if (size === 2) return decodeFloat16(view.getUint16(at, isLittle));
    return size === 4 ? view.getFloat32(at, isLittle) : view.getFloat64(at, isLittle);
  };
  const element = (at: number): MsgpackValue => {
    switch (letter) {
      case 'b':
        return bytes[at] !== 0;
      case 'f':
        return float(at, itemSize);
      case 'c':
        return [float(at, itemSize / 2), float(at + itemSize / 2, itemSize / 2)];
      case 'U':
      case 'S':
        return textAt(view, at, Number(digits), letter === 'U', isLittle);
      default:
        return integerAt(view, at, itemSize, letter === 'i', isLittle);
    }
  };
  if ((letter === 'f' && itemSize > 8) || (letter === 'c' && itemSize > 16)) return null;
  return Array.from({ length: bytes.length / itemSize }, (_, i) => element(i * itemSize));
}

function integerAt(view: DataView, at: number, size: number, isSigned: boolean, isLittle: boolean): bigint {
  if (size === 8) return isSigned ? view.getBigInt64(at, isLittle) : view.getBigUint64(at, isLittle);
  if (size === 4) return BigInt(isSigned ? view.getInt32(at, isLittle) : view.getUint32(at, isLittle));
  if (size === 2) return BigInt(isSigned ? view.getInt16(at, isLittle) : view.getUint16(at, isLittle));
  return BigInt(isSigned ? view.getInt8(at) : view.getUint8(at));
}

/** A fixed-length text of numpy: `length` characters (UCS-4) or bytes, padded with NULs. */
export function textAt(view: DataView, at: number, length: number, isUcs4: boolean, isLittle: boolean): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    const code = isUcs4 ? view.getUint32(at + 4 * i, isLittle) : view.getUint8(at + i);
    text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return text.replace(/\0+$/, '');
}
