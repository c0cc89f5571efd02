import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { deflate, deflateSync } from 'node:zlib';
import { FileUnreadable } from '../../core/errors.ts';
import type { ByteSink } from '../../formats/hdf5-write/byte-sink.ts';
import type { Hdf5Deflater } from '../../formats/hdf5-write/chunk-filters.ts';
import { createHdf5Writer } from '../../formats/hdf5-write/writer.ts';
import type { Hdf5Creator } from '../../formats/hdf5-writer.ts';

const deflateOnThread = promisify<Uint8Array, { level: number }, Uint8Array>(deflate);

/** zlib of Node; `deflateLater` runs on its threads. */
export const nodeDeflater: Hdf5Deflater = {
  deflate: (bytes, level) => deflateSync(bytes, { level }),
  deflateLater: (bytes, level) => deflateOnThread(bytes, { level }),
};

/** Makes HDF5 files on the local disk: beside their place, renamed when they are complete. */
export const nodeHdf5Creator: Hdf5Creator = {
  async create(path) {
    return createHdf5Writer(new FileSink(path), nodeDeflater);
  },
};

let filesBegun = 0;

/** A file that appears under its name only when it is complete. */
class FileSink implements ByteSink {
  readonly name: string;
  readonly #aside: string;
  #handle: number | null;

  constructor(path: string) {
    this.name = resolve(path);
    this.#aside = `${this.name}.${process.pid}-${filesBegun++}.part`;
    this.#handle = this.#attempt(() => {
      mkdirSync(dirname(this.name), { recursive: true });
      return openSync(this.#aside, 'w');
    });
  }

  write(position: number, bytes: Uint8Array): void {
    const handle = this.#handle;
    if (handle === null) throw new FileUnreadable(`${this.name} was closed already.`, { path: this.name });
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(handle, bytes, done, bytes.length - done, position + done);
    });
  }

  close(): void {
    if (this.#handle === null) return;
    const handle = this.#handle;
    this.#handle = null;
    try {
      this.#attempt(() => {
        closeSync(handle);
        renameSync(this.#aside, this.name);
      });
    } catch (error) {
      rmSync(this.#aside, { force: true });
      throw error;
    }
  }

  discard(): void {
    if (this.#handle === null) return;
    closeSync(this.#handle);
    this.#handle = null;
    rmSync(this.#aside, { force: true });
  }

  #attempt<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      const reason = reasonOf(error);
      throw new FileUnreadable(`${this.name} cannot be written: ${reason}.`, { path: this.name }, { cause: error });
    }
  }
}

function reasonOf(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'your quota of the disk is used up',
    EACCES: 'permission denied',
    EROFS: 'the place is read-only',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is not a folder',
  };
  const code = (error as { code?: string }).code;
  return (code && known[code]) ?? (error instanceof Error ? error.message : String(error));
}
