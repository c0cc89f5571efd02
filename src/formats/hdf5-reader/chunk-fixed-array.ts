import { type Cursor, damaged, NOWHERE } from './cursor.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

const MOST_ELEMENTS = 50_000_000;
const CHECKSUM = 4;

/**
 * Calls `visit` with each element of a fixed array, the chunk index of datasets without unlimited axis.
 * @throws FormatInvalid if it is damaged
 * @source HDF5 File Format Specification 3.0, VII.C
 */
export function visitFixedArray(
  metadata: MetadataBytes,
  address: number,
  visit: (index: number, element: Cursor) => void,
): void {
  const { offsetSize, lengthSize } = metadata.sizes;
  const head = metadata.at(address, 8 + lengthSize + offsetSize + CHECKSUM);
  head.mark('FAHD');
  head.version('a fixed array', 0);
  head.skip(1);
  const elementSize = head.u8();
  const pageBits = head.u8();
  const count = head.length();
  const block = head.address();
  if (block === NOWHERE) return;
  if (count > MOST_ELEMENTS || pageBits > 32) throw head.damaged(`a fixed array of ${count} elements`);
  const prefix = 6 + offsetSize;
  metadata.at(block, prefix).mark('FADB');
  const pageLength = 2 ** pageBits;
  if (count <= pageLength) {
    visitElements(metadata, block + prefix, 0, count, elementSize, visit);
    return;
  }
  const pages = Math.ceil(count / pageLength);
  const bitmapSize = Math.ceil(pages / 8);
  const bitmap = metadata.at(block + prefix, bitmapSize).bytes(bitmapSize);
  let at = block + prefix + bitmapSize + CHECKSUM;
  for (let page = 0; page < pages; page++) {
    const first = page * pageLength;
    const length = Math.min(pageLength, count - first);
    // A page that was never written holds nothing.
    if (bitmap[page >> 3] & (0x80 >> (page & 7))) visitElements(metadata, at, first, length, elementSize, visit);
    at += length * elementSize + CHECKSUM;
  }
}

/** Calls `visit` for elements that stand one after another. @throws FormatInvalid past the end of the file */
export function visitElements(
  metadata: MetadataBytes,
  address: number,
  first: number,
  count: number,
  elementSize: number,
  visit: (index: number, element: Cursor) => void,
): void {
  const cursor = metadata.at(address, count * elementSize);
  for (let i = 0; i < count; i++) {
    const before = cursor.position;
    visit(first + i, cursor);
    if (cursor.position - before > elementSize) {
      throw damaged(metadata.source.name, metadata.base + address, `elements of ${elementSize} bytes in a chunk index`);
    }
    cursor.skip(before + elementSize - cursor.position);
  }
}
