import { type DType, dtypeOfTypeString, isDType } from '../core/dtype.ts';
import { MessageInvalid } from '../core/errors.ts';
import { decodeMsgpack, encodeMsgpack, MsgpackMap, type MsgpackValue } from './msgpack.ts';

/** One array as it is on the wire. */
export interface BridgeArray {
  readonly path: string;
  /** numpy's text for the dtype: `float32`, `>u2`, `<U4`, `|S8`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** C-order bytes, in the byte order that `dtype` says (else the sender's: little-endian); a view on the message. */
  readonly bytes: Uint8Array;
}

/** What a message says of one source. */
export interface BridgeSource {
  readonly source: string;
  /** From the header; null where it has none (protocol 2.0, 2.1). */
  readonly metadata: MsgpackMap | null;
  readonly data: MsgpackMap;
  readonly arrays: readonly BridgeArray[];
}

/** More dimensions than numpy allows. */
const MAX_RANK = 32;
const NAMED_SIZES: Readonly<Record<string, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  float128: 16,
  longdouble: 16,
  complex64: 8,
  complex128: 16,
  complex256: 32,
};
/** Other words that numpy takes for a dtype, and its one-letter codes. */
const ALIASES: Readonly<Record<string, string>> = {
  half: 'float16',
  single: 'float32',
  double: 'float64',
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

/** Bytes of one element of a numpy dtype text, or null for a dtype that no array on the wire may have. */
export function wireItemSize(dtype: string): number | null {
  if (Object.hasOwn(ALIASES, dtype)) return NAMED_SIZES[ALIASES[dtype]];
  if (Object.hasOwn(NAMED_SIZES, dtype)) return NAMED_SIZES[dtype];
  const [, letter, digits] = /^[<>|=]?([biufcUSV])(\d{1,9})$/.exec(dtype) ?? [];
  if (letter === undefined) return null;
  const size = Number(digits);
  if (letter in CHARACTER_BYTES) return CHARACTER_BYTES[letter] * size || null;
  return LETTER_SIZES[letter].includes(size) ? size : null;
}

/** Our element type for a numpy dtype text, and whether its bytes must be swapped; null if we have none (text, records, long double). */
export function elementTypeOf(
  dtype: string,
): { readonly dtype: Exclude<DType, 'string'>; readonly isBigEndian: boolean } | null {
  const name = Object.hasOwn(ALIASES, dtype) ? ALIASES[dtype] : dtype;
  const ours = isDType(name) ? name : dtypeOfTypeString(dtype);
  return ours && ours !== 'string' ? { dtype: ours, isBigEndian: dtype.startsWith('>') } : null;
}

const invalid = (part: number, why: string, details: object = {}) =>
  new MessageInvalid(`Bridge message, part ${part}: ${why}.`, { part, ...details });

function decodePart(bytes: Uint8Array, part: number): MsgpackValue {
  try {
    return decodeMsgpack(bytes);
  } catch (cause) {
    if (!(cause instanceof MessageInvalid)) throw cause;
    throw new MessageInvalid(`Bridge message, part ${part}: ${cause.message}`, { part, ...cause.details }, { cause });
  }
}

/** Every key in a bridge message is text; Python's client refuses anything else too. */
function checkKeys(value: MsgpackValue, part: number): void {
  if (Array.isArray(value)) for (const entry of value) checkKeys(entry, part);
  if (!(value instanceof MsgpackMap)) return;
  for (const [key, entry] of value.entries) {
    if (typeof key !== 'string' && !(key instanceof Uint8Array))
      throw invalid(part, `a map key is ${key === null ? 'nil' : typeof key}, only text is allowed`);
    checkKeys(entry, part);
  }
}

function textField(header: MsgpackMap, field: string, part: number): string {
  const value = header.get(field);
  if (typeof value !== 'string')
    throw invalid(part, `the header has ${value === undefined ? 'no' : 'a wrong'} "${field}" (text expected)`);
  return value;
}

function shapeField(header: MsgpackMap, part: number): number[] {
  const shape = header.get('shape');
  if (!Array.isArray(shape)) throw invalid(part, 'the header has no "shape" list');
  if (shape.length > MAX_RANK) throw invalid(part, `${shape.length} dimensions, ${MAX_RANK} are allowed`);
  return shape.map((length) => {
    if (typeof length !== 'bigint' || length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) {
      const got = typeof length === 'number' ? `the float ${length}` : String(length);
      throw invalid(part, `an axis length is ${got}, a whole number >= 0 is needed`);
    }
    return Number(length);
  });
}

function readArray(header: MsgpackMap, bytes: Uint8Array, part: number): BridgeArray {
  const dtype = textField(header, 'dtype', part);
  const itemSize = wireItemSize(dtype);
  if (itemSize === null)
    throw invalid(part, `dtype "${dtype}" cannot be received (objects and records are not allowed)`);
  const shape = shapeField(header, part);
  // BigInt: a hostile shape must not overflow into a size that fits.
  const expected = shape.reduce((product, length) => product * BigInt(length), BigInt(itemSize));
  if (expected !== BigInt(bytes.length))
    throw invalid(part + 1, `array ${dtype} [${shape}] needs ${expected} bytes, got ${bytes.length}`);
  return { path: textField(header, 'path', part), dtype, shape, bytes };
}

interface SourceDraft {
  metadata: MsgpackMap | null;
  data: MsgpackMap;
  arrays: BridgeArray[];
}

/**
 * Reads a message of protocol 2.2 (also 2.0 and 2.1): pairs of header and data. Nothing is copied.
 * @param parts the parts of one ZeroMQ message
 * @throws MessageInvalid with `part` and, inside msgpack, `offset`; for a single part with the text a server sent, or that
 * the bridge speaks protocol 1.0
 * @source Karabo bridge protocol 2.2
 */
export function decodeBridgeMessage(parts: readonly Uint8Array[]): BridgeSource[] {
  if (parts.length === 0) throw invalid(0, 'the message is empty');
  if (parts.length === 1) throw singlePart(parts[0]);
  if (parts.length % 2 !== 0) throw invalid(parts.length - 1, `${parts.length} parts; headers and data come in pairs`);
  const sources = new Map<string, SourceDraft>();
  for (let part = 0; part < parts.length; part += 2) {
    const header = decodePart(parts[part], part);
    if (!(header instanceof MsgpackMap)) throw invalid(part, 'the header is not a map');
    checkKeys(header, part);
    const source = textField(header, 'source', part);
    const content = textField(header, 'content', part);
    if (content === 'msgpack') {
      const data = decodePart(parts[part + 1], part + 1);
      if (!(data instanceof MsgpackMap)) throw invalid(part + 1, `the data of ${source} is not a map`);
      checkKeys(data, part + 1);
      const metadata = header.get('metadata');
      if (metadata !== undefined && !(metadata instanceof MsgpackMap))
        throw invalid(part, `the metadata of ${source} is not a map`);
      // A second one of the same source starts it anew, as Python's dict assignment does.
      sources.set(source, { metadata: metadata ?? null, data, arrays: [] });
    } else if (content === 'array' || content === 'ImageData') {
      const draft = sources.get(source);
      if (!draft) throw invalid(part, `an array of ${source} comes before the source itself`);
      draft.arrays.push(readArray(header, parts[part + 1], part));
    } else {
      throw invalid(part, `content "${content}" is unknown (msgpack or array expected)`);
    }
  }
  return [...sources].map(([source, draft]) => ({ source, ...draft }));
}

/** A single part is a server's complaint in plain text, or the older protocol. */
function singlePart(part: Uint8Array): MessageInvalid {
  const text = new TextDecoder().decode(part.slice(0, 500));
  // U+FFFD stands for bytes that are no text, or for a character cut at byte 500.
  if (/^[^\p{C}\ufffd]{3,}\ufffd?$/u.test(text.trim()) && !text.startsWith('\ufffd'))
    return new MessageInvalid(`The bridge server says: ${text.trim()}`, { part: 0, text });
  const isMap = part.length > 0 && ((part[0] & 0xf0) === 0x80 || part[0] === 0xde || part[0] === 0xdf);
  return isMap
    ? invalid(0, 'it is the only one: the bridge speaks protocol 1.0; set the bridge to 2.2')
    : invalid(0, 'it is the only one, and no bridge message. Check that the endpoint is a Karabo bridge');
}

/**
 * Writes a message of protocol 2.2; arrays are handed on as they are, not copied. The order of sources and keys is kept
 * (Python's server sorts its sources by name: sort before if bytes must be equal).
 */
export function encodeBridgeMessage(sources: readonly BridgeSource[]): Uint8Array[] {
  return sources.flatMap(({ source, metadata, data, arrays }) => [
    encodeMsgpack(
      new MsgpackMap([
        ['source', source],
        ['content', 'msgpack'],
        ...(metadata ? ([['metadata', metadata]] as const) : []),
      ]),
    ),
    encodeMsgpack(data),
    ...arrays.flatMap(({ path, dtype, shape, bytes }) => [
      encodeMsgpack(
        new MsgpackMap([
          ['source', source],
          ['content', 'array'],
          ['path', path],
          ['dtype', dtype],
          ['shape', shape.map(BigInt)],
        ]),
      ),
      bytes,
    ]),
  ]);
}
