import { type Cursor, damaged, NOWHERE } from './cursor.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

const MOST_RECORDS = 50_000_000;
const HIGHEST = 32;
/** Mark, version, type and checksum of a node. */
const NODE_OVERHEAD = 10;

/**
 * Calls `visit` with a cursor on each record of a version-2 B-tree, in order. The cursor stands at the record's first byte.
 * @throws FormatInvalid if the tree is damaged or has a loop
 * @source HDF5 File Format Specification 3.0, III.A.2
 */
export function visitBtree2(
  metadata: MetadataBytes,
  address: number,
  visit: (record: Cursor, recordSize: number) => void,
): void {
  const { offsetSize, lengthSize } = metadata.sizes;
  const head = metadata.at(address, 16 + offsetSize + 2 + lengthSize);
  head.mark('BTHD');
  head.version('a B-tree', 0);
  head.skip(1); // type: the caller knows what it asked for
  const nodeSize = head.u32();
  const recordSize = head.u16();
  const depth = head.u16();
  head.skip(2);
  const root = head.address();
  const rootRecords = head.u16();
  if (root === NOWHERE) return;
  if (depth > HIGHEST || recordSize === 0 || nodeSize < NODE_OVERHEAD + recordSize)
    throw head.damaged('an impossible B-tree');

  // Widths of the numbers in pointers to nodes follow from how many records fit.
  const most = [Math.floor((nodeSize - NODE_OVERHEAD) / recordSize)];
  const total = [most[0]];
  const countWidth = widthOf(most[0]);
  const pointerSizes = [0];
  for (let level = 1; level <= depth; level++) {
    pointerSizes[level] = offsetSize + countWidth + (level > 1 ? widthOf(total[level - 1]) : 0);
    most[level] = Math.floor((nodeSize - NODE_OVERHEAD - pointerSizes[level]) / (recordSize + pointerSizes[level]));
    total[level] = (most[level] + 1) * total[level - 1] + most[level];
  }

  const seen = new Set<number>();
  let found = 0;
  const node = (at: number, count: number, level: number) => {
    if (seen.has(at)) throw damaged(metadata.source.name, metadata.base + at, 'a loop in a B-tree');
    seen.add(at);
    if (count > most[level])
      throw damaged(metadata.source.name, metadata.base + at, `${count} records in a node of ${most[level]}`);
    found += count;
    if (found > MOST_RECORDS) throw damaged(metadata.source.name, metadata.base + at, 'too many records in a B-tree');
    const cursor = metadata.at(at, 6 + count * recordSize + (level > 0 ? (count + 1) * pointerSizes[level] : 0));
    cursor.mark(level > 0 ? 'BTIN' : 'BTLF');
    cursor.version('a B-tree node', 0);
    cursor.skip(1);
    const records = metadata.at(at + 6, count * recordSize);
    cursor.skip(count * recordSize);
    for (let i = 0; i <= count; i++) {
      if (level > 0) {
        const child = cursor.address();
        const childCount = cursor.uint(countWidth);
        if (level > 1) cursor.skip(widthOf(total[level - 1]));
        node(child, childCount, level - 1);
      }
      if (i === count) break;
      const before = records.position;
      visit(records, recordSize);
      records.skip(before + recordSize - records.position);
    }
  };
  node(root, rootRecords, depth);
}

/** Bytes that hold numbers up to `most`. */
function widthOf(most: number): number {
  return Math.floor(Math.log2(Math.max(1, most)) / 8) + 1;
}
