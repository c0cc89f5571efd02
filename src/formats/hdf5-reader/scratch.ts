/** Memory that one chunk after the other goes through: new memory for each would pile up faster than it is collected. */
export class Scratch {
  #bytes = new Uint8Array(0);

  /** Bytes to overwrite; valid until the next call. */
  take(length: number): Uint8Array {
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(length);
    return this.#bytes.subarray(0, length);
  }
}
