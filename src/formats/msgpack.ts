import { MessageInvalid } from '../core/errors.ts';
import { decodeKey, decodeText } from './msgpack-text.ts';

/**
 * What msgpack can say, without loss: integers are `bigint`, floats are `number`, text is `string`, bytes are
 * `Uint8Array` (a view on the input). Maps keep their order and any kind of key.
 */
export type MsgpackValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly MsgpackValue[]
  | MsgpackMap
  | MsgpackExtension;

/** A map as its pairs, in order. Text keys and byte keys are different keys. */
export class MsgpackMap {
  readonly entries: readonly (readonly [MsgpackValue, MsgpackValue])[];

  constructor(entries: readonly (readonly [MsgpackValue, MsgpackValue])[]) {
    this.entries = entries;
  }

  /** The value of the last pair with this text key, as Python's dict keeps it; undefined if there is none. */
  get(key: string): MsgpackValue | undefined {
    for (let i = this.entries.length - 1; i >= 0; i--) if (this.entries[i][0] === key) return this.entries[i][1];
    return undefined;
  }
}

/** An extension value: its type code, and bytes that mean what the code says. Kept as it is, never executed. */
export class MsgpackExtension {
  readonly code: number;
  readonly bytes: Uint8Array;

  constructor(code: number, bytes: Uint8Array) {
    this.code = code;
    this.bytes = bytes;
  }
}

/** What the decoder puts up with. */
export interface MsgpackLimits {
  /** Deeper nesting is hostile; 256 unless told, Python's client stops at 1024. */
  readonly maxDepth?: number;
  /** More values than any message has; each takes some 30 times its bytes here, so their number bounds the memory. */
  readonly maxValues?: number;
}

/** How to decode. */
export interface MsgpackOptions extends MsgpackLimits {
  /** `text`: a map key that is neither text nor bytes is an error. */
  readonly keys?: 'any' | 'text';
}

const MAX_DEPTH = 256;
const MAX_VALUES = 4_000_000;
/** More would overflow the stack of this program. */
const DEEPEST = 2048;
/** Integers that are in one byte: from -32 to 127, and so on up to 255. */
const SMALL = Array.from({ length: 256 + 32 }, (_, i) => BigInt(i - 32));

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #maxDepth: number;
  readonly #maxValues: number;
  readonly #isTextOnly: boolean;
  #values = 0;
  offset = 0;

  constructor(bytes: Uint8Array, { maxDepth = MAX_DEPTH, maxValues = MAX_VALUES, keys = 'any' }: MsgpackOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxDepth = Math.min(maxDepth, DEEPEST);
    this.#maxValues = maxValues;
    this.#isTextOnly = keys === 'text';
  }

  fail(why: string, offset = this.offset): never {
    throw new MessageInvalid(`msgpack: ${why} at byte ${offset} of ${this.#bytes.length}.`, { offset });
  }

  /** Moves on by `count` bytes and returns where they start. */
  #take(count: number): number {
    const start = this.offset;
    if (count > this.#bytes.length - start) this.fail(`${count} bytes announced, ${this.#bytes.length - start} left`);
    this.offset += count;
    return start;
  }

  #uint(size: 1 | 2 | 4): number {
    const at = this.#take(size);
    return size === 1 ? this.#bytes[at] : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #bin(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #str(length: number, isKey = false): string {
    const at = this.#take(length);
    try {
      return isKey ? decodeKey(this.#bytes, this.#view, at, length) : decodeText(this.#bytes, at, length);
    } catch {
      return this.fail('text that is not UTF-8', at);
    }
  }

  #ext(length: number): MsgpackExtension {
    const code = this.#view.getInt8(this.#take(1));
    return new MsgpackExtension(code, this.#bin(length));
  }

  /** Each element takes a byte at least, so a count beyond the rest of the message is a lie: no memory is taken for it. */
  #checkCount(count: number, bytesEach: number): void {
    if (count * bytesEach > this.#bytes.length - this.offset)
      this.fail(`${count} elements announced, ${this.#bytes.length - this.offset} bytes left`);
  }

  #array(count: number, depth: number): MsgpackValue[] {
    this.#checkCount(count, 1);
    const values: MsgpackValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.value(depth + 1));
    return values;
  }

  #map(count: number, depth: number): MsgpackMap {
    this.#checkCount(count, 2);
    const entries: [MsgpackValue, MsgpackValue][] = [];
    for (let i = 0; i < count; i++) {
      const key = this.#key(depth + 1);
      entries.push([key, this.value(depth + 1)]);
    }
    return new MsgpackMap(entries);
  }

  #key(depth: number): MsgpackValue {
    const start = this.offset;
    const form = this.#bytes[start];
    if (form >= 0xa0 && form <= 0xbf) {
      this.offset++;
      this.#count();
      return this.#str(form & 0x1f, true);
    }
    if (form === 0xd9) {
      this.offset++;
      this.#count();
      return this.#str(this.#uint(1), true);
    }
    const key = this.value(depth);
    if (this.#isTextOnly && typeof key !== 'string' && !(key instanceof Uint8Array))
      this.fail(`a map key is ${keyKind(key)}, only text is allowed`, start);
    return key;
  }

  #count(): void {
    if (++this.#values > this.#maxValues) this.fail(`more than ${this.#maxValues} values`);
  }

  value(depth: number): MsgpackValue {
    if (depth > this.#maxDepth) this.fail(`nested more than ${this.#maxDepth} deep`);
    this.#count();
    const start = this.offset;
    const form = this.#uint(1);
    if (form <= 0x7f) return SMALL[form + 32];
    if (form <= 0x8f) return this.#map(form & 0x0f, depth);
    if (form <= 0x9f) return this.#array(form & 0x0f, depth);
    if (form <= 0xbf) return this.#str(form & 0x1f);
    if (form >= 0xe0) return SMALL[form - 224];
    switch (form) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#bin(this.#uint(1));
      case 0xc5:
        return this.#bin(this.#uint(2));
      case 0xc6:
        return this.#bin(this.#uint(4));
      case 0xc7:
        return this.#ext(this.#uint(1));
      case 0xc8:
        return this.#ext(this.#uint(2));
      case 0xc9:
        return this.#ext(this.#uint(4));
      case 0xca:
        return this.#view.getFloat32(this.#take(4));
      case 0xcb:
        return this.#view.getFloat64(this.#take(8));
      case 0xcc:
        return SMALL[this.#uint(1) + 32];
      case 0xcd:
        return BigInt(this.#uint(2));
      case 0xce:
        return BigInt(this.#uint(4));
      case 0xcf:
        return this.#view.getBigUint64(this.#take(8));
      case 0xd0:
        return BigInt(this.#view.getInt8(this.#take(1)));
      case 0xd1:
        return BigInt(this.#view.getInt16(this.#take(2)));
      case 0xd2:
        return BigInt(this.#view.getInt32(this.#take(4)));
      case 0xd3:
        return this.#view.getBigInt64(this.#take(8));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#ext(2 ** (form - 0xd4));
      case 0xd9:
        return this.#str(this.#uint(1));
      case 0xda:
        return this.#str(this.#uint(2));
      case 0xdb:
        return this.#str(this.#uint(4));
      case 0xdc:
        return this.#array(this.#uint(2), depth);
      case 0xdd:
        return this.#array(this.#uint(4), depth);
      case 0xde:
        return this.#map(this.#uint(2), depth);
      case 0xdf:
        return this.#map(this.#uint(4), depth);
      default:
        return this.fail(`the reserved byte 0x${form.toString(16)}`, start);
    }
  }
}

/** What a key is, in the words of the format. */
function keyKind(key: MsgpackValue): string {
  if (key === null) return 'nil';
  if (typeof key === 'bigint') return 'an integer';
  if (typeof key === 'number') return 'a float';
  if (typeof key === 'boolean') return 'a boolean';
  return Array.isArray(key) ? 'a list' : key instanceof MsgpackMap ? 'a map' : 'an extension';
}

/**
 * Reads exactly one value.
 * @throws MessageInvalid with the byte offset: truncated, trailing bytes, invalid UTF-8, nested too deep, too many values,
 * lengths that lie
 * @source msgpack specification (github.com/msgpack/msgpack, spec.md)
 */
export function decodeMsgpack(bytes: Uint8Array, options: MsgpackOptions = {}): MsgpackValue {
  const reader = new Reader(bytes, options);
  const value = reader.value(0);
  if (reader.offset !== bytes.length) reader.fail(`${bytes.length - reader.offset} bytes after the value`);
  return value;
}
