import { type DType, itemSizeOf, lanesOf, viewBytes } from '../core/dtype.ts';
import { StateInvalid } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';

/** Bytes at the start of the memory that no array takes: the compiled kernels may keep static data there. */
const RESERVED_BYTES = 65_536;
const PAGE_BYTES = 65_536;
/** A cache line; also more than any element or SIMD load needs. */
const ALIGNMENT = 64;

/** Element types that can lie in kernel memory. */
export type ArenaDType = Exclude<DType, 'string'>;

/** A byte range of a kernel memory: survives `postMessage`, unlike the view it stands for. */
export interface ArenaRegion {
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** What another thread needs to join an arena: post it, then call {@link KernelArena.join}. */
export interface ArenaTicket extends ArenaRegion {
  readonly memory: WebAssembly.Memory;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * Hands out arrays inside one shared WebAssembly memory, so that kernels and threads work on them without a copy. A stack:
 * `mark` remembers the fill level and `reset` frees everything allocated after it. The memory never grows, so that views
 * stay valid and belong to it recognisably. One arena is used by one thread; a thread gets its own part by `reserve`.
 */
export class KernelArena {
  readonly memory: WebAssembly.Memory;
  readonly region: ArenaRegion;
  #top: number;

  private constructor(memory: WebAssembly.Memory, region: ArenaRegion) {
    this.memory = memory;
    this.region = region;
    this.#top = roundUp(region.byteOffset);
  }

  /**
   * New shared memory of at least `byteLength` usable bytes (address space; the system commits pages when first touched).
   * @throws StateInvalid if that is more than a 32-bit memory can hold, or than the system gives
   */
  static create(byteLength: number): KernelArena {
    const pages = Math.ceil((byteLength + RESERVED_BYTES) / PAGE_BYTES);
    if (!(pages > 0 && pages <= 65_536)) {
      throw new StateInvalid(`A kernel memory of ${byteLength} bytes is impossible: at most 4 GiB minus 64 KiB.`, {
        field: 'byteLength',
      });
    }
    let memory: WebAssembly.Memory;
    try {
      memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (cause) {
      const text = `The system gave no kernel memory of ${byteLength} bytes: use fewer memory cells or pulses.`;
      throw new StateInvalid(text, { field: 'byteLength' }, { cause });
    }
    return new KernelArena(memory, { byteOffset: RESERVED_BYTES, byteLength: pages * PAGE_BYTES - RESERVED_BYTES });
  }

  /** The arena of a ticket, in this thread. Join each ticket once: two arenas on one region overwrite each other. */
  static join(ticket: ArenaTicket): KernelArena {
    return new KernelArena(ticket.memory, { byteOffset: ticket.byteOffset, byteLength: ticket.byteLength });
  }

  /** Bytes still free. */
  get freeBytes(): number {
    return this.region.byteOffset + this.region.byteLength - this.#top;
  }

  /**
   * A zeroed array in kernel memory, 64-byte aligned.
   * @throws StateInvalid if the arena is full
   */
  allocate<D extends ArenaDType>(dtype: D, shape: readonly number[]): NdArray<D> {
    const array = this.#take(dtype, shape);
    (array.data as { fill(value: number | bigint): unknown }).fill(dtype === 'int64' || dtype === 'uint64' ? 0n : 0);
    return array;
  }

  /** Like {@link allocate}, but with whatever the memory holds: for arrays that are written before they are read. */
  allocateUnset<D extends ArenaDType>(dtype: D, shape: readonly number[]): NdArray<D> {
    return this.#take(dtype, shape);
  }

  /** A copy of `array` in kernel memory. @throws StateInvalid if the arena is full */
  adopt<D extends ArenaDType>(array: NdArray<D>): NdArray<D> {
    const copy = this.#take(array.dtype, array.shape);
    (copy.data as { set(from: unknown): void }).set(array.data);
    return copy;
  }

  /** Sets a part aside, for instance for a worker or for received trains. @throws StateInvalid if the arena is full */
  reserve(byteLength: number): ArenaTicket {
    return { memory: this.memory, byteOffset: this.#advance(byteLength), byteLength: roundUp(byteLength) };
  }

  /** The bytes of a region, shared by all threads. */
  bytes(region: ArenaRegion): Uint8Array {
    return new Uint8Array(this.memory.buffer, region.byteOffset, region.byteLength);
  }

  /** The array at a place that another thread named ({@link placeOf}), without a copy. */
  view<D extends ArenaDType>(dtype: D, shape: readonly number[], byteOffset: number): NdArray<D> {
    return ndarray(dtype, shape, viewBytes(dtype, this.memory.buffer, byteOffset, elementCount(shape)));
  }

  /** Whether an array lies in this memory (anywhere in it, not only in this arena's region). */
  holds(data: ArrayBufferView): boolean {
    return data.buffer === this.memory.buffer;
  }

  /** The fill level, for {@link reset}. */
  mark(): number {
    return this.#top;
  }

  /** Frees everything allocated since `mark`; those arrays must not be used any more. Without a mark: everything. */
  reset(mark: number = roundUp(this.region.byteOffset)): void {
    this.#top = mark;
  }

  #take<D extends ArenaDType>(dtype: D, shape: readonly number[]): NdArray<D> {
    const count = elementCount(shape);
    const byteOffset = this.#advance(count * itemSizeOf(dtype));
    return ndarray(dtype, shape, viewBytes(dtype, this.memory.buffer, byteOffset, count));
  }

  #advance(byteLength: number): number {
    const start = this.#top;
    const size = roundUp(byteLength);
    if (size > this.freeBytes) {
      throw new StateInvalid(
        `The kernel memory is full: ${size} bytes wanted, ${this.freeBytes} of ${this.region.byteLength} free. Create it larger, or process fewer pulses.`,
        { field: 'byteLength', wanted: size, free: this.freeBytes },
      );
    }
    this.#top = start + size;
    return start;
  }
}

/** Where an array lies in its memory, in a form that can be posted to another thread. */
export function placeOf<D extends ArenaDType>(
  array: NdArray<D>,
): { readonly dtype: D; readonly shape: readonly number[]; readonly byteOffset: number } {
  const data = array.data as unknown as ArrayBufferView;
  return { dtype: array.dtype, shape: array.shape, byteOffset: data.byteOffset };
}

/** Bytes that an array takes in an arena, with alignment: for working out how large the memory must be. */
export function arenaBytes(dtype: ArenaDType, shape: readonly number[]): number {
  return roundUp((elementCount(shape) * lanesOf(dtype) * itemSizeOf(dtype)) / lanesOf(dtype));
}
