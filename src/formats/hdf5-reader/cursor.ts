import { FormatInvalid } from '../../core/errors.ts';
import { decodeText } from './text.ts';

/** Address of something that a file does not have (all bits set). */
export const NOWHERE = -1;

/** Widths of addresses and lengths in a file, bytes. */
export interface FieldSizes {
  readonly offsetSize: number;
  readonly lengthSize: number;
}

/** The error of a structure that breaks the format. @param at byte of the file */
export function damaged(file: string, at: number, problem: string): FormatInvalid {
  return new FormatInvalid(
    `${file} is damaged at byte ${at}: ${problem}. Copy the file again, or leave it out of the run.`,
    { path: file, offset: at },
  );
}

/** Reads little-endian fields one after another from a block of a file; every step past its end is an error. */
export class Cursor {
  readonly file: string;
  readonly sizes: FieldSizes;
  readonly #bytes: Uint8Array;
  /** Where the block starts and ends in `#bytes`. */
  readonly #from: number;
  readonly #end: number;
  /** Place of the first of `#bytes` in the file. */
  readonly #start: number;
  #at: number;

  /**
   * @param start place of the block in the file
   * @param bytes memory that the block is in: all of it, or `length` bytes from `from` on (a view of its own for each of the
   * many small blocks of a file costs more than reading them)
   */
  constructor(file: string, start: number, bytes: Uint8Array, sizes: FieldSizes, from = 0, length = bytes.length) {
    this.file = file;
    this.sizes = sizes;
    this.#start = start - from;
    this.#bytes = bytes;
    this.#from = from;
    this.#end = from + length;
    this.#at = from;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at - this.#from;
  }

  /** Bytes left. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** Place in the file of the next byte. */
  get place(): number {
    return this.#start + this.#at;
  }

  /** An error at the next byte. */
  damaged(problem: string): FormatInvalid {
    return damaged(this.file, this.place, problem);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length < 0 || at + length > this.#end) throw this.damaged(`${length} bytes expected, ${this.left} left`);
    this.#at = at + length;
    return at;
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Goes to a multiple of `step` bytes from the start of the block. */
  align(step: number): void {
    this.skip((step - (this.position % step)) % step);
  }

  u8(): number {
    return this.#bytes[this.#take(1)];
  }

  u16(): number {
    const at = this.#take(2);
    return this.#bytes[at] | (this.#bytes[at + 1] << 8);
  }

  u32(): number {
    const at = this.#take(4);
    const bytes = this.#bytes;
    return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  }

  /** An unsigned number of `width` bytes. @throws FormatInvalid beyond 2^53 */
  uint(width: number): number {
    const at = this.#take(width);
    const bytes = this.#bytes;
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
    if (value > Number.MAX_SAFE_INTEGER)
      throw damaged(this.file, this.#start + at, `${value} is no possible size or place`);
    return value;
  }

  /** A number of elements or bytes. */
  length(): number {
    return this.uint(this.sizes.lengthSize);
  }

  /** A length where all bits set mean "unlimited": null then. */
  limit(): number | null {
    return this.#isAllSet(this.sizes.lengthSize) ? null : this.length();
  }

  /** An address in the file, or {@link NOWHERE}. */
  address(): number {
    return this.#isAllSet(this.sizes.offsetSize) ? NOWHERE : this.uint(this.sizes.offsetSize);
  }

  #isAllSet(width: number): boolean {
    const at = this.#take(width);
    for (let i = 0; i < width; i++) {
      if (this.#bytes[at + i] !== 0xff) {
        this.#at = at;
        return false;
      }
    }
    return true;
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Text up to a NUL byte, which is read too. */
  text(): string {
    let end = this.#at;
    while (end < this.#end && this.#bytes[end] !== 0) end++;
    if (end === this.#end) throw this.damaged('a name without end');
    const text = decodeText(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** Text of a fixed number of bytes; what follows a NUL byte is padding. */
  fixedText(length: number): string {
    const bytes = this.bytes(length);
    const end = bytes.indexOf(0);
    return decodeText(bytes.subarray(0, end < 0 ? length : end));
  }

  /** Reads a structure's four-letter mark. @throws FormatInvalid if it is another one */
  mark(expected: string): void {
    const at = this.#take(4);
    for (let i = 0; i < 4; i++) {
      if (this.#bytes[at + i] === expected.charCodeAt(i)) continue;
      const found = String.fromCharCode(...this.#bytes.subarray(at, at + 4));
      throw damaged(this.file, this.#start + at, `"${expected}" expected, ${JSON.stringify(found)} found`);
    }
  }

  /** Reads a version number from `lowest` to `highest`. */
  version(what: string, lowest: number, highest = lowest): number {
    const version = this.u8();
    if (version < lowest || version > highest) {
      throw damaged(this.file, this.place - 1, `version ${version} of ${what} is unknown`);
    }
    return version;
  }
}
