import { ByteBuilder, encodeText, UNDEFINED } from './byte-builder.ts';
import type { FileSpace } from './file-space.ts';

/** One chunk in the file. */
export interface StoredChunk {
  /** Offsets of its first element, axis by axis. */
  readonly start: readonly number[];
  readonly address: number;
  readonly bytes: number;
  /** Bit i: filter i was left out. */
  readonly filterMask: number;
}

/** Half of the chunks in a full node that may be chosen; the superblock holds the choice for the whole file. */
const CANDIDATES = [2, 4, 8, 16, 32, 64];

/** Bytes of a node. @param rank axes of the dataset */
function nodeBytes(k: number, rank: number): number {
  return 24 + (2 * k + 1) * keyBytes(rank) + 2 * k * 8;
}

/** Size and mask, then an offset for each axis and for the bytes of an element. */
function keyBytes(rank: number): number {
  return 8 + 8 * (rank + 1);
}

/** The K with which the trees of all datasets take least room: many small datasets want small nodes, large ones large. */
export function chooseChunkK(trees: readonly { readonly chunks: number; readonly rank: number }[]): number {
  let best = 32;
  let least = Number.POSITIVE_INFINITY;
  for (const k of CANDIDATES) {
    let total = 0;
    for (const { chunks, rank } of trees) {
      for (let count = chunks; count > 0; ) {
        const nodes = Math.ceil(count / (2 * k));
        total += nodes * nodeBytes(k, rank);
        count = nodes > 1 ? nodes : 0;
      }
    }
    if (total < least) {
      least = total;
      best = k;
    }
  }
  return best;
}

/**
 * Writes the B-tree (version 1) of a dataset's chunks.
 * @param stored in the order of their first elements
 * @returns address of the root, null without chunks
 * @source HDF5 File Format Specification 3.0, III.A.1
 */
export function writeChunkTree(
  space: FileSpace,
  stored: readonly StoredChunk[],
  chunks: readonly number[],
  k: number,
): number | null {
  if (stored.length === 0) return null;
  // Behind the last chunk: larger than every chunk that could follow it in the same rows.
  const end = (stored.at(-1) as StoredChunk).start.map((start, axis) => start + chunks[axis]);
  return writeLevel(space, stored, end, k, 0);
}

function writeLevel(
  space: FileSpace,
  children: readonly StoredChunk[],
  end: readonly number[],
  k: number,
  level: number,
): number {
  const rank = end.length;
  const size = nodeBytes(k, rank);
  const count = Math.ceil(children.length / (2 * k));
  const start = space.reserve(count * size);
  const image = new ByteBuilder(count * size);
  const parents: StoredChunk[] = [];
  for (let i = 0; i < count; i++) {
    const first = i * 2 * k;
    const used = Math.min(2 * k, children.length - first);
    image.put(encodeText('TREE')).u8(1, level).u16(used);
    image.u64(i === 0 ? UNDEFINED : start + (i - 1) * size).u64(i === count - 1 ? UNDEFINED : start + (i + 1) * size);
    for (let j = first; j < first + used; j++) {
      putKey(image, children[j]);
      image.u64(children[j].address);
    }
    const next = children[first + used];
    putKey(image, next ?? { start: end, bytes: 0, filterMask: 0 });
    image.zeros((i + 1) * size - image.length);
    parents.push({ ...children[first], address: start + i * size });
  }
  space.writeAt(start, image.bytes);
  return count === 1 ? start : writeLevel(space, parents, end, k, level + 1);
}

function putKey(out: ByteBuilder, key: Pick<StoredChunk, 'start' | 'bytes' | 'filterMask'>): void {
  out.u32(key.bytes).u32(key.filterMask);
  for (const offset of key.start) out.u64(offset);
  out.u64(0);
}
