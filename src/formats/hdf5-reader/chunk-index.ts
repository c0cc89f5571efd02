import { elementCount } from '../../core/ndarray.ts';
import { visitBtree2 } from './btree2.ts';
import { readChunkBtree1 } from './chunk-btree1.ts';
import { visitExtensibleArray } from './chunk-extensible-array.ts';
import { visitFixedArray } from './chunk-fixed-array.ts';
import { ChunkTable } from './chunk-table.ts';
import { type Cursor, NOWHERE } from './cursor.ts';
import type { Layout } from './layout.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

/** What a chunk index needs to know of its dataset. */
export interface ChunkedDataset {
  readonly layout: Extract<Layout, { kind: 'chunked' }>;
  readonly shape: readonly number[];
  readonly maxShape: readonly (number | null)[];
  readonly itemSize: number;
  readonly isFiltered: boolean;
}

/** Reads where all chunks of a dataset are. @throws FormatInvalid if the index is damaged */
export function readChunkTable(metadata: MetadataBytes, dataset: ChunkedDataset): ChunkTable {
  const { layout, shape, isFiltered } = dataset;
  const table = new ChunkTable(shape, layout.chunks);
  if (layout.address === NOWHERE || table.capacity === 0) return table;
  const chunkBytes = elementCount(layout.chunks) * dataset.itemSize;
  // A filtered chunk may grow, so its size has one byte more than the chunk's needs.
  const sizeWidth = Math.min(8, 1 + Math.floor((Math.floor(Math.log2(chunkBytes)) + 8) / 8));
  const unfiltered = (address: number) => ({ address, size: chunkBytes, filterMask: 0 });
  const element = (record: Cursor) => {
    const address = record.address();
    return isFiltered ? { address, size: record.uint(sizeWidth), filterMask: record.u32() } : unfiltered(address);
  };

  switch (layout.index.kind) {
    case 'btree1':
      readChunkBtree1(metadata, layout, table);
      break;
    case 'single': {
      const { filteredSize, filterMask } = layout.index;
      table.add(
        shape.map(() => 0),
        filteredSize === null
          ? unfiltered(layout.address)
          : { address: layout.address, size: filteredSize, filterMask },
      );
      break;
    }
    case 'implicit': {
      const placeOf = placesOf(dataset);
      const count = elementCount(maxGridOf(dataset));
      for (let i = 0; i < count; i++) table.add(placeOf(i), unfiltered(layout.address + i * chunkBytes));
      break;
    }
    case 'fixed-array':
    case 'extensible-array': {
      const placeOf = placesOf(dataset);
      const visit = layout.index.kind === 'fixed-array' ? visitFixedArray : visitExtensibleArray;
      visit(metadata, layout.address, (index, record) => {
        const chunk = element(record);
        if (chunk.address !== NOWHERE) table.add(placeOf(index), chunk);
      });
      break;
    }
    case 'btree2':
      visitBtree2(metadata, layout.address, (record) => {
        const chunk = element(record);
        table.add(
          shape.map(() => record.uint(8)),
          chunk,
        );
      });
      break;
  }
  return table;
}

/** Chunks along each axis of the largest shape; an unlimited axis counts as it is now. */
function maxGridOf({ layout, shape, maxShape }: ChunkedDataset): number[] {
  return shape.map((length, axis) => Math.ceil((maxShape[axis] ?? length) / layout.chunks[axis]));
}

/** Place in the grid of the i-th element of an array index: C order of the largest shape, an unlimited axis slowest. */
function placesOf(dataset: ChunkedDataset): (index: number) => number[] {
  const grid = maxGridOf(dataset);
  const unlimited = dataset.maxShape.indexOf(null);
  const order = grid.map((_, axis) => axis);
  if (dataset.layout.index.kind === 'extensible-array' && unlimited > 0) {
    order.splice(unlimited, 1);
    order.unshift(unlimited);
  }
  return (index) => {
    const place = grid.map(() => 0);
    let rest = index;
    for (let i = order.length - 1; i > 0; i--) {
      place[order[i]] = rest % grid[order[i]];
      rest = Math.floor(rest / grid[order[i]]);
    }
    place[order[0]] = rest;
    return place;
  };
}
