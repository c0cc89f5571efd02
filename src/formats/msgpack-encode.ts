import { MessageInvalid } from '../core/errors.ts';
import { MsgpackExtension, MsgpackMap, type MsgpackValue } from './msgpack.ts';

/** Bytes of this length are not put into the writer's own buffer: they are a piece of their own. */
const LONG_BYTES = 4096;

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** What comes before the buffer. */
  readonly #done: Uint8Array[] = [];
  readonly #text = new TextEncoder();

  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  /** One byte; negative ones as two's complement. */
  #byte(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  #raw(bytes: Uint8Array): void {
    if (bytes.length >= LONG_BYTES) {
      this.#done.push(this.#bytes.slice(0, this.#length), bytes);
      this.#length = 0;
      return;
    }
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #head(form: number, length: number, size: 1 | 2 | 4): void {
    const at = this.#room(1 + size);
    this.#view.setUint8(at, form);
    if (size === 1) this.#view.setUint8(at + 1, length);
    else if (size === 2) this.#view.setUint16(at + 1, length);
    else this.#view.setUint32(at + 1, length);
  }

  /** The smallest of up to three forms for a length; `form8` 0 = there is no such form. */
  #sized(length: number, form8: number, form16: number): void {
    if (length > 0xffffffff) throw new MessageInvalid(`msgpack: ${length} elements are more than 32 bits can count.`);
    if (form8 && length <= 0xff) this.#head(form8, length, 1);
    else if (length <= 0xffff) this.#head(form16, length, 2);
    else this.#head(form16 + 1, length, 4);
  }

  #int(value: bigint): void {
    if (value >= 0n) {
      if (value <= 0x7fn) this.#byte(Number(value));
      else if (value <= 0xffn) this.#head(0xcc, Number(value), 1);
      else if (value <= 0xffffn) this.#head(0xcd, Number(value), 2);
      else if (value <= 0xffffffffn) this.#head(0xce, Number(value), 4);
      else if (value < 2n ** 64n) this.#long(0xcf, value);
      else throw new MessageInvalid(`msgpack: ${value} has more than 64 bits.`);
    } else if (value >= -32n) this.#byte(Number(value));
    else if (value >= -0x80n) this.#head(0xd0, Number(value) & 0xff, 1);
    else if (value >= -0x8000n) this.#head(0xd1, Number(value) & 0xffff, 2);
    else if (value >= -0x80000000n) this.#head(0xd2, Number(value) >>> 0, 4);
    else if (value >= -(2n ** 63n)) this.#long(0xd3, value);
    else throw new MessageInvalid(`msgpack: ${value} has more than 64 bits.`);
  }

  #long(form: number, value: bigint): void {
    const at = this.#room(9);
    this.#view.setUint8(at, form);
    this.#view.setBigUint64(at + 1, BigInt.asUintN(64, value));
  }

  write(value: MsgpackValue): void {
    if (value === null) this.#byte(0xc0);
    else if (typeof value === 'boolean') this.#byte(value ? 0xc3 : 0xc2);
    else if (typeof value === 'bigint') this.#int(value);
    else if (typeof value === 'number') {
      const at = this.#room(9);
      this.#view.setUint8(at, 0xcb);
      this.#view.setFloat64(at + 1, value);
    } else if (typeof value === 'string') {
      const bytes = this.#text.encode(value);
      if (bytes.length <= 31) this.#byte(0xa0 | bytes.length);
      else this.#sized(bytes.length, 0xd9, 0xda);
      this.#raw(bytes);
    } else if (value instanceof Uint8Array) {
      this.#sized(value.length, 0xc4, 0xc5);
      this.#raw(value);
    } else if (value instanceof MsgpackMap) {
      if (value.entries.length <= 15) this.#byte(0x80 | value.entries.length);
      else this.#sized(value.entries.length, 0, 0xde);
      for (const [key, entry] of value.entries) {
        this.write(key);
        this.write(entry);
      }
    } else if (value instanceof MsgpackExtension) this.#extension(value);
    else {
      if (value.length <= 15) this.#byte(0x90 | value.length);
      else this.#sized(value.length, 0, 0xdc);
      for (const entry of value) this.write(entry);
    }
  }

  #extension({ code, bytes }: MsgpackExtension): void {
    const fixed = [1, 2, 4, 8, 16].indexOf(bytes.length);
    if (fixed >= 0) this.#byte(0xd4 + fixed);
    else this.#sized(bytes.length, 0xc7, 0xc8);
    this.#byte(code);
    this.#raw(bytes);
  }

  finish(): Uint8Array[] {
    if (this.#length > 0) this.#done.push(this.#bytes.slice(0, this.#length));
    return this.#done;
  }
}

/**
 * Writes one value in the smallest forms; floats always as 64 bits, bytes as bin, as Python's packer does.
 * @throws MessageInvalid for integers beyond 64 bits
 */
export function encodeMsgpack(value: MsgpackValue): Uint8Array {
  return joinPieces(encodeMsgpackPieces(value));
}

/**
 * As {@link encodeMsgpack}, but bytes from 4 KiB on are pieces of their own, the very ones that were given: nothing large is
 * copied. One after another the pieces are the value.
 * @throws MessageInvalid for integers beyond 64 bits
 */
export function encodeMsgpackPieces(value: MsgpackValue): Uint8Array[] {
  const writer = new Writer();
  writer.write(value);
  return writer.finish();
}

/** Pieces as one; a single one is returned as it is. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
