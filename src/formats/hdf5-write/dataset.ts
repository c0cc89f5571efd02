import { ShapeMismatch, Unsupported } from '../../core/errors.ts';
import { elementCount, isSameShape, type NdArray } from '../../core/ndarray.ts';
import type { Hdf5DatasetPlan, Hdf5Records, Hdf5VirtualPlan } from '../hdf5-writer.ts';
import { copyBox } from './box-copy.ts';
import { type FilterPlan, filterList, type Hdf5Deflater } from './chunk-filters.ts';
import { type StoredChunk, writeChunkTree } from './chunk-tree.ts';
import { ChunkedValues, checkChunks } from './chunked-values.ts';
import { datatypeMessage, type StoredType, storedSizeOf } from './datatype-message.ts';
import { elementBytes, fillBytes, isBeyondAscii, shapeOf, storedTypeOf } from './element-bytes.ts';
import type { FileSpace } from './file-space.ts';
import type { GlobalHeap, HeapPlace } from './global-heap.ts';
import {
  chunkedLayout,
  compactLayout,
  contiguousLayout,
  dataspaceMessage,
  fillMessage,
  filtersMessage,
  type HeaderMessage,
  MESSAGE,
  virtualLayout,
} from './header-messages.ts';
import { mappingsBlock } from './virtual-mapping.ts';

/** What a dataset writes with. */
export interface DatasetPlaces {
  readonly space: FileSpace;
  readonly heap: GlobalHeap;
  readonly deflater: Hdf5Deflater;
}

type Store =
  | { readonly kind: 'compact'; bytes: Uint8Array | null }
  | { readonly kind: 'contiguous'; address: number | null }
  | { readonly kind: 'chunked'; readonly values: ChunkedValues; readonly chunks: readonly number[] }
  | { readonly kind: 'virtual'; readonly mappings: HeapPlace | null };

/** A dataset of a file that is being written. */
export class Dataset {
  readonly name: string;
  readonly #places: DatasetPlaces;
  #type: StoredType;
  readonly #shape: number[];
  readonly #isGrowing: boolean;
  readonly #fill: Uint8Array | null;
  readonly #filters: FilterPlan;
  readonly #store: Store;
  #stored: readonly StoredChunk[] = [];

  /** @throws Unsupported, ShapeMismatch for a plan that cannot be */
  constructor(places: DatasetPlaces, name: string, plan: Hdf5DatasetPlan | Hdf5VirtualPlan) {
    this.name = name;
    this.#places = places;
    this.#type = storedTypeOf(plan, name);
    this.#shape = [...plan.shape];
    this.#fill = fillBytes(this.#type, plan.fill, name);
    this.#isGrowing = 'isGrowing' in plan && plan.isGrowing === true;
    const { shuffle = false, deflate = 0, fletcher32 = false } = 'mappings' in plan ? {} : plan;
    this.#filters = { shuffle, deflate, fletcher32 };
    this.#store = 'mappings' in plan ? this.#virtualStore(plan) : this.#realStore(plan);
  }

  #virtualStore({ mappings, shape }: Hdf5VirtualPlan): Store {
    for (const { source, target } of mappings) {
      const isInside =
        target.start.length === shape.length && target.start.every((s, axis) => s + target.count[axis] <= shape[axis]);
      if (!isInside || elementCount(source.count) !== elementCount(target.count)) {
        throw new ShapeMismatch(
          `${this.name}: source block [${source.count}] cannot stand at [${target.start}] of [${target.count}] in shape [${shape}].`,
          { expected: target, got: source },
        );
      }
    }
    return { kind: 'virtual', mappings: mappings.length > 0 ? this.#places.heap.put(mappingsBlock(mappings)) : null };
  }

  #realStore(plan: Hdf5DatasetPlan): Store {
    const { chunks, isCompact = false } = plan;
    const { shuffle, deflate, fletcher32 } = this.#filters;
    const itemSize = storedSizeOf(this.#type);
    if (!chunks) {
      if (this.#isGrowing || shuffle || deflate > 0 || fletcher32) {
        throw new Unsupported(`${this.name}: a growing or compressed dataset needs a chunk shape.`, {
          path: this.name,
        });
      }
      return isCompact ? { kind: 'compact', bytes: null } : { kind: 'contiguous', address: null };
    }
    if (isCompact) throw new Unsupported(`${this.name}: a compact dataset has no chunks.`, { path: this.name });
    checkChunks(this.name, chunks, this.#shape, itemSize);
    const chunkPlan = {
      name: this.name,
      chunks,
      itemSize,
      filters: this.#filters,
      fill: this.#fill,
      isGrowing: this.#isGrowing,
    };
    const values = new ChunkedValues(this.#places.space, this.#places.deflater, chunkPlan, this.#shape);
    return { kind: 'chunked', values, chunks };
  }

  #encode(values: NdArray | Hdf5Records): Uint8Array {
    const bytes = elementBytes(values, this.#type, this.#places.heap, this.name);
    if ('charset' in this.#type && isBeyondAscii(values)) this.#type = { ...this.#type, charset: 'utf8' };
    return bytes;
  }

  /** All values at once. */
  writeAll(values: NdArray | Hdf5Records): void {
    const store = this.#store;
    if (store.kind === 'compact') store.bytes = this.#encode(values).slice();
    else if (elementCount(this.#shape) === 0) return;
    else if (store.kind === 'contiguous') store.address = this.#places.space.append(this.#encode(values));
    else
      this.writeBlock(
        this.#shape.map(() => 0),
        values,
      );
  }

  /** Values of a block. @throws ShapeMismatch if it does not fit */
  writeBlock(start: readonly number[], values: NdArray | Hdf5Records): void {
    const count = shapeOf(values);
    const isInside =
      count.length === this.#shape.length && this.#shape.every((n, axis) => start[axis] + count[axis] <= n);
    if (!isInside) throw this.#mismatch(count);
    const store = this.#store;
    const bytes = this.#encode(values);
    const itemSize = storedSizeOf(this.#type);
    switch (store.kind) {
      case 'chunked':
        store.values.write({ start, count }, bytes);
        return;
      case 'compact':
        store.bytes ??= this.#filled();
        copyBox(
          { bytes, shape: count, start: count.map(() => 0) },
          { bytes: store.bytes, shape: this.#shape, start },
          count,
          itemSize,
        );
        return;
      case 'contiguous':
        store.address ??= this.#fill
          ? this.#places.space.append(this.#filled())
          : this.#places.space.reserve(elementCount(this.#shape) * itemSize);
        this.#writeRuns(store.address, start, count, bytes, itemSize);
        return;
      case 'virtual':
        throw new Unsupported(`${this.name}: the values of a virtual dataset are in other files.`, { path: this.name });
    }
  }

  /** Writes the runs of a block that lie together in a contiguous dataset. */
  #writeRuns(address: number, start: readonly number[], count: readonly number[], bytes: Uint8Array, itemSize: number) {
    const rank = count.length;
    if (count.includes(0)) return;
    let inner = Math.max(0, rank - 1);
    while (inner > 0 && count[inner] === this.#shape[inner]) inner--;
    const run = elementCount(count.slice(inner)) * itemSize;
    for (let done = 0; done < bytes.length; done += run) {
      let rest = Math.floor(done / run);
      let at = 0;
      let stride = elementCount(this.#shape.slice(inner));
      for (let axis = inner - 1; axis >= 0; axis--) {
        at += (start[axis] + (rest % count[axis])) * stride;
        rest = Math.floor(rest / count[axis]);
        stride *= this.#shape[axis];
      }
      if (rank > 0) at += start[inner] * elementCount(this.#shape.slice(inner + 1));
      this.#places.space.writeAt(address + at * itemSize, bytes.subarray(done, done + run));
    }
  }

  #filled(): Uint8Array {
    const bytes = new Uint8Array(elementCount(this.#shape) * storedSizeOf(this.#type));
    const fill = this.#fill;
    if (fill) for (let at = 0; at < bytes.length; at += fill.length) bytes.set(fill, at);
    return bytes;
  }

  /** Entries at the end of the first axis. @throws ShapeMismatch if the other axes differ */
  append(values: NdArray | Hdf5Records): void {
    const { store, rows } = this.#growBy(values);
    store.values.append(rows, this.#encode(values));
    this.#shape[0] += rows;
  }

  /** As {@link append}, with several chunks compressed at a time. */
  async appendLater(values: NdArray | Hdf5Records): Promise<void> {
    const { store, rows } = this.#growBy(values);
    const bytes = this.#encode(values);
    this.#shape[0] += rows;
    await store.values.appendLater(rows, bytes);
  }

  #growBy(values: NdArray | Hdf5Records): { store: Extract<Store, { kind: 'chunked' }>; rows: number } {
    const shape = shapeOf(values);
    const store = this.#store;
    if (store.kind !== 'chunked' || !this.#isGrowing)
      throw new Unsupported(`${this.name} was not created as growing.`, { path: this.name });
    if (!isSameShape(shape.slice(1), this.#shape.slice(1))) throw this.#mismatch(shape);
    return { store, rows: shape[0] };
  }

  #mismatch(got: readonly number[]): ShapeMismatch {
    return new ShapeMismatch(`[${got}] does not fit into dataset ${this.name} of shape [${this.#shape}].`, {
      expected: [...this.#shape],
      got,
    });
  }

  /** Stores what is left. @returns the number of chunks, for the choice of the tree's node size */
  finish(): { readonly chunks: number; readonly rank: number } {
    if (this.#store.kind === 'chunked') this.#stored = this.#store.values.finish();
    return { chunks: this.#stored.length, rank: this.#shape.length };
  }

  /** The messages of the header; call after {@link finish}. */
  header(chunkK: number): HeaderMessage[] {
    const store = this.#store;
    const itemSize = storedSizeOf(this.#type);
    const allocation =
      store.kind === 'compact' ? 'early' : store.kind === 'contiguous' ? 'late' : ('incremental' as const);
    const filters = filterList(this.#filters, itemSize);
    return [
      { type: MESSAGE.dataspace, body: dataspaceMessage(this.#shape, this.#isGrowing) },
      { type: MESSAGE.datatype, body: datatypeMessage(this.#type), isConstant: true },
      { type: MESSAGE.fill, body: fillMessage(this.#fill, allocation, this.#type.kind === 'text'), isConstant: true },
      { type: MESSAGE.layout, body: this.#layout(store, itemSize, chunkK) },
      ...(filters.length > 0 ? [{ type: MESSAGE.filters, body: filtersMessage(filters), isConstant: true }] : []),
    ];
  }

  #layout(store: Store, itemSize: number, chunkK: number): Uint8Array {
    switch (store.kind) {
      case 'compact':
        return compactLayout(store.bytes ?? this.#filled());
      case 'contiguous':
        return contiguousLayout(store.address, elementCount(this.#shape) * itemSize);
      case 'chunked':
        return chunkedLayout(
          writeChunkTree(this.#places.space, this.#stored, store.chunks, chunkK),
          store.chunks,
          itemSize,
        );
      case 'virtual':
        return virtualLayout(store.mappings);
    }
  }
}
