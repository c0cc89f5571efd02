import type { Filter } from '../hdf5-reader/filters.ts';

/** The compressor among the filters, by h5py's name, and its setting. */
export function compressionOf(filters: readonly Filter[]): {
  readonly name: string | null;
  readonly options: number | string | null;
} {
  const found = filters.find((filter) => filter.name !== 'shuffle' && filter.name !== 'fletcher32');
  if (!found) return { name: null, options: null };
  if (found.name === 'deflate') return { name: 'gzip', options: found.parameters[0] ?? null };
  if (found.name === 'lzf') return { name: 'lzf', options: null };
  return { name: found.name, options: `(${found.parameters.join(', ')})` };
}
