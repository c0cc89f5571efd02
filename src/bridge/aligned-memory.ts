import type { Lease } from '../core/lease.ts';
import type { BridgeArray, BridgeSource } from '../formats/bridge-source.ts';

/** No element needs more. */
const ALIGNMENT = 8;

/**
 * Lends memory so that the largest array of the next message can stay where it is received. In protocol 1.0 arrays lie
 * anywhere in the one part, and one that does not begin at a multiple of its element size must be copied. Messages of a
 * stream look alike: where the array was in the last one tells by how much the next must be moved.
 */
export class AlignedMemory {
  readonly #allocate: ((byteLength: number) => Lease | undefined) | undefined;
  #shift = 0;

  /** @param allocate lends memory that begins at a multiple of 8 bytes; without it what must be moved gets new memory */
  constructor(allocate?: (byteLength: number) => Lease | undefined) {
    this.#allocate = allocate;
  }

  /** Memory for a part of a message, moved by what the last message needed; undefined where the socket may take its own. */
  lend(byteLength: number): Lease | undefined {
    const allocate = this.#allocate;
    if (this.#shift === 0) return allocate?.(byteLength);
    const length = byteLength + ALIGNMENT;
    const lease = allocate ? allocate(length) : { bytes: new Uint8Array(length), release: () => {} };
    if (!lease) return undefined;
    const bytes = lease.bytes.subarray(this.#shift, this.#shift + byteLength);
    return { bytes, release: () => lease.release() };
  }

  /** Remembers where the largest array of a message was. @param parts of the message @param sources what was read of it */
  learn(parts: readonly Uint8Array[], sources: readonly BridgeSource[]): void {
    this.#shift = 0;
    if (parts.length !== 1) return;
    let largest: BridgeArray | undefined;
    for (const { arrays } of sources)
      for (const array of arrays) if (!largest || array.bytes.length > largest.bytes.length) largest = array;
    if (!largest) return;
    const offset = (largest.bytes.byteOffset - parts[0].byteOffset) % ALIGNMENT;
    this.#shift = (ALIGNMENT - offset) % ALIGNMENT;
  }
}
