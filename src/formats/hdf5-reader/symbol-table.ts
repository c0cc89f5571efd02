import { damaged } from './cursor.ts';
import type { Link } from './link.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

/** Nodes that a group's tree may have before it is taken for a loop. */
const MOST_NODES = 1_000_000;
/** No tree is higher: 16 children a node and more than 2^64 links. */
const HIGHEST = 20;

/**
 * Reads the links of a group of the old kind: a B-tree of symbol nodes whose names lie in a local heap.
 * @throws FormatInvalid if it is damaged or the tree has a loop
 * @source HDF5 File Format Specification 3.0, III.A.1, III.B, III.D
 */
export function readSymbolTable(metadata: MetadataBytes, treeAddress: number, heapAddress: number): Map<string, Link> {
  const links = new Map<string, Link>();
  const heap = readLocalHeap(metadata, heapAddress);
  const nodes = symbolNodes(metadata, treeAddress);
  for (const address of nodes) readSymbolNode(metadata, address, heap, links);
  return links;
}

interface LocalHeap {
  readonly address: number;
  readonly length: number;
}

function readLocalHeap(metadata: MetadataBytes, address: number): LocalHeap {
  const cursor = metadata.at(address, 8 + 2 * metadata.sizes.lengthSize + metadata.sizes.offsetSize);
  cursor.mark('HEAP');
  cursor.version('a local heap', 0);
  cursor.skip(3);
  const length = cursor.length();
  cursor.length(); // free list
  return { address: cursor.address(), length };
}

function heapText(metadata: MetadataBytes, heap: LocalHeap, offset: number): string {
  if (offset >= heap.length) throw damaged(metadata.source.name, heap.address + offset, 'a name outside its heap');
  return metadata.at(heap.address + offset, heap.length - offset).text();
}

function symbolNodes(metadata: MetadataBytes, root: number): number[] {
  const found: number[] = [];
  const seen = new Set<number>();
  const { offsetSize, lengthSize } = metadata.sizes;
  const visit = (address: number, level: number | null) => {
    if (seen.has(address) || seen.size > MOST_NODES) {
      throw damaged(metadata.source.name, metadata.base + address, "a loop in a group's B-tree");
    }
    seen.add(address);
    const head = metadata.at(address, 8 + 2 * offsetSize);
    head.mark('TREE');
    if (head.u8() !== 0) throw head.damaged("a group's B-tree expected");
    const ownLevel = head.u8();
    if (ownLevel > HIGHEST || (level !== null && ownLevel !== level))
      throw head.damaged(`level ${ownLevel} in a B-tree`);
    const entries = head.u16();
    const cursor = metadata.at(address + 8 + 2 * offsetSize, entries * (offsetSize + lengthSize) + lengthSize);
    for (let i = 0; i < entries; i++) {
      cursor.skip(lengthSize);
      const child = cursor.address();
      if (ownLevel === 0) found.push(child);
      else visit(child, ownLevel - 1);
    }
  };
  visit(root, null);
  return found;
}

function readSymbolNode(metadata: MetadataBytes, address: number, heap: LocalHeap, links: Map<string, Link>): void {
  const head = metadata.at(address, 8);
  head.mark('SNOD');
  head.version('a symbol node', 1);
  head.skip(1);
  const count = head.u16();
  const entrySize = 2 * metadata.sizes.offsetSize + 24;
  const cursor = metadata.at(address + 8, count * entrySize);
  for (let i = 0; i < count; i++) {
    const name = heapText(metadata, heap, cursor.uint(metadata.sizes.offsetSize));
    const object = cursor.address();
    const cacheType = cursor.u32();
    cursor.skip(4);
    const softOffset = cursor.u32();
    cursor.skip(12);
    links.set(
      name,
      cacheType === 2
        ? { kind: 'soft', target: heapText(metadata, heap, softOffset) }
        : { kind: 'hard', address: object },
    );
  }
}
