import type { DType, DTypeStorage } from '../core/dtype.ts';
import { isXfelError } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';
import type { Hdf5Block, Hdf5File } from './hdf5.ts';

/** A file that can tell whether it can read a dataset. */
export interface CheckedHdf5File extends Hdf5File {
  /** @throws Unsupported */
  assertReadable(path: string): void;
}

/**
 * A file read by our own reader, and by the library where the reader says `Unsupported` (foreign compressors, odd types).
 * The library is large: it is loaded only when {@link prepare} finds that it is needed.
 */
export class FallbackHdf5File implements Hdf5File {
  readonly path: string;
  readonly #openReader: () => CheckedHdf5File;
  readonly #loadLibrary: () => Promise<Hdf5File>;
  #reader: CheckedHdf5File | null = null;
  #library: Hdf5File | null = null;

  /** @param openReader called by the first use. @param loadLibrary opens the file when the reader cannot read all of it */
  constructor(path: string, openReader: () => CheckedHdf5File, loadLibrary: () => Promise<Hdf5File>) {
    this.path = path;
    this.#openReader = openReader;
    this.#loadLibrary = loadLibrary;
  }

  /** Our own reader of the file. */
  get reader(): CheckedHdf5File {
    this.#reader ??= this.#openReader();
    return this.#reader;
  }

  async prepare(path: string): Promise<void> {
    if (this.#library) return;
    try {
      this.reader.assertReadable(path);
    } catch (error) {
      if (!isXfelError(error, 'Unsupported')) throw error;
      this.#library = await this.#loadLibrary();
    }
  }

  #try<T>(call: (file: Hdf5File) => T): T {
    try {
      return call(this.reader);
    } catch (error) {
      if (!this.#library || !isXfelError(error, 'Unsupported')) throw error;
      return call(this.#library);
    }
  }

  children(path: string): ReturnType<Hdf5File['children']> {
    return this.#try((file) => file.children(path));
  }

  kindOf(path: string): ReturnType<Hdf5File['kindOf']> {
    return this.#try((file) => file.kindOf(path));
  }

  attributes(path: string): ReturnType<Hdf5File['attributes']> {
    return this.#try((file) => file.attributes(path));
  }

  datasetInfo(path: string): ReturnType<Hdf5File['datasetInfo']> {
    return this.#try((file) => file.datasetInfo(path));
  }

  read(path: string, block?: Hdf5Block, out?: DTypeStorage[DType]): NdArray {
    return this.#try((file) => file.read(path, block, out));
  }

  readFields(path: string, block?: Hdf5Block): ReadonlyMap<string, NdArray> {
    return this.#try((file) => file.readFields(path, block));
  }

  suspend(): void {
    this.#reader?.suspend();
    this.#library?.suspend();
  }

  close(): void {
    this.#reader?.close();
    this.#library?.close();
  }
}
