/** "No address" and "unlimited" in files. @source HDF5 File Format Specification 3.0 */
export const UNDEFINED = 0xffffffffffffffffn;

const utf8 = new TextEncoder();

/** Text as UTF-8. */
export function encodeText(text: string): Uint8Array {
  return utf8.encode(text);
}

/** Little-endian fields one after the other, in memory that grows. */
export class ByteBuilder {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** All bytes so far, as a view that the next field may invalidate. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  u8(...values: number[]): this {
    for (const value of values) {
      const at = this.#room(1);
      this.#view.setUint8(at, value);
    }
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(value: number | bigint): this {
    const at = this.#room(8);
    this.#view.setBigUint64(at, BigInt(value), true);
    return this;
  }

  /** Any unsigned number of `size` bytes (at most 6). */
  uint(value: number, size: number): this {
    let rest = value;
    for (let i = 0; i < size; i++, rest = Math.floor(rest / 256)) this.u8(rest % 256);
    return this;
  }

  put(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** UTF-8 text with a NUL behind it. */
  text(text: string): this {
    return this.put(encodeText(text)).u8(0);
  }

  zeros(count: number): this {
    this.#room(count);
    return this;
  }

  /** Zeros up to a length that is a multiple of `unit`. */
  align(unit: number): this {
    return this.zeros((unit - (this.#length % unit)) % unit);
  }
}
