import type { DType } from '../core/dtype.ts';
import type { NdArray } from '../core/ndarray.ts';

/** A new dataset. */
export interface Hdf5DatasetPlan {
  readonly dtype: DType;
  /** Shape to begin with; the first axis may be 0 and grow by {@link Hdf5Writer.append}. */
  readonly shape: readonly number[];
  /** Chunk shape; required for growing and compressed datasets. */
  readonly chunks?: readonly number[];
  /** The first axis has no upper limit. */
  readonly isGrowing?: boolean;
  /** Deflate level 1 to 9. */
  readonly deflate?: number;
}

/** How a whole array is stored; its dtype and shape are those of the array. */
export type Hdf5StorageOptions = Omit<Hdf5DatasetPlan, 'dtype' | 'shape'>;

/** Value of an attribute: text and numbers (float64) are scalars. */
export type Hdf5AttributeValue = string | number | NdArray;

/**
 * A new HDF5 file. Paths are absolute; missing groups on the way are made. Calls are synchronous, as those of `Hdf5File`.
 * Text is variable-length ASCII, as the European XFEL DAQ writes it.
 */
export interface Hdf5Writer {
  readonly path: string;
  group(path: string): void;
  /** Stores a whole array. */
  write(path: string, array: NdArray, options?: Hdf5StorageOptions): void;
  /** Makes a dataset whose values follow by {@link append} or {@link writeBlock}; until then they are 0. */
  create(path: string, plan: Hdf5DatasetPlan): void;
  /** Adds entries at the end of the first axis. @throws ShapeMismatch if the other axes differ */
  append(path: string, array: NdArray): void;
  /** Overwrites a block that starts at `start`, one number per axis. @throws ShapeMismatch if it does not fit */
  writeBlock(path: string, start: readonly number[], array: NdArray): void;
  attributes(path: string, values: Readonly<Record<string, Hdf5AttributeValue>>): void;
  softLink(path: string, target: string): void;
  /** The file is complete only after this. Closing twice is harmless. */
  close(): void;
}

/** Makes HDF5 files. */
export interface Hdf5Creator {
  /** Replaces a file of that name. @throws FileUnreadable if the place cannot be written */
  create(path: string): Promise<Hdf5Writer>;
}
