import { ByteBuilder, encodeText, UNDEFINED } from './byte-builder.ts';
import type { FileSpace } from './file-space.ts';
import type { LinkTarget } from './header-messages.ts';

/** Half of the symbols in a full leaf; the superblock says so. */
export const SYMBOL_LEAF_K = 32;
/** Half of the children in a full node. */
export const SYMBOL_NODE_K = 32;

const ENTRY_BYTES = 40;
const LEAF_BYTES = 8 + 2 * SYMBOL_LEAF_K * ENTRY_BYTES;
const NODE_BYTES = 24 + (2 * SYMBOL_NODE_K + 1) * 8 + 2 * SYMBOL_NODE_K * 8;

/**
 * Writes the links of a large group as a B-tree, so that a name is found in few steps.
 * @returns body of the symbol table message
 * @source HDF5 File Format Specification 3.0, III.A.1, III.B, III.C, III.D
 */
export function writeSymbolTable(
  space: FileSpace,
  links: ReadonlyMap<string, Exclude<LinkTarget, { kind: 'external' }>>,
): Uint8Array {
  const names = [...links.keys()].map((name) => ({ name, bytes: encodeText(name) }));
  names.sort((a, b) => compareBytes(a.bytes, b.bytes));
  // The heap begins with the empty name, which is the lowest key.
  const heap = new ByteBuilder(1024);
  heap.zeros(8);
  const put = (bytes: Uint8Array) => {
    const at = heap.length;
    heap.put(bytes).u8(0).align(8);
    return at;
  };
  const leaves: Child[] = [];
  const perLeaf = 2 * SYMBOL_LEAF_K;
  for (let first = 0; first < names.length; first += perLeaf) {
    const part = names.slice(first, first + perLeaf);
    const leaf = new ByteBuilder(LEAF_BYTES);
    leaf.put(encodeText('SNOD')).u8(1, 0).u16(part.length);
    let lastName = 0;
    for (const { name, bytes } of part) {
      const target = links.get(name) as Exclude<LinkTarget, { kind: 'external' }>;
      lastName = put(bytes);
      leaf.u64(lastName);
      if (target.kind === 'hard') leaf.u64(target.address).u32(0).u32(0).zeros(16);
      else
        leaf
          .u64(UNDEFINED)
          .u32(2)
          .u32(0)
          .u32(put(encodeText(target.path)))
          .zeros(12);
    }
    leaf.zeros(LEAF_BYTES - leaf.length);
    leaves.push({ address: space.append(leaf.bytes), highest: lastName });
  }
  const root = writeNodes(space, leaves);
  const heapData = space.append(heap.bytes);
  // 1: the list of free pieces is empty
  const header = new ByteBuilder().put(encodeText('HEAP')).u8(0, 0, 0, 0).u64(heap.length).u64(1).u64(heapData);
  return new ByteBuilder().u64(root).u64(space.append(header.bytes)).bytes;
}

interface Child {
  readonly address: number;
  /** Heap offset of the highest name below. */
  readonly highest: number;
}

/** Writes one level of the tree above `children`, and the levels above that. @returns address of the root */
function writeNodes(space: FileSpace, children: readonly Child[], level = 0, lowest = 0): number {
  const perNode = 2 * SYMBOL_NODE_K;
  const count = Math.max(1, Math.ceil(children.length / perNode));
  const start = space.reserve(count * NODE_BYTES);
  const nodes: Child[] = [];
  const image = new ByteBuilder(count * NODE_BYTES);
  for (let i = 0; i < count; i++) {
    const part = children.slice(i * perNode, (i + 1) * perNode);
    image.put(encodeText('TREE')).u8(0, level).u16(part.length);
    image.u64(i === 0 ? UNDEFINED : start + (i - 1) * NODE_BYTES);
    image.u64(i === count - 1 ? UNDEFINED : start + (i + 1) * NODE_BYTES);
    image.u64(i === 0 ? lowest : children[i * perNode - 1].highest);
    for (const { address, highest } of part) image.u64(address).u64(highest);
    image.zeros((i + 1) * NODE_BYTES - image.length);
    nodes.push({ address: start + i * NODE_BYTES, highest: part.at(-1)?.highest ?? 0 });
  }
  space.writeAt(start, image.bytes);
  return count === 1 ? start : writeNodes(space, nodes, level + 1, lowest);
}

/** The order of names in a tree: by their bytes. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
