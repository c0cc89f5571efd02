/**
 * Port: where the bytes of a new file go. Calls are synchronous, as those of `Hdf5Writer`. Bytes that are never written read
 * as 0 (on a disk they take no room).
 */
export interface ByteSink {
  /** Name for messages: a path. */
  readonly name: string;
  /** Puts `bytes` at `position`, which may lie behind the end. @throws FileUnreadable if the place is full or not writable */
  write(position: number, bytes: Uint8Array): void;
  /** The file is complete; only now may others find it. */
  close(): void;
  /** The file will not be completed: nothing of it stays. Harmless after {@link close} and when repeated. */
  discard(): void;
}

/** A sink in memory. */
export class MemorySink implements ByteSink {
  readonly name: string;
  #bytes = new Uint8Array(65536);
  #size = 0;

  constructor(name = 'memory') {
    this.name = name;
  }

  /** What was written, as a view. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#size);
  }

  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, position);
    this.#size = Math.max(this.#size, end);
  }

  close(): void {}

  discard(): void {
    this.#size = 0;
  }
}
