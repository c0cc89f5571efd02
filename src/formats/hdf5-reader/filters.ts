import type { Cursor } from './cursor.ts';

/** Numbers of the filters that the reader undoes itself. @source HDF5 registered filters */
export const FILTER = { deflate: 1, shuffle: 2, fletcher32: 3, lzf: 32000 } as const;

const NAMES: Readonly<Record<number, string>> = {
  1: 'deflate',
  2: 'shuffle',
  3: 'fletcher32',
  4: 'szip',
  5: 'nbit',
  6: 'scaleoffset',
  32000: 'lzf',
  32001: 'blosc',
  32004: 'lz4',
  32008: 'bitshuffle',
  32015: 'zstd',
};

/** One step of a filter pipeline. */
export interface Filter {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly number[];
}

const MOST_FILTERS = 32;

/** Reads a filter pipeline message: the filters in the order of writing. @throws FormatInvalid */
export function readFilters(cursor: Cursor): readonly Filter[] {
  const version = cursor.version('a filter pipeline', 1, 2);
  const count = cursor.u8();
  if (count > MOST_FILTERS) throw cursor.damaged(`${count} filters`);
  if (version === 1) cursor.skip(6);
  return Array.from({ length: count }, () => {
    const id = cursor.u16();
    const hasName = version === 1 || id >= 256;
    const nameLength = hasName ? cursor.u16() : 0;
    cursor.skip(2); // flags: whether the filter may be left out
    const parameterCount = cursor.u16();
    const own = cursor.fixedText(version === 1 ? nameLength + ((8 - (nameLength % 8)) % 8) : nameLength);
    const parameters = Array.from({ length: parameterCount }, () => cursor.u32());
    if (version === 1 && parameterCount % 2 === 1) cursor.skip(4);
    return { id, name: NAMES[id] ?? (own || `filter ${id}`), parameters };
  });
}
