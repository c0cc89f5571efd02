import type { ChunkTable } from './chunk-table.ts';
import { damaged } from './cursor.ts';
import type { Layout } from './layout.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

const HIGHEST = 32;

/**
 * Fills a table from a version-1 B-tree of chunks.
 * @throws FormatInvalid if the tree is damaged, has a loop, or more leaves than the dataset has chunks
 * @source HDF5 File Format Specification 3.0, III.A.1, node type 1
 */
export function readChunkBtree1(
  metadata: MetadataBytes,
  { address: root, chunks }: Extract<Layout, { kind: 'chunked' }>,
  table: ChunkTable,
): void {
  const { offsetSize } = metadata.sizes;
  const rank = chunks.length;
  const keySize = 8 + 8 * (rank + 1);
  const seen = new Set<number>();
  let leaves = 0;
  const visit = (address: number, level: number | null) => {
    if (seen.has(address))
      throw damaged(metadata.source.name, metadata.base + address, 'a loop in the B-tree of chunks');
    seen.add(address);
    const head = metadata.at(address, 8 + 2 * offsetSize);
    head.mark('TREE');
    if (head.u8() !== 1) throw head.damaged('a B-tree of chunks expected');
    const ownLevel = head.u8();
    if (ownLevel > HIGHEST || (level !== null && ownLevel !== level))
      throw head.damaged(`level ${ownLevel} in a B-tree`);
    const entries = head.u16();
    const cursor = metadata.at(address + 8 + 2 * offsetSize, entries * (keySize + offsetSize));
    for (let i = 0; i < entries; i++) {
      const size = cursor.u32();
      const filterMask = cursor.u32();
      const place = chunks.map((length) => cursor.uint(8) / length);
      cursor.skip(8); // offset within an element
      const child = cursor.address();
      if (ownLevel > 0) visit(child, ownLevel - 1);
      else {
        if (place.some((n) => !Number.isInteger(n))) throw cursor.damaged('a chunk that is not on the grid of chunks');
        leaves++;
        table.add(place, { address: child, size, filterMask });
      }
    }
    // Chunks of a dataset that shrank may remain, but not without end.
    if (leaves > 2 * table.capacity + 1024) throw head.damaged('a B-tree with more chunks than its dataset');
  };
  visit(root, null);
}
