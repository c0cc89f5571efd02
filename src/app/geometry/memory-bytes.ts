import { FileUnreadable } from '../../core/errors.ts';
import type { RandomBytes } from '../../formats/hdf5-reader/random-bytes.ts';

/** A small file that is in memory as a whole. */
export class MemoryBytes implements RandomBytes {
  readonly name: string;
  readonly #bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  readInto(start: number, out: Uint8Array): void {
    if (start + out.length > this.#bytes.length)
      throw new FileUnreadable(`${this.name} ends after ${this.#bytes.length} bytes, before what it should hold.`, {
        path: this.name,
      });
    out.set(this.#bytes.subarray(start, start + out.length));
  }

  openBeside(): null {
    return null;
  }

  suspend(): void {}

  close(): void {}
}
