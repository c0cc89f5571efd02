import { elementCount } from '../core/ndarray.ts';
import type { Hdf5DatasetInfo } from '../formats/hdf5.ts';
import type { Hdf5DatasetPlan, Hdf5StorageOptions } from '../formats/hdf5-writer.ts';

/** How the text of a dataset is stored; a copy, and more so a virtual dataset, must store it alike. */
export function textLike({ textBytes, charset }: Hdf5DatasetInfo): Pick<Hdf5StorageOptions, 'textBytes' | 'charset'> {
  return { ...(textBytes === undefined ? {} : { textBytes }), ...(charset === undefined ? {} : { charset }) };
}

/** How copied values are compressed: like the source, not at all, or with shuffle and deflate at a level. */
export type Compression = 'source' | 'none' | { readonly deflate: number; readonly shuffle?: boolean };

/** Chunk of a growing dataset whose source has none, in bytes. */
const CHUNK_BYTES = 1 << 20;
/** For sources that are compressed in a way that we do not write. */
const OTHER_DEFLATE = 1;

/**
 * How a copy of a dataset is stored.
 * @param rows entries along the first axis
 * @param isGrowing the first axis gets no limit
 */
export function storageLike(
  info: Hdf5DatasetInfo,
  rows: number,
  compression: Compression = 'source',
  isGrowing = true,
): Hdf5StorageOptions {
  const { shape, fill } = info;
  const chunks = info.chunks ?? (isGrowing ? defaultChunks(info, rows) : null);
  const text = textLike(info);
  if (!chunks || shape.length === 0) return { ...text, ...(fill === undefined ? {} : { fill }) };
  return {
    ...text,
    ...(fill === undefined ? {} : { fill }),
    chunks,
    isGrowing,
    ...filtersLike(info, compression),
    fletcher32: info.filters.includes('fletcher32'),
  };
}

function filtersLike(
  { filters, deflateLevel }: Hdf5DatasetInfo,
  compression: Compression,
): Pick<Hdf5StorageOptions, 'shuffle' | 'deflate'> {
  if (compression === 'none') return {};
  if (compression !== 'source') return { shuffle: compression.shuffle ?? true, deflate: compression.deflate };
  const isForeign = filters.some((name) => !['shuffle', 'deflate', 'fletcher32'].includes(name));
  return {
    shuffle: filters.includes('shuffle') || isForeign,
    deflate: filters.includes('deflate') ? (deflateLevel ?? OTHER_DEFLATE) : isForeign ? OTHER_DEFLATE : 0,
  };
}

function defaultChunks({ shape }: Hdf5DatasetInfo, rows: number): number[] {
  const entry = shape.slice(1).map((n) => Math.max(1, n));
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / (8 * elementCount(entry))));
  return [Math.max(1, Math.min(rows, perChunk)), ...entry];
}

/** The element type of a copy, or null for types that we cannot read. */
export function copiedType({ type }: Hdf5DatasetInfo): Hdf5DatasetPlan['dtype'] | null {
  if (type.kind === 'unsupported') return null;
  return type.kind === 'record' ? type : type.dtype;
}
