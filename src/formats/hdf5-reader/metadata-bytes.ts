import { Cursor, damaged, type FieldSizes } from './cursor.ts';
import type { PagedBytes } from './paged-bytes.ts';

/** No structure of a sane file is larger; a larger one is a damaged length. */
const LARGEST = 256 * 2 ** 20;

/** A file's structures by address. */
export class MetadataBytes {
  readonly source: PagedBytes;
  readonly sizes: FieldSizes;
  /** Where address 0 is: behind a user block. */
  readonly base: number;

  constructor(source: PagedBytes, sizes: FieldSizes, base: number) {
    this.source = source;
    this.sizes = sizes;
    this.base = base;
  }

  /**
   * A cursor on the structure at an address.
   * @throws FormatInvalid if it would lie past the end of the file, or is too large to be one
   */
  at(address: number, length: number): Cursor {
    const start = this.base + address;
    this.#check(start, length, address);
    const { source, sizes } = this;
    return new Cursor(source.name, start, source.memoryOf(start, length), sizes, source.placeIn(start, length), length);
  }

  /** Like {@link at} but as much of `length` as the file has: for structures that tell their own length. */
  upTo(address: number, length: number): Cursor {
    return this.at(address, Math.min(length, this.source.size - this.base - address));
  }

  #check(start: number, length: number, address: number): void {
    if (!(address >= 0) || !(length >= 0) || start + length > this.source.size) {
      throw damaged(
        this.source.name,
        start,
        `${length} bytes there would go past the end of the file (${this.source.size})`,
      );
    }
    if (length > LARGEST) throw damaged(this.source.name, start, `a structure of ${length} bytes`);
  }
}
