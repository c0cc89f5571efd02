import type { Hdf5File } from '../formats/hdf5.ts';

/** Keeps at most `limit` files open: the one that waited longest is suspended, and opens again when it is used. */
export class OpenFileLimit {
  readonly #limit: number;
  readonly #recent = new Set<Hdf5File>();

  constructor(limit = 256) {
    this.#limit = limit;
  }

  /** Call before each use of a file. */
  touch(file: Hdf5File): void {
    this.#recent.delete(file);
    this.#recent.add(file);
    if (this.#recent.size <= this.#limit) return;
    const [oldest] = this.#recent;
    this.#recent.delete(oldest);
    oldest.suspend();
  }

  /** Call when a file is closed for good. */
  forget(file: Hdf5File): void {
    this.#recent.delete(file);
  }
}
