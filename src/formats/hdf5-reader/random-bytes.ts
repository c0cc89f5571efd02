/**
 * Port: the bytes of one file, read where they are wanted. Calls are synchronous: a file's structure is a chain of small
 * reads that each depend on the last, and a promise for each would cost more than the read. In a browser the reader runs in
 * a worker, where files and HTTP ranges can be read synchronously too.
 */
export interface RandomBytes {
  /** Name for messages: a path or an address. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Fills `out` with the bytes from `start` on.
   * @throws FileUnreadable if they cannot be had, or the file ends before
   */
  readInto(start: number, out: Uint8Array): void;
  /**
   * As {@link readInto} without holding up this thread, several at a time; for large reads. Absent where that is no quicker.
   * `suspend` and `close` wait with the handle until it is done.
   * @throws FileUnreadable
   */
  readLater?(start: number, out: Uint8Array): Promise<void>;
  /**
   * Another file, named as an HDF5 file names its sources: beside this one unless the name is absolute; null if there is none.
   * @throws FileUnreadable if it is there but cannot be read
   */
  openBeside(name: string): RandomBytes | null;
  /** Gives the system's file handle back; the next read opens the file again by itself. */
  suspend(): void;
  /** Closing twice is harmless. */
  close(): void;
}
