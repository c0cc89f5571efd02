import { FileUnreadable } from '../../core/errors.ts';
import type { RandomBytes } from '../../formats/hdf5-reader/random-bytes.ts';

/** The synchronous file reader that workers have (the DOM types leave it out). */
interface SyncFileReader {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}
declare const FileReaderSync: new () => SyncFileReader;

/** Bytes of a file that the user dropped or picked. Works in a worker only: pages have no synchronous file reader. */
export class BlobBytes implements RandomBytes {
  readonly name: string;
  readonly size: number;
  readonly #blob: Blob;
  readonly #beside: (name: string) => RandomBytes | null;
  readonly #reader = new FileReaderSync();

  /** @param name path below what was dropped. @param beside finds the files that a virtual dataset refers to */
  constructor(name: string, blob: Blob, beside: (name: string) => RandomBytes | null = () => null) {
    this.name = name;
    this.size = blob.size;
    this.#blob = blob;
    this.#beside = beside;
  }

  readInto(start: number, out: Uint8Array): void {
    let bytes: ArrayBuffer;
    try {
      bytes = this.#reader.readAsArrayBuffer(this.#blob.slice(start, start + out.length));
    } catch (cause) {
      throw new FileUnreadable(
        `${this.name} cannot be read at byte ${start}: it was changed or moved since it was dropped here. Drop it again.`,
        { path: this.name, offset: start },
        { cause },
      );
    }
    if (bytes.byteLength < out.length) {
      throw new FileUnreadable(`${this.name} ends at byte ${start + bytes.byteLength}.`, {
        path: this.name,
        offset: start,
      });
    }
    out.set(new Uint8Array(bytes));
  }

  openBeside(name: string): RandomBytes | null {
    return this.#beside(name);
  }

  suspend(): void {} // a blob holds no handle

  close(): void {}
}
