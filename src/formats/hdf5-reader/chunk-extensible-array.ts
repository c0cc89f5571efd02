import { visitElements } from './chunk-fixed-array.ts';
import { type Cursor, NOWHERE } from './cursor.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

const CHECKSUM = 4;

interface Shape {
  readonly elementSize: number;
  readonly indexElements: number;
  readonly smallestBlock: number;
  readonly pageLength: number;
  readonly offsetWidth: number;
  /** One more than the highest element that was ever stored. */
  readonly used: number;
}

/**
 * Calls `visit` with each element of an extensible array, the chunk index of datasets with one unlimited axis.
 * @throws FormatInvalid if it is damaged
 * @source HDF5 File Format Specification 3.0, VII.D
 */
export function visitExtensibleArray(
  metadata: MetadataBytes,
  address: number,
  visit: (index: number, element: Cursor) => void,
): void {
  const { offsetSize, lengthSize } = metadata.sizes;
  const head = metadata.at(address, 12 + 6 * lengthSize + offsetSize + CHECKSUM);
  head.mark('EAHD');
  head.version('an extensible array', 0);
  head.skip(1);
  const elementSize = head.u8();
  const bits = head.u8();
  const indexElements = head.u8();
  const smallestBlock = head.u8();
  const smallestPointers = head.u8();
  const pageBits = head.u8();
  head.skip(4 * lengthSize);
  const used = head.length();
  head.skip(lengthSize);
  const index = head.address();
  const isPossible =
    elementSize > 0 && bits <= 64 && pageBits <= 32 && isPowerOf2(smallestBlock) && isPowerOf2(smallestPointers);
  if (!isPossible) throw head.damaged('an impossible extensible array');
  if (index === NOWHERE) return;
  const shape: Shape = {
    elementSize,
    indexElements,
    smallestBlock,
    pageLength: 2 ** pageBits,
    offsetWidth: Math.ceil(bits / 8),
    used,
  };

  const prefix = 6 + offsetSize;
  const directBlocks = 2 * (smallestPointers - 1);
  const firstSuper = 2 * Math.log2(smallestPointers);
  const superBlocks = Math.max(0, 1 + bits - Math.log2(smallestBlock) - firstSuper);
  const cursor = metadata.at(index, prefix + indexElements * elementSize + (directBlocks + superBlocks) * offsetSize);
  cursor.mark('EAIB');
  cursor.skip(2 + offsetSize);
  visitElements(metadata, index + prefix, 0, Math.min(indexElements, used), elementSize, visit);
  cursor.skip(indexElements * elementSize);

  // Blocks of super block s: 2^(s / 2) of them, each with 2^((s + 1) / 2) times the smallest number of elements.
  let first = indexElements;
  for (let s = 0; first < used && s < firstSuper + superBlocks; s++) {
    const blocks = 2 ** Math.floor(s / 2);
    const length = 2 ** Math.floor((s + 1) / 2) * smallestBlock;
    if (s < firstSuper) {
      for (let i = 0; i < blocks; i++)
        visitDataBlock(metadata, shape, cursor.address(), first + i * length, length, null, visit);
    } else visitSuperBlock(metadata, shape, cursor.address(), first, blocks, length, visit);
    first += blocks * length;
  }
}

function visitSuperBlock(
  metadata: MetadataBytes,
  shape: Shape,
  address: number,
  first: number,
  blocks: number,
  length: number,
  visit: (index: number, element: Cursor) => void,
): void {
  if (address === NOWHERE) return;
  const { offsetSize } = metadata.sizes;
  const pages = length > shape.pageLength ? length / shape.pageLength : 0;
  const bitmapSize = Math.ceil(pages / 8);
  const cursor = metadata.at(address, 6 + offsetSize + shape.offsetWidth + blocks * (bitmapSize + offsetSize));
  cursor.mark('EASB');
  cursor.skip(2 + offsetSize + shape.offsetWidth);
  const bitmaps = Array.from({ length: blocks }, () => cursor.bytes(bitmapSize));
  for (let i = 0; i < blocks; i++) {
    const block = cursor.address();
    if (first + i * length < shape.used) {
      visitDataBlock(metadata, shape, block, first + i * length, length, pages > 0 ? bitmaps[i] : null, visit);
    }
  }
}

function visitDataBlock(
  metadata: MetadataBytes,
  shape: Shape,
  address: number,
  first: number,
  length: number,
  pageBitmap: Uint8Array | null,
  visit: (index: number, element: Cursor) => void,
): void {
  if (address === NOWHERE || first >= shape.used) return;
  const prefix = 6 + metadata.sizes.offsetSize + shape.offsetWidth;
  metadata.at(address, prefix).mark('EADB');
  const { elementSize, pageLength, used } = shape;
  if (!pageBitmap) {
    visitElements(metadata, address + prefix, first, Math.min(length, used - first), elementSize, visit);
    return;
  }
  let at = address + prefix + CHECKSUM;
  for (let page = 0; page * pageLength < length; page++) {
    const start = first + page * pageLength;
    if (start >= used) break;
    if (pageBitmap[page >> 3] & (0x80 >> (page & 7))) {
      visitElements(metadata, at, start, Math.min(pageLength, used - start), elementSize, visit);
    }
    at += pageLength * elementSize + CHECKSUM;
  }
}

function isPowerOf2(n: number): boolean {
  return n > 0 && (n & (n - 1)) === 0;
}
