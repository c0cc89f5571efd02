import { type Cursor, damaged, NOWHERE } from './cursor.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

/**
 * A heap of small objects found by id: links and attributes of large new-style groups.
 * @source HDF5 File Format Specification 3.0, III.G
 */
export class FractalHeap {
  readonly idLength: number;
  readonly #metadata: MetadataBytes;
  readonly #offsetWidth: number;
  readonly #lengthWidth: number;
  readonly #tableWidth: number;
  readonly #startSize: number;
  readonly #largestDirect: number;
  readonly #root: number;
  readonly #rootRows: number;

  /** @throws FormatInvalid if it is damaged, or its blocks are filtered (no European XFEL file has that) */
  constructor(metadata: MetadataBytes, address: number) {
    const { offsetSize, lengthSize } = metadata.sizes;
    const cursor = metadata.at(address, 22 + 12 * lengthSize + 3 * offsetSize + 4);
    cursor.mark('FRHP');
    cursor.version('a fractal heap', 0);
    this.#metadata = metadata;
    this.idLength = cursor.u16();
    const filterLength = cursor.u16();
    cursor.u8(); // flags
    const largestManaged = cursor.u32();
    cursor.skip(lengthSize + offsetSize); // huge objects
    cursor.skip(lengthSize + offsetSize); // free space
    cursor.skip(8 * lengthSize); // statistics
    this.#tableWidth = cursor.u16();
    this.#startSize = cursor.length();
    this.#largestDirect = cursor.length();
    const heapBits = cursor.u16();
    cursor.skip(2); // first rows of the root
    this.#root = cursor.address();
    this.#rootRows = cursor.u16();
    if (filterLength > 0) throw cursor.damaged('a filtered fractal heap, which is not supported');
    if (this.#tableWidth === 0 || this.#startSize === 0 || heapBits > 64)
      throw cursor.damaged('a fractal heap without blocks');
    this.#offsetWidth = Math.ceil(heapBits / 8);
    this.#lengthWidth = Math.min(
      Math.ceil(Math.log2(this.#largestDirect) / 8),
      Math.floor(Math.log2(largestManaged) / 8) + 1,
    );
  }

  /** The object of an id. @throws FormatInvalid for ids that lead nowhere and for objects kept outside the heap */
  object(id: Uint8Array): Cursor {
    const kind = (id[0] >> 4) & 3;
    const { source, base } = this.#metadata;
    if (kind === 2) throw damaged(source.name, base, 'a tiny heap object, which is not supported');
    if (kind !== 0) throw damaged(source.name, base, 'a huge heap object, which is not supported');
    const offset = littleEndian(id.subarray(1, 1 + this.#offsetWidth));
    const length = littleEndian(id.subarray(1 + this.#offsetWidth, 1 + this.#offsetWidth + this.#lengthWidth));
    return this.#metadata.at(this.#addressOf(offset, length), length);
  }

  #addressOf(offset: number, length: number): number {
    let block = this.#root;
    let rows = this.#rootRows;
    let rest = offset;
    for (let depth = 0; rows > 0; depth++) {
      const { row, column, start, size } = this.#cell(rest);
      if (row >= rows || depth > 64) break;
      const index = row * this.#tableWidth + column;
      const { offsetSize } = this.#metadata.sizes;
      const cursor = this.#metadata.at(block, 5 + offsetSize + this.#offsetWidth + (index + 1) * offsetSize);
      cursor.mark('FHIB');
      cursor.skip(1 + offsetSize + this.#offsetWidth + index * offsetSize);
      block = cursor.address();
      rest -= start;
      // A row below the direct ones holds heaps of the same shape, as large as their place.
      rows = row < this.#directRows ? 0 : Math.log2(size / (this.#startSize * this.#tableWidth)) + 1;
    }
    if (block === NOWHERE || rest + length > this.#largestDirect) {
      throw damaged(this.#metadata.source.name, this.#metadata.base, `no heap object at ${offset}`);
    }
    return block + rest;
  }

  /** Rows of a table whose blocks hold objects themselves. */
  get #directRows(): number {
    return Math.log2(this.#largestDirect / this.#startSize) + 2;
  }

  /** The cell of a doubling table that an offset falls in, and where that cell starts. */
  #cell(offset: number): { row: number; column: number; start: number; size: number } {
    const first = this.#startSize * this.#tableWidth;
    const row = offset < first ? 0 : Math.floor(Math.log2(offset / first)) + 1;
    const size = row === 0 ? this.#startSize : this.#startSize * 2 ** (row - 1);
    const rowStart = row === 0 ? 0 : first * 2 ** (row - 1);
    const column = Math.floor((offset - rowStart) / size);
    return { row, column, start: rowStart + column * size, size };
  }
}

function littleEndian(bytes: Uint8Array): number {
  let value = 0;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256 + bytes[i];
  return value;
}
