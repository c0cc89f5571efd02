import type { Cursor } from './cursor.ts';

/** How the chunks of a dataset are found. */
export type ChunkIndexKind =
  | { readonly kind: 'btree1' }
  | { readonly kind: 'single'; readonly filteredSize: number | null; readonly filterMask: number }
  | { readonly kind: 'implicit' }
  | { readonly kind: 'fixed-array' }
  | { readonly kind: 'extensible-array' }
  | { readonly kind: 'btree2' };

/** Where the values of a dataset are. */
export type Layout =
  | { readonly kind: 'compact'; readonly bytes: Uint8Array }
  | { readonly kind: 'contiguous'; readonly address: number }
  | {
      readonly kind: 'chunked';
      readonly address: number;
      readonly chunks: readonly number[];
      readonly index: ChunkIndexKind;
      /** Chunks that stick out over the edge are stored without filters. */
      readonly areEdgesUnfiltered: boolean;
    }
  | { readonly kind: 'virtual'; readonly heapAddress: number; readonly heapIndex: number };

/** Reads a data layout message, versions 1 to 4. @throws FormatInvalid. @source HDF5 File Format Specification 3.0, IV.A.2.i */
export function readLayout(cursor: Cursor): Layout {
  const version = cursor.version('a data layout', 1, 5);
  if (version < 3) return readOldLayout(cursor);
  const kind = cursor.u8();
  switch (kind) {
    case 0:
      return { kind: 'compact', bytes: cursor.bytes(cursor.u16()).slice() };
    case 1:
      return { kind: 'contiguous', address: cursor.address() };
    case 2:
      return version === 3 ? readChunkedLayout(cursor) : readNewChunkedLayout(cursor);
    case 3:
      return { kind: 'virtual', heapAddress: cursor.address(), heapIndex: cursor.u32() };
    default:
      throw cursor.damaged(`layout class ${kind} is unknown`);
  }
}

function readOldLayout(cursor: Cursor): Layout {
  const rank = cursor.u8();
  const kind = cursor.u8();
  cursor.skip(5);
  const address = kind === 0 ? 0 : cursor.address();
  const dims = Array.from({ length: rank }, () => cursor.u32());
  if (kind === 0) return { kind: 'compact', bytes: cursor.bytes(cursor.u32()).slice() };
  if (kind === 1) return { kind: 'contiguous', address };
  if (kind !== 2) throw cursor.damaged(`layout class ${kind} is unknown`);
  return chunkedByBtree1(cursor, address, dims);
}

function readChunkedLayout(cursor: Cursor): Layout {
  const rank = cursor.u8();
  const address = cursor.address();
  const dims = Array.from({ length: rank }, () => cursor.u32());
  return chunkedByBtree1(cursor, address, dims);
}

/** @param dims of a chunk; the last one is the size of an element */
function chunkedByBtree1(cursor: Cursor, address: number, dims: readonly number[]): Layout {
  const chunks = checked(cursor, dims.slice(0, -1));
  return { kind: 'chunked', address, chunks, index: { kind: 'btree1' }, areEdgesUnfiltered: false };
}

function readNewChunkedLayout(cursor: Cursor): Layout {
  const flags = cursor.u8();
  const rank = cursor.u8();
  const width = cursor.u8();
  const dims = Array.from({ length: rank }, () => cursor.uint(width));
  const kind = cursor.u8();
  let index: ChunkIndexKind;
  switch (kind) {
    case 1:
      index =
        flags & 2
          ? { kind: 'single', filteredSize: cursor.length(), filterMask: cursor.u32() }
          : { kind: 'single', filteredSize: null, filterMask: 0 };
      break;
    case 2:
      index = { kind: 'implicit' };
      break;
    case 3:
      cursor.skip(1);
      index = { kind: 'fixed-array' };
      break;
    case 4:
      cursor.skip(5);
      index = { kind: 'extensible-array' };
      break;
    case 5:
      cursor.skip(6);
      index = { kind: 'btree2' };
      break;
    default:
      throw cursor.damaged(`chunk index type ${kind} is unknown`);
  }
  return {
    kind: 'chunked',
    address: cursor.address(),
    chunks: checked(cursor, dims.slice(0, -1)),
    index,
    areEdgesUnfiltered: (flags & 1) !== 0,
  };
}

function checked(cursor: Cursor, chunks: readonly number[]): readonly number[] {
  let total = 1;
  for (const length of chunks) total *= length;
  if (chunks.length === 0 || total === 0 || total > 2 ** 32) throw cursor.damaged(`chunks of shape [${chunks}]`);
  return chunks;
}
