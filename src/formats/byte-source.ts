/** Random access to the bytes of one file, wherever it lies. */
export interface ByteSource {
  /** Name for messages: a path or an address. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Bytes `[start, start + length)`; shorter only where the file ends.
   * @throws FileUnreadable if the bytes cannot be had
   */
  read(start: number, length: number, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>;
  close(): Promise<void>;
}
