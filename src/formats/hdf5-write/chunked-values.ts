import { ShapeMismatch, Unsupported } from '../../core/errors.ts';
import { elementCount } from '../../core/ndarray.ts';
import { copyBox } from './box-copy.ts';
import {
  type FilteredChunk,
  type FilterPlan,
  filterChunk,
  filterChunkLater,
  type Hdf5Deflater,
} from './chunk-filters.ts';
import type { StoredChunk } from './chunk-tree.ts';
import type { FileSpace } from './file-space.ts';

/** Chunks that are filled bit by bit wait in memory; beyond this, complete ones are stored, and then it is an error. */
const OPEN_BYTES = 256 * 2 ** 20;
/** Chunks that are compressed at the same time. */
const PARALLEL_CHUNKS = 8;

/** What the chunks of a dataset are like. */
export interface ChunkPlan {
  readonly name: string;
  readonly chunks: readonly number[];
  readonly itemSize: number;
  readonly filters: FilterPlan;
  /** One element, or null for zeros. */
  readonly fill: Uint8Array | null;
  readonly isGrowing: boolean;
}

interface OpenChunk {
  readonly index: readonly number[];
  readonly bytes: Uint8Array;
  /** Elements written so far; those written twice count twice. */
  filled: number;
}

type Box = { readonly start: readonly number[]; readonly count: readonly number[] };

/** The values of a chunked dataset on their way into the file. */
export class ChunkedValues {
  readonly #plan: ChunkPlan;
  readonly #space: FileSpace;
  readonly #deflater: Hdf5Deflater;
  readonly #chunkBytes: number;
  readonly #shape: number[];
  readonly #stored = new Map<number, StoredChunk>();
  readonly #open = new Map<number, OpenChunk>();

  constructor(space: FileSpace, deflater: Hdf5Deflater, plan: ChunkPlan, shape: readonly number[]) {
    this.#space = space;
    this.#deflater = deflater;
    this.#plan = plan;
    this.#chunkBytes = elementCount(plan.chunks) * plan.itemSize;
    this.#shape = [...shape];
  }

  /** Makes the first axis longer. */
  grow(rows: number): void {
    this.#shape[0] = rows;
  }

  /** Writes a box. @param bytes its elements in C order */
  write(box: Box, bytes: Uint8Array): void {
    for (const { index, content } of this.#complete(box, bytes)) {
      this.#store(index, filterChunk(content, this.#plan.filters, this.#plan.itemSize, this.#deflater));
    }
  }

  /** As {@link write}, with several chunks compressed at a time; the result is the same. */
  async writeLater(box: Box, bytes: Uint8Array): Promise<void> {
    const { filters, itemSize } = this.#plan;
    const waiting: { index: readonly number[]; filtered: Promise<FilteredChunk> }[] = [];
    const storeFirst = async () => {
      const first = waiting.shift();
      if (first) this.#store(first.index, await first.filtered);
    };
    try {
      for (const { index, content } of this.#complete(box, bytes)) {
        waiting.push({ index, filtered: filterChunkLater(content, filters, itemSize, this.#deflater) });
        if (waiting.length >= PARALLEL_CHUNKS) await storeFirst();
      }
      while (waiting.length > 0) await storeFirst();
    } finally {
      await Promise.allSettled(waiting.map(({ filtered }) => filtered));
    }
  }

  /** Distributes a box over its chunks, and gives those that are complete now. */
  *#complete(box: Box, bytes: Uint8Array): Iterable<{ index: readonly number[]; content: Uint8Array }> {
    const { chunks, itemSize } = this.#plan;
    for (const index of chunkIndices(box, chunks)) {
      const start = index.map((i, axis) => Math.max(box.start[axis], i * chunks[axis]));
      const count = index.map(
        (i, axis) => Math.min(box.start[axis] + box.count[axis], (i + 1) * chunks[axis]) - start[axis],
      );
      const number = this.#numberOf(index);
      const isWhole = count.every((n, axis) => n === this.#extent(index, axis));
      if (isWhole && !this.#open.has(number)) {
        yield { index, content: this.#cut(box, bytes, start, count) };
        continue;
      }
      const open = this.#openChunk(number, index);
      const from = { bytes, shape: box.count, start: start.map((s, axis) => s - box.start[axis]) };
      const to = { bytes: open.bytes, shape: chunks, start: start.map((s, axis) => s - index[axis] * chunks[axis]) };
      copyBox(from, to, count, itemSize);
      open.filled += elementCount(count);
      if (isWhole) {
        this.#open.delete(number);
        yield { index, content: open.bytes };
      }
    }
    if (this.#open.size * this.#chunkBytes > OPEN_BYTES) {
      for (const [number, open] of this.#open) {
        if (open.filled < elementCount(chunks.map((_, axis) => this.#extent(open.index, axis)))) continue;
        this.#open.delete(number);
        yield { index: open.index, content: open.bytes };
      }
    }
  }

  /** Gives the chunks of rows that were passed by appending: nothing is missing in them. */
  *#passed(): Iterable<{ index: readonly number[]; content: Uint8Array }> {
    const row = Math.floor(this.#shape[0] / this.#plan.chunks[0]);
    for (const [number, open] of this.#open) {
      if (open.index[0] >= row) continue;
      this.#open.delete(number);
      yield { index: open.index, content: open.bytes };
    }
  }

  /** Adds rows at the end of the first axis. */
  append(rows: number, bytes: Uint8Array): void {
    const box = this.#boxOfRows(rows);
    this.write(box, bytes);
    const { filters, itemSize } = this.#plan;
    for (const { index, content } of this.#passed()) {
      this.#store(index, filterChunk(content, filters, itemSize, this.#deflater));
    }
  }

  /** As {@link append}, with several chunks compressed at a time. */
  async appendLater(rows: number, bytes: Uint8Array): Promise<void> {
    const box = this.#boxOfRows(rows);
    await this.writeLater(box, bytes);
    const { filters, itemSize } = this.#plan;
    for (const { index, content } of this.#passed()) {
      this.#store(index, await filterChunkLater(content, filters, itemSize, this.#deflater));
    }
  }

  #boxOfRows(rows: number): Box {
    const start = this.#shape.map((n, axis) => (axis === 0 ? n : 0));
    this.grow(this.#shape[0] + rows);
    return { start, count: [rows, ...this.#shape.slice(1)] };
  }

  /** Stores what is not complete, and gives all chunks in the order of their first elements. */
  finish(): StoredChunk[] {
    const { filters, itemSize } = this.#plan;
    for (const { index, bytes } of this.#open.values()) {
      this.#store(index, filterChunk(bytes, filters, itemSize, this.#deflater));
    }
    this.#open.clear();
    return [...this.#stored].sort(([a], [b]) => a - b).map(([, chunk]) => chunk);
  }

  /** Elements of a chunk along an axis that exist: fewer at the edge, but a growing axis has no edge yet. */
  #extent(index: readonly number[], axis: number): number {
    const { chunks, isGrowing } = this.#plan;
    if (axis === 0 && isGrowing) return chunks[0];
    return Math.min(chunks[axis], this.#shape[axis] - index[axis] * chunks[axis]);
  }

  /** A whole chunk out of a box: a view where its elements lie together, else a copy. */
  #cut(box: Box, bytes: Uint8Array, start: readonly number[], count: readonly number[]): Uint8Array {
    const { chunks, itemSize } = this.#plan;
    const isFull = count.every((n, axis) => n === chunks[axis]);
    if (isFull && isTogether(count, box.count)) {
      let at = 0;
      for (let axis = 0; axis < count.length; axis++) at = at * box.count[axis] + start[axis] - box.start[axis];
      return bytes.subarray(at * itemSize, at * itemSize + this.#chunkBytes);
    }
    const chunk = isFull ? new Uint8Array(this.#chunkBytes) : this.#filledChunk();
    const from = { bytes, shape: box.count, start: start.map((s, axis) => s - box.start[axis]) };
    copyBox(from, { bytes: chunk, shape: chunks, start: count.map(() => 0) }, count, itemSize);
    return chunk;
  }

  #filledChunk(): Uint8Array {
    const chunk = new Uint8Array(this.#chunkBytes);
    const { fill } = this.#plan;
    if (fill) {
      chunk.set(fill);
      for (let done = fill.length; done < chunk.length; done *= 2) chunk.copyWithin(done, 0, done);
    }
    return chunk;
  }

  #openChunk(number: number, index: readonly number[]): OpenChunk {
    const known = this.#open.get(number);
    if (known) return known;
    const { name } = this.#plan;
    if (this.#stored.has(number)) {
      throw new Unsupported(`${name}: part of chunk [${index}] is written again after the chunk was stored.`, { name });
    }
    if ((this.#open.size + 1) * this.#chunkBytes > 2 * OPEN_BYTES) {
      throw new Unsupported(`${name}: too many chunks wait for the rest of their values. Write whole chunks.`, {
        name,
      });
    }
    const open = { index, bytes: this.#filledChunk(), filled: 0 };
    this.#open.set(number, open);
    return open;
  }

  /** Place of a chunk in the order of first elements; it stays the same while the first axis grows. */
  #numberOf(index: readonly number[]): number {
    let number = index[0];
    for (let axis = 1; axis < index.length; axis++) {
      number = number * Math.ceil(this.#shape[axis] / this.#plan.chunks[axis]) + index[axis];
    }
    return number;
  }

  #store(index: readonly number[], { bytes, filterMask }: FilteredChunk): void {
    const number = this.#numberOf(index);
    const before = this.#stored.get(number);
    let address: number;
    if (before && before.bytes >= bytes.length) {
      address = before.address;
      this.#space.writeAt(address, bytes);
    } else address = this.#space.append(bytes);
    const start = index.map((i, axis) => i * this.#plan.chunks[axis]);
    this.#stored.set(number, { start, address, bytes: bytes.length, filterMask });
  }
}

/** Indices of the chunks that a box touches, the last axis fastest. */
function* chunkIndices(box: Box, chunks: readonly number[]): Iterable<readonly number[]> {
  if (box.count.includes(0)) return;
  const first = box.start.map((s, axis) => Math.floor(s / chunks[axis]));
  const last = box.start.map((s, axis) => Math.floor((s + box.count[axis] - 1) / chunks[axis]));
  const index = [...first];
  for (;;) {
    yield [...index];
    let axis = index.length - 1;
    while (axis >= 0 && index[axis] === last[axis]) {
      index[axis] = first[axis];
      axis--;
    }
    if (axis < 0) return;
    index[axis]++;
  }
}

/** Whether a part of an array lies in one piece: whole in all axes behind the first that is longer than 1. */
function isTogether(count: readonly number[], shape: readonly number[]): boolean {
  const leading = count.findIndex((n) => n > 1);
  return leading < 0 || count.every((n, axis) => axis <= leading || n === shape[axis]);
}

/** @throws ShapeMismatch unless the chunk shape has an entry >= 1 for each axis and fits HDF5's limits */
export function checkChunks(name: string, chunks: readonly number[], shape: readonly number[], itemSize: number): void {
  const isGood = chunks.length === shape.length && chunks.every((n) => Number.isInteger(n) && n >= 1);
  if (!isGood || shape.length === 0) {
    throw new ShapeMismatch(`${name}: chunk shape [${chunks}] does not fit shape [${shape}].`, {
      expected: shape,
      got: chunks,
    });
  }
  if (elementCount(chunks) * itemSize > 0xffffffff) {
    throw new Unsupported(`${name}: a chunk of ${elementCount(chunks) * itemSize} bytes; HDF5 allows 4 GiB.`, { name });
  }
}
