import { Cursor, damaged, type FieldSizes } from './cursor.ts';
import type { RandomBytes } from './random-bytes.ts';

/** Structures of a file lie near each other: one read of this many bytes serves several. */
const PAGE = 8 * 1024;
/** Pages kept per file; an evicted one is read again. */
const PAGES_KEPT = 32;
/** Pages are cut from pieces of memory of this size: hundreds of small ones cost more than what is read into them. */
const SLAB = 256 * 1024;
/** No structure of a sane file is larger; a larger one is a damaged length. */
const LARGEST = 256 * 2 ** 20;

let slab = new Uint8Array(0);

function newPage(length: number): Uint8Array {
  if (slab.length < length) slab = new Uint8Array(SLAB);
  const page = slab.subarray(0, length);
  slab = slab.subarray(length);
  return page;
}

/** A file's structures by address, through a small cache of pages. */
export class MetadataBytes {
  readonly source: RandomBytes;
  readonly sizes: FieldSizes;
  /** Where address 0 is: behind a user block. */
  readonly base: number;
  readonly #pages = new Map<number, Uint8Array>();

  constructor(source: RandomBytes, sizes: FieldSizes, base: number) {
    this.source = source;
    this.sizes = sizes;
    this.base = base;
  }

  /**
   * A cursor on the structure at an address.
   * @throws FormatInvalid if it would lie past the end of the file, or is too large to be one
   */
  at(address: number, length: number): Cursor {
    return new Cursor(this.source.name, this.base + address, this.#bytes(address, length), this.sizes);
  }

  /** Like {@link at} but as much of `length` as the file has: for structures that tell their own length. */
  upTo(address: number, length: number): Cursor {
    return this.at(address, Math.min(length, this.source.size - this.base - address));
  }

  #bytes(address: number, length: number): Uint8Array {
    const start = this.base + address;
    if (!(address >= 0) || !(length >= 0) || start + length > this.source.size) {
      throw damaged(
        this.source.name,
        start,
        `${length} bytes there would go past the end of the file (${this.source.size})`,
      );
    }
    if (length > LARGEST) throw damaged(this.source.name, start, `a structure of ${length} bytes`);
    const first = Math.floor(start / PAGE);
    const last = Math.floor((start + length - 1) / PAGE);
    if (first === last) return this.#page(first).subarray(start - first * PAGE, start - first * PAGE + length);
    const bytes = new Uint8Array(length);
    if (last - first > 4) {
      this.source.readInto(start, bytes);
      return bytes;
    }
    for (let page = first; page <= last; page++) {
      const from = Math.max(start, page * PAGE);
      const to = Math.min(start + length, (page + 1) * PAGE);
      bytes.set(this.#page(page).subarray(from - page * PAGE, to - page * PAGE), from - start);
    }
    return bytes;
  }

  #page(number: number): Uint8Array {
    let page = this.#pages.get(number);
    if (page) return page;
    if (this.#pages.size >= PAGES_KEPT) {
      const [oldest] = this.#pages.keys();
      this.#pages.delete(oldest);
    }
    page = newPage(Math.min(PAGE, this.source.size - number * PAGE));
    this.source.readInto(number * PAGE, page);
    this.#pages.set(number, page);
    return page;
  }
}
