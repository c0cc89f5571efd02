import { Unsupported } from '../../core/errors.ts';
import { elementCount } from '../../core/ndarray.ts';
import { readChunkTable } from './chunk-index.ts';
import type { ChunkTable } from './chunk-table.ts';
import { damaged, NOWHERE } from './cursor.ts';
import { type Dataspace, readDataspace } from './dataspace.ts';
import { readDatatype, type StoredType } from './datatype.ts';
import { readFillValue, readOldFillValue } from './fill-value.ts';
import { type Filter, readFilters } from './filters.ts';
import type { GlobalHeap } from './global-heap.ts';
import { type Layout, readLayout } from './layout.ts';
import type { MetadataBytes } from './metadata-bytes.ts';
import { MESSAGE, messageOf, type ObjectHeader, openMessage } from './object-header.ts';
import { planChunked, planContiguous, type ReadPlan } from './read-plan.ts';
import { readMappings, type StoredMapping } from './virtual-layout.ts';

/** Everything a file says of a dataset; where its chunks are is read when the first values are. */
export class StoredDataset {
  readonly type: StoredType;
  readonly space: Dataspace;
  readonly layout: Layout;
  readonly filters: readonly Filter[];
  readonly fillValue: Uint8Array | null;
  readonly #metadata: MetadataBytes;
  readonly #heap: GlobalHeap;
  #table?: ChunkTable;
  #mappings?: readonly StoredMapping[];

  /** @throws FormatInvalid if a message is damaged or absent, Unsupported for values kept in foreign files */
  constructor(metadata: MetadataBytes, heap: GlobalHeap, header: ObjectHeader, address: number) {
    this.#metadata = metadata;
    this.#heap = heap;
    const message = (type: number, what: string) => {
      const found = messageOf(header, type);
      if (found) return openMessage(metadata, found);
      throw damaged(metadata.source.name, metadata.base + address, `a dataset without ${what}`);
    };
    if (messageOf(header, MESSAGE.externalFiles)) {
      throw new Unsupported(`${metadata.source.name}: a dataset whose values are in other, raw files.`, {
        path: metadata.source.name,
      });
    }
    this.type = readDatatype(message(MESSAGE.datatype, 'element type'));
    this.space = readDataspace(message(MESSAGE.dataspace, 'shape'));
    this.layout = readLayout(message(MESSAGE.layout, 'layout'));
    const filters = messageOf(header, MESSAGE.filters);
    this.filters = filters ? readFilters(openMessage(metadata, filters)) : [];
    this.fillValue = fillValueOf(metadata, header, this.type.size);
    this.#check(address);
  }

  /** Shape; one without values counts as empty. */
  get shape(): readonly number[] {
    return this.space.shape ?? [0];
  }

  #check(address: number): void {
    const { layout, shape, type } = this;
    const at = this.#metadata.base + address;
    const { name, size } = this.#metadata.source;
    if (type.size === 0) throw damaged(name, at, 'elements of no bytes');
    const bytes = elementCount(shape) * type.size;
    if (layout.kind === 'chunked' && layout.chunks.length !== shape.length) {
      throw damaged(name, at, `chunks of ${layout.chunks.length} axes in a dataset of ${shape.length}`);
    }
    if (layout.kind === 'compact' && layout.bytes.length < bytes)
      throw damaged(name, at, 'a compact dataset that is too short');
    if (
      layout.kind === 'contiguous' &&
      layout.address !== NOWHERE &&
      this.#metadata.base + layout.address + bytes > size
    ) {
      throw damaged(name, at, `a dataset of ${bytes} bytes that goes past the end of the file (${size})`);
    }
  }

  /** How to read a block of a dataset that is stored in this file. @throws FormatInvalid, Unsupported for virtual datasets */
  plan(start: readonly number[], count: readonly number[]): ReadPlan {
    const { layout, shape, type, filters, fillValue } = this;
    const { base } = this.#metadata;
    const common = { itemSize: type.size, fillValue };
    if (layout.kind === 'chunked') {
      const { chunks } = layout;
      const pieces = planChunked(this.#chunkTable(layout), chunks, start, count, base);
      const plan = { ...common, filters, chunkBytes: elementCount(chunks) * type.size, chunkShape: chunks };
      return {
        ...plan,
        pieces: layout.areEdgesUnfiltered
          ? pieces.map((piece) => withoutEdgeFilters(piece, chunks, shape, start))
          : pieces,
      };
    }
    if (layout.kind === 'contiguous') {
      const address = layout.address === NOWHERE ? NOWHERE : base + layout.address;
      const pieces = planContiguous(address, shape, type.size, start, count);
      return { ...common, filters: [], chunkBytes: elementCount(shape) * type.size, chunkShape: shape, pieces };
    }
    throw new Unsupported(`${this.#metadata.source.name}: a ${layout.kind} dataset has no places in the file.`, {
      path: this.#metadata.source.name,
    });
  }

  #chunkTable(layout: Extract<Layout, { kind: 'chunked' }>): ChunkTable {
    this.#table ??= readChunkTable(this.#metadata, {
      layout,
      shape: this.shape,
      maxShape: this.space.maxShape,
      itemSize: this.type.size,
      isFiltered: this.filters.length > 0,
    });
    return this.#table;
  }

  /** Mappings of a virtual dataset; empty for others. */
  get mappings(): readonly StoredMapping[] {
    if (this.layout.kind !== 'virtual' || this.layout.heapAddress === NOWHERE) return [];
    const { source, sizes } = this.#metadata;
    this.#mappings ??= readMappings(
      source.name,
      this.#heap.object(this.layout.heapAddress, this.layout.heapIndex),
      sizes,
    );
    return this.#mappings;
  }
}

/** Edge chunks of such datasets are stored as they are: every filter counts as left out. */
function withoutEdgeFilters<P extends { chunkAt: readonly number[]; blockAt: readonly number[]; filterMask: number }>(
  piece: P,
  chunks: readonly number[],
  shape: readonly number[],
  start: readonly number[],
): P {
  const isEdge = chunks.some(
    (length, axis) => start[axis] + piece.blockAt[axis] - piece.chunkAt[axis] + length > shape[axis],
  );
  return isEdge ? { ...piece, filterMask: 0xffffffff } : piece;
}

function fillValueOf(metadata: MetadataBytes, header: ObjectHeader, itemSize: number): Uint8Array | null {
  const message = messageOf(header, MESSAGE.fillValue);
  const old = messageOf(header, MESSAGE.oldFillValue);
  const value = message
    ? readFillValue(openMessage(metadata, message))
    : old
      ? readOldFillValue(openMessage(metadata, old))
      : null;
  return value?.length === itemSize ? value : null;
}
