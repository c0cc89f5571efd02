import type { Lease } from '../core/lease.ts';

/** Memory that is kept for the trains to come, bytes; one piece is kept however long it is. */
const MAX_KEPT_BYTES = 2 ** 30;

/**
 * Lends memory for large parts, and lends it again once it is handed back: to find new pages for each train costs the system
 * several times what receiving costs. What is never handed back is simply garbage; nobody waits for it.
 */
export class RecycledMemory {
  readonly #maxBytes: number;
  /** Free pieces, the one that was handed back last at the end. */
  #free: Uint8Array[] = [];

  /** @param maxBytes free memory that is kept */
  constructor(maxBytes = MAX_KEPT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Free memory that is kept, bytes. */
  get keptBytes(): number {
    return this.#free.reduce((sum, { length }) => sum + length, 0);
  }

  /** Memory of that length; what is in it is left from before. It begins at a multiple of 8 bytes. */
  lend(byteLength: number): Lease {
    const piece = this.#takeFitting(byteLength) ?? new Uint8Array(byteLength);
    let isOut = true;
    return {
      bytes: piece.subarray(0, byteLength),
      release: () => {
        if (isOut) this.#keep(piece);
        isOut = false;
      },
    };
  }

  /** A free piece that is long enough and not much too long. The oldest is let go where there is none: lengths have changed. */
  #takeFitting(byteLength: number): Uint8Array | undefined {
    let best = -1;
    for (const [i, { length }] of this.#free.entries())
      if (length >= byteLength && length <= 2 * byteLength && (best < 0 || length <= this.#free[best].length)) best = i;
    if (best < 0) {
      this.#free.shift();
      return undefined;
    }
    return this.#free.splice(best, 1)[0];
  }

  #keep(piece: Uint8Array): void {
    this.#free.push(piece);
    while (this.#free.length > 1 && this.keptBytes > this.#maxBytes) this.#free.shift();
  }
}
