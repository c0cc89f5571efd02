import type { DType, DTypeStorage, NumericStorage } from '../core/dtype.ts';
import { isXfelError } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';
import type { Hdf5Block, Hdf5File } from './hdf5.ts';
import { stepsOf, type Target } from './hdf5-reader/box.ts';
import type { ReadPiece, ReadPlan } from './hdf5-reader/read-plan.ts';
import type { ThreadedRead } from './threaded-read.ts';

/** A file that can tell whether and how it reads a dataset. */
export interface CheckedHdf5File extends Hdf5File {
  /** @throws Unsupported */
  assertReadable(path: string): void;
  /** How to read a block in other threads; null where that cannot be. */
  planRead(path: string, block: Hdf5Block): ReadPlan | null;
  /** Carries out a whole plan that needs no work but copying; null, with nothing done, for others. */
  readDirect(plan: ReadPlan, target: Target, signal?: AbortSignal): Promise<void> | null;
  /** Carries out one piece of such a plan in this thread. */
  readPlanned(plan: ReadPlan, piece: ReadPiece, target: Target): void;
}

/**
 * A file read by our own reader, and by the library where the reader says `Unsupported` (foreign compressors, odd types).
 * The library is large: it is loaded only when {@link prepare} finds that it is needed.
 */
export class FallbackHdf5File implements Hdf5File {
  readonly path: string;
  readonly #openReader: () => CheckedHdf5File;
  readonly #loadLibrary: () => Promise<Hdf5File>;
  readonly #threads: ThreadedRead | null;
  readonly #prepared = new Set<string>();
  #reader: CheckedHdf5File | null = null;
  #library: Hdf5File | null = null;

  /**
   * @param openReader called by the first use. @param loadLibrary opens the file when the reader cannot read all of it
   * @param threads share the work of large reads; null for none
   */
  constructor(
    path: string,
    openReader: () => CheckedHdf5File,
    loadLibrary: () => Promise<Hdf5File>,
    threads: ThreadedRead | null,
  ) {
    this.path = path;
    this.#threads = threads;
    this.#openReader = openReader;
    this.#loadLibrary = loadLibrary;
  }

  /** Our own reader of the file. */
  get reader(): CheckedHdf5File {
    this.#reader ??= this.#openReader();
    return this.#reader;
  }

  async prepare(path: string): Promise<void> {
    if (this.#library || this.#prepared.has(path)) return;
    try {
      this.reader.assertReadable(path);
      this.#prepared.add(path);
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

  softTarget(path: string): string | null {
    return this.#try((file) => file.softTarget(path));
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

  async readLarge(
    path: string,
    block: Hdf5Block,
    out: NumericStorage,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const plan = this.#threads && !this.#library ? this.reader.planRead(path, block) : null;
    if (!plan) {
      this.read(path, block, out as DTypeStorage[DType]);
      return;
    }
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    const target = { bytes, offset: 0, steps: stepsOf(block.count, plan.itemSize) };
    // What is not compressed comes faster straight from the disk.
    const direct = this.reader.readDirect(plan, target, options.signal);
    if (direct) {
      await direct;
      return;
    }
    if (plan.filters.length === 0 || plan.pieces.length < 2 || !this.#threads?.isReady) {
      this.read(path, block, out as DTypeStorage[DType]);
      return;
    }
    await this.#threads.run(this.path, plan, target, (piece) => this.reader.readPlanned(plan, piece, target), options);
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
