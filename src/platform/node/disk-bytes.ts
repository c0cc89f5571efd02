import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { FileUnreadable } from '../../core/errors.ts';
import type { RandomBytes } from '../../formats/hdf5-reader/random-bytes.ts';
import { fileErrorReason } from './file-store.ts';

/** Bytes of a file of the local disk, read synchronously straight into given memory. */
export class DiskBytes implements RandomBytes {
  readonly name: string;
  readonly size: number;
  #handle: number | null;
  /** Reads on their way; the handle must stay as it is until they are done. */
  #underWay = 0;
  /** Whether the handle is to be given back then. */
  #isLeft = false;

  /** @param path absolute. @throws FileUnreadable if it cannot be opened */
  constructor(path: string) {
    this.name = path;
    this.#handle = openFile(path);
    const found = fstatSync(this.#handle);
    if (found.isDirectory()) {
      closeSync(this.#handle);
      throw new FileUnreadable(`${path} is a folder, not a file.`, { path });
    }
    this.size = found.size;
  }

  readInto(start: number, out: Uint8Array): void {
    this.#handle ??= openFile(this.name);
    let done = 0;
    while (done < out.length) {
      const count = this.#read(this.#handle, out, done, start + done);
      if (count === 0) throw this.#cutOff(start + done);
      done += count;
    }
  }

  async readLater(start: number, out: Uint8Array): Promise<void> {
    this.#handle ??= openFile(this.name);
    const handle = this.#handle;
    this.#underWay++;
    try {
      for (let done = 0; done < out.length; ) {
        const count = await this.#readLater(handle, out.subarray(done), start + done);
        if (count === 0) throw this.#cutOff(start + done);
        done += count;
      }
    } finally {
      this.#underWay--;
      if (this.#underWay === 0 && this.#isLeft) this.suspend();
    }
  }

  #readLater(handle: number, out: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(handle, out, 0, out.length, position, (error, count) => {
        if (error) reject(this.#unreadable(position, error));
        else resolve(count);
      });
    });
  }

  #cutOff(position: number): FileUnreadable {
    return new FileUnreadable(`${this.name} ends at byte ${position}: it was cut off while it was being read.`, {
      path: this.name,
      offset: position,
    });
  }

  #unreadable(position: number, cause: unknown): FileUnreadable {
    return new FileUnreadable(
      `${this.name} cannot be read at byte ${position}: ${fileErrorReason(cause)}.`,
      { path: this.name, offset: position },
      { cause },
    );
  }

  #read(handle: number, out: Uint8Array, offset: number, position: number): number {
    try {
      return readSync(handle, out, offset, out.length - offset, position);
    } catch (error) {
      throw this.#unreadable(position, error);
    }
  }

  openBeside(name: string): RandomBytes | null {
    const path = isAbsolute(name) ? name : join(dirname(this.name), name);
    try {
      return new DiskBytes(path);
    } catch (error) {
      const code = error instanceof FileUnreadable ? (error.cause as { code?: string } | undefined)?.code : undefined;
      if (code === 'ENOENT' || code === 'ENOTDIR') return null;
      throw error;
    }
  }

  suspend(): void {
    // Another file could get the number of a handle that is still being read from.
    this.#isLeft = this.#underWay > 0;
    if (this.#isLeft) return;
    if (this.#handle !== null) closeSync(this.#handle);
    this.#handle = null;
  }

  close(): void {
    this.suspend();
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new FileUnreadable(`${path} cannot be opened: ${fileErrorReason(error)}.`, { path }, { cause: error });
  }
}
