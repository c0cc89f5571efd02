import type { DType } from '../core/dtype.ts';
import type { NdArray } from '../core/ndarray.ts';
import type { Hdf5Block, Hdf5Type } from './hdf5.ts';

/** Records of named fields. */
export type Hdf5RecordType = Extract<Hdf5Type, { readonly kind: 'record' }>;

/** Values of records: one array per field, all of one shape. */
export type Hdf5Records = ReadonlyMap<string, NdArray>;

/** How the values of a dataset are stored. */
export interface Hdf5StorageOptions {
  /** Chunk shape; required for growing and filtered datasets. */
  readonly chunks?: readonly number[];
  /** The first axis has no upper limit. */
  readonly isGrowing?: boolean;
  /** Bytes of equal place in the elements are put together, which compresses better. */
  readonly shuffle?: boolean;
  /** Deflate level 1 to 9. */
  readonly deflate?: number;
  /** A checksum in every chunk. */
  readonly fletcher32?: boolean;
  /** Values in the header of the dataset (less than 64 KiB), not for growing ones. */
  readonly isCompact?: boolean;
  /** What elements hold that were never written. Default 0. */
  readonly fill?: number | bigint;
  /** Text in fields of this many bytes instead of any length. */
  readonly textBytes?: number;
  /** How text is marked. Default ASCII where it is, else UTF-8. */
  readonly charset?: 'ascii' | 'utf8';
}

/** A new dataset. */
export interface Hdf5DatasetPlan extends Hdf5StorageOptions {
  readonly dtype: DType | Hdf5RecordType;
  /** Shape to begin with; the first axis may be 0 and grow by {@link Hdf5Writer.append}. */
  readonly shape: readonly number[];
}

/** A block of another dataset that stands in a virtual one; both have the same number of elements. */
export interface Hdf5Mapping {
  /** Relative to the folder of the virtual dataset's file, or absolute; `.` for that file itself. */
  readonly file: string;
  readonly dataset: string;
  readonly source: Hdf5Block;
  readonly target: Hdf5Block;
}

/** A dataset whose values are in other datasets. */
export interface Hdf5VirtualPlan {
  readonly dtype: DType | Hdf5RecordType;
  readonly shape: readonly number[];
  readonly mappings: readonly Hdf5Mapping[];
  /** What elements hold that no mapping covers, or whose file is not there. Default 0. */
  readonly fill?: number | bigint;
  /** Text must be stored as its sources are: the library does not convert. */
  readonly textBytes?: number;
  readonly charset?: 'ascii' | 'utf8';
}

/** Text in a field of fixed length. */
export interface Hdf5FixedText {
  readonly bytes: number;
  readonly texts: NdArray<'string'>;
}

/** Value of an attribute: text, numbers (float64), bigints (int64) and booleans are scalars. */
export type Hdf5AttributeValue = string | number | bigint | boolean | NdArray | Hdf5FixedText;

/**
 * A new HDF5 file. Paths are absolute; missing groups on the way are made. Calls are synchronous, as those of `Hdf5File`.
 * Text is marked as ASCII where it is, as the European XFEL DAQ writes it, else as UTF-8.
 */
export interface Hdf5Writer {
  readonly path: string;
  group(path: string): void;
  /** Stores a whole array. */
  write(path: string, values: NdArray | Hdf5Records, options?: Hdf5StorageOptions): void;
  /** Makes a dataset whose values follow by {@link append} or {@link writeBlock}; until then they are `fill`. */
  create(path: string, plan: Hdf5DatasetPlan): void;
  /** Makes a dataset of parts of others. Readers need HDF5 1.10. */
  virtual(path: string, plan: Hdf5VirtualPlan): void;
  /** Adds entries at the end of the first axis. @throws ShapeMismatch if the other axes differ */
  append(path: string, values: NdArray | Hdf5Records): void;
  /** As {@link append}, with chunks compressed on several threads. Wait for it before the next call on the dataset. */
  appendLater(path: string, values: NdArray | Hdf5Records): Promise<void>;
  /**
   * Overwrites a block that starts at `start`, one number per axis. Parts of a chunk wait in memory for the rest of it.
   * @throws ShapeMismatch if it does not fit
   */
  writeBlock(path: string, start: readonly number[], values: NdArray | Hdf5Records): void;
  attributes(path: string, values: Readonly<Record<string, Hdf5AttributeValue>>): void;
  softLink(path: string, target: string): void;
  /** A second name of an object that exists. */
  hardLink(path: string, target: string): void;
  externalLink(path: string, file: string, target: string): void;
  /** The file is complete, and in its place, only after this. Closing twice is harmless. */
  close(): void;
  /** Gives the file up: nothing of it stays, and what was in its place before is untouched. Harmless after {@link close}. */
  discard(): void;
}

/** Makes HDF5 files. */
export interface Hdf5Creator {
  /** The file replaces one of that name when it is closed. @throws FileUnreadable if the place cannot be written */
  create(path: string): Promise<Hdf5Writer>;
}

/**
 * Makes a file, and gives it up if `write` fails.
 * @throws whatever `write` throws, FileUnreadable
 */
export async function createHdf5<T>(
  creator: Hdf5Creator,
  path: string,
  write: (writer: Hdf5Writer) => T | Promise<T>,
): Promise<T> {
  const writer = await creator.create(path);
  try {
    const result = await write(writer);
    writer.close();
    return result;
  } finally {
    writer.discard();
  }
}
