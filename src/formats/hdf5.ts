import type { DType, DTypeStorage, NumericStorage } from '../core/dtype.ts';
import type { NdArray } from '../core/ndarray.ts';

/** What a name in an HDF5 file leads to. `missing`: no such link, or one that leads nowhere. */
export type Hdf5Kind = 'group' | 'dataset' | 'other' | 'missing';

/** One link of a group. */
export interface Hdf5Child {
  readonly name: string;
  /** `external` is told only of links that lead nowhere now; one that resolves looks like what it leads to. */
  readonly link: 'hard' | 'soft' | 'external';
  readonly kind: Hdf5Kind;
  /** Where a soft link points. */
  readonly target?: string;
}

/** One field of a record type. */
export interface Hdf5Field {
  readonly name: string;
  readonly dtype: DType;
  /** Bytes from the start of the record. */
  readonly offset: number;
}

/** Element type of a dataset: one of ours, records of them, or something we cannot read. */
export type Hdf5Type =
  | { readonly kind: 'plain'; readonly dtype: DType }
  | { readonly kind: 'record'; readonly size: number; readonly fields: readonly Hdf5Field[] }
  | { readonly kind: 'unsupported'; readonly reason: string };

/** Everything about a dataset but its values. */
export interface Hdf5DatasetInfo {
  readonly path: string;
  readonly type: Hdf5Type;
  readonly shape: readonly number[];
  /** Largest shape; null where an axis is unlimited. */
  readonly maxShape: readonly (number | null)[];
  /** Shape of a chunk; null for contiguous or compact storage. */
  readonly chunks: readonly number[] | null;
  /** Names of the filters in the order of writing, such as `shuffle`, `deflate`. */
  readonly filters: readonly string[];
  /** Level of `deflate`, if it is among the filters. */
  readonly deflateLevel?: number;
  /** Bytes of a text field of fixed length. */
  readonly textBytes?: number;
  /** Character set of text. */
  readonly charset?: 'ascii' | 'utf8';
  /** What elements hold that were never written, where it is a number other than 0. The library adapter does not tell. */
  readonly fill?: number | bigint;
  /** For a virtual dataset: the files (as written, relative to this one) that it is made of, each once. */
  readonly virtualFiles?: readonly string[];
  /** For a virtual dataset: the datasets that it is made of. */
  readonly virtualSources?: readonly Hdf5VirtualSource[];
}

/** A part of a virtual dataset. */
export interface Hdf5VirtualSource {
  /** As written: relative to the virtual file, or `.` for that file itself. */
  readonly file: string;
  readonly dataset: string;
  /** Blocks of the source and of the virtual dataset; null for all of it. The library adapter does not tell. */
  readonly source?: readonly Hdf5Block[] | null;
  readonly target?: readonly Hdf5Block[] | null;
}

/** A block of a dataset: `count[i]` elements from `start[i]` on each axis. */
export interface Hdf5Block {
  readonly start: readonly number[];
  readonly count: readonly number[];
}

/** An attribute: one value, text, or an array of them. */
export type Hdf5Attribute = number | bigint | string | boolean | NdArray;

/**
 * An open HDF5 file, read only. Paths are absolute (`/INDEX/trainId`). Calls are synchronous: the library sits in memory
 * beside the caller (in a browser, in the caller's worker), so a promise per small read would cost more than the read.
 */
export interface Hdf5File {
  readonly path: string;
  /** The links of a group in name order. @throws FormatInvalid if there is no such group */
  children(path: string): readonly Hdf5Child[];
  kindOf(path: string): Hdf5Kind;
  /** Where the soft link at a path points; null if there is no soft link. */
  softTarget(path: string): string | null;
  /** Attributes of a group or dataset; those of types we cannot read are left out. */
  attributes(path: string): ReadonlyMap<string, Hdf5Attribute>;
  /** @throws FormatInvalid if there is no such dataset */
  datasetInfo(path: string): Hdf5DatasetInfo;
  /**
   * Values of a dataset, or of a block of it (all axes kept).
   * @param out storage to fill instead of new memory: exactly as long as the block
   * @throws Unsupported for record types (see {@link readFields}), ShapeMismatch if the block is outside the dataset
   */
  read(path: string, block?: Hdf5Block, out?: DTypeStorage[DType]): NdArray;
  /**
   * As {@link read}, for blocks so large that other threads may share the work. Adapters without threads leave this out.
   * @param out storage to fill, exactly as long as the block
   */
  readLarge?(
    path: string,
    block: Hdf5Block,
    out: NumericStorage,
    options?: { readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Values of a record dataset, one array per field. @throws Unsupported for other types */
  readFields(path: string, block?: Hdf5Block): ReadonlyMap<string, NdArray>;
  /**
   * Makes ready what reading a dataset needs beyond this file (a library for foreign compressors): await it before a read
   * that comes of itself. Adapters that are always ready leave this out.
   */
  prepare?(path: string): Promise<void>;
  /** Gives the system's file handle back; the next call opens the file again by itself. */
  suspend(): void;
  /** Closing twice is harmless. */
  close(): void;
}

/** Opens HDF5 files. */
export interface Hdf5Opener {
  /** @throws FileUnreadable with the reason: missing, empty, not HDF5, truncated, damaged */
  open(path: string): Promise<Hdf5File>;
  /**
   * A file that is opened by its first use only, as after {@link Hdf5File.suspend}; for files whose index is known already.
   * What is wrong with it is then said by that use. Adapters that cannot wait leave this out.
   */
  openLater?(path: string): Promise<Hdf5File>;
}
