import { FileUnreadable } from '../../core/errors.ts';
import type { RandomBytes } from '../../formats/hdf5-reader/random-bytes.ts';

/** Small reads come in blocks of so many bytes: a request costs more than the bytes. */
const BLOCK = 128 * 1024;
const BLOCKS_KEPT = 64;

/** Bytes of a file on a web server that answers range requests. Works in a worker: the requests are synchronous. */
export class HttpBytes implements RandomBytes {
  readonly name: string;
  readonly size: number;
  readonly #blocks = new Map<number, Uint8Array>();

  /** Asks for the first bytes to learn the length. @throws FileUnreadable if the file or ranges of it cannot be had */
  constructor(url: string) {
    this.name = url;
    const { bytes, total } = requestRange(url, 0, BLOCK);
    this.size = total;
    this.#blocks.set(0, bytes);
  }

  readInto(start: number, out: Uint8Array): void {
    if (start + out.length > this.size) {
      throw new FileUnreadable(`${this.name} ends at byte ${this.size}.`, { path: this.name, offset: start });
    }
    if (out.length > 2 * BLOCK) {
      out.set(requestRange(this.name, start, out.length).bytes);
      return;
    }
    for (let at = start; at < start + out.length; ) {
      const number = Math.floor(at / BLOCK);
      const block = this.#block(number);
      const from = at - number * BLOCK;
      const length = Math.min(block.length - from, start + out.length - at);
      out.set(block.subarray(from, from + length), at - start);
      at += length;
    }
  }

  #block(number: number): Uint8Array {
    let block = this.#blocks.get(number);
    if (block) return block;
    block = requestRange(this.name, number * BLOCK, Math.min(BLOCK, this.size - number * BLOCK)).bytes;
    if (this.#blocks.size >= BLOCKS_KEPT) {
      const [oldest] = this.#blocks.keys();
      this.#blocks.delete(oldest);
    }
    this.#blocks.set(number, block);
    return block;
  }

  openBeside(name: string): RandomBytes | null {
    const url = new URL(name.split('/').map(encodeURIComponent).join('/'), this.name).href;
    try {
      return new HttpBytes(url);
    } catch (error) {
      if (error instanceof FileUnreadable && error.details['status'] === 404) return null;
      throw error;
    }
  }

  suspend(): void {} // no connection is kept

  close(): void {
    this.#blocks.clear();
  }
}

/** @throws FileUnreadable with the server's answer */
function requestRange(url: string, start: number, length: number): { bytes: Uint8Array; total: number } {
  const fail = (reason: string, status = 0) =>
    new FileUnreadable(`${url} cannot be read at byte ${start}: ${reason}.`, { path: url, offset: start, status });
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.responseType = 'arraybuffer';
  request.setRequestHeader('Range', `bytes=${start}-${start + length - 1}`);
  try {
    request.send();
  } catch (error) {
    throw fail(`the server does not answer (${error instanceof Error ? error.message : error})`);
  }
  const { status } = request;
  if (status === 200)
    throw fail('the server sends whole files only, no ranges. Download the file and drop it here', status);
  if (status !== 206) throw fail(`the server says ${status} ${request.statusText}`, status);
  const total = Number(request.getResponseHeader('Content-Range')?.split('/')[1]);
  if (!Number.isSafeInteger(total)) throw fail('the server does not tell how long the file is', status);
  const bytes = new Uint8Array(request.response as ArrayBuffer);
  if (bytes.length < Math.min(length, total - start)) throw fail(`${bytes.length} of ${length} bytes came`, status);
  return { bytes, total };
}
