import type { Lease } from '../core/lease.ts';

interface Slot {
  readonly bytes: Uint8Array;
  isFree: boolean;
}

/**
 * Recycled memory for received trains: a few slots inside one region that workers share, so that a train lands where it is
 * computed and nothing is copied. When every slot is taken, `lend` says no, and the caller drops the train or takes memory
 * of its own: the pool never grows past its region.
 */
export class SlotPool {
  readonly #region: Uint8Array;
  #slots: Slot[] = [];
  #used = 0;

  /** @param region the memory to hand out; usually a view on a shared WebAssembly memory */
  constructor(region: Uint8Array) {
    this.#region = region;
  }

  /** Slots out on loan. */
  get lent(): number {
    return this.#slots.filter((slot) => !slot.isFree).length;
  }

  /** A free slot of at least `byteLength` bytes (exactly that long as seen by the caller), or undefined. */
  lend(byteLength: number): Lease | undefined {
    const slot = this.#fitting(byteLength) ?? this.#carve(byteLength);
    if (!slot) return undefined;
    slot.isFree = false;
    let isOut = true;
    return {
      bytes: slot.bytes.subarray(0, byteLength),
      release: () => {
        if (isOut) slot.isFree = true;
        isOut = false;
      },
    };
  }

  #fitting(byteLength: number): Slot | undefined {
    let best: Slot | undefined;
    for (const slot of this.#slots) {
      const fits = slot.isFree && slot.bytes.length >= byteLength && slot.bytes.length <= 2 * byteLength + 65_536;
      if (fits && (!best || slot.bytes.length < best.bytes.length)) best = slot;
    }
    return best;
  }

  #carve(byteLength: number): Slot | undefined {
    // Slots of another size are of no use any more once they are all free: the train's size has changed.
    if (this.#used + byteLength > this.#region.length && this.#slots.every((slot) => slot.isFree)) {
      this.#slots = [];
      this.#used = 0;
    }
    if (this.#used + byteLength > this.#region.length) return undefined;
    const bytes = this.#region.subarray(this.#used, this.#used + byteLength);
    // 64 bytes: a cache line, and more than any element needs
    this.#used += Math.ceil(byteLength / 64) * 64;
    const slot = { bytes, isFree: true };
    this.#slots.push(slot);
    return slot;
  }
}
