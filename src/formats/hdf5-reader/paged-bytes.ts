import type { RandomBytes } from './random-bytes.ts';

/** Structures of a file lie near each other: one read of this many bytes serves several. */
const PAGE = 8 * 1024;
/** Pages kept per file; an evicted one is read again. */
const PAGES_KEPT = 32;
/** Longer reads go past the pages. */
const LARGEST_SMALL = 4 * PAGE;
/** Pages are cut from pieces of memory of this size: hundreds of small ones cost more than what is read into them. */
const SLAB = 256 * 1024;

let slab = new Uint8Array(0);

function newPage(length: number): Uint8Array {
  if (slab.length < length) slab = new Uint8Array(SLAB);
  const page = slab.subarray(0, length);
  slab = slab.subarray(length);
  return page;
}

/** A file's bytes through a small cache of pages: small reads are served from it, large ones go straight to the file. */
export class PagedBytes implements RandomBytes {
  readonly name: string;
  readonly size: number;
  readonly #source: RandomBytes;
  readonly #pages = new Map<number, Uint8Array>();

  constructor(source: RandomBytes) {
    this.name = source.name;
    this.size = source.size;
    this.#source = source;
  }

  /** Memory that holds some bytes of the file, to look at and not to write to: from {@link placeIn} on. @throws FileUnreadable */
  memoryOf(start: number, length: number): Uint8Array {
    if ((start % PAGE) + length <= PAGE) return this.#page(Math.floor(start / PAGE));
    const bytes = new Uint8Array(length);
    this.readInto(start, bytes);
    return bytes;
  }

  /** Where in {@link memoryOf} the bytes start. */
  placeIn(start: number, length: number): number {
    const at = start % PAGE;
    return at + length <= PAGE ? at : 0;
  }

  readInto(start: number, out: Uint8Array): void {
    if (out.length > LARGEST_SMALL) {
      this.#source.readInto(start, out);
      return;
    }
    const end = start + out.length;
    for (let at = start; at < end; ) {
      const number = Math.floor(at / PAGE);
      const page = this.#page(number);
      const from = at - number * PAGE;
      // A source that has become shorter says so itself.
      if (from >= page.length) {
        this.#source.readInto(at, out.subarray(at - start));
        return;
      }
      const part = page.subarray(from, Math.min(page.length, from + end - at));
      out.set(part, at - start);
      at += part.length;
    }
  }

  /** The source's own {@link RandomBytes.readLater}, past the pages. */
  get later(): ((start: number, out: Uint8Array) => Promise<void>) | null {
    const source = this.#source;
    return source.readLater ? (start, out) => source.readLater?.(start, out) as Promise<void> : null;
  }

  #page(number: number): Uint8Array {
    let page = this.#pages.get(number);
    if (page) return page;
    if (this.#pages.size >= PAGES_KEPT) {
      const [oldest] = this.#pages.keys();
      this.#pages.delete(oldest);
    }
    page = newPage(Math.min(PAGE, this.size - number * PAGE));
    this.#source.readInto(number * PAGE, page);
    this.#pages.set(number, page);
    return page;
  }

  openBeside(name: string): RandomBytes | null {
    return this.#source.openBeside(name);
  }

  suspend(): void {
    this.#source.suspend();
  }

  close(): void {
    this.#pages.clear();
    this.#source.close();
  }
}
