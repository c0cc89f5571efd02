import { type DType, type DTypeStorage, itemSizeOf, viewBytes } from '../core/dtype.ts';
import { DtypeMismatch, Unsupported } from '../core/errors.ts';
import { elementCount, type NdArray } from '../core/ndarray.ts';

/** One WebAssembly page. */
const PAGE = 65_536;
/** What a 32-bit WebAssembly module can see. */
const MAX_BYTES = 4 * 2 ** 30;
/** A cache line; more than any element or vector needs. */
const ALIGNMENT = 64;

/** What a worker needs to see the same arena; survives `postMessage`. */
export interface ArenaHandle {
  readonly memory: WebAssembly.Memory;
}

/** Where an array lies in the arena; survives `postMessage`, unlike a view of more than 2 GiB. */
export interface ArrayPlace {
  readonly byteOffset: number;
  readonly dtype: Exclude<DType, 'string'>;
  readonly shape: readonly number[];
}

/**
 * Memory that WebAssembly kernels and all workers share. Arrays are carved from its start to its end and never freed one
 * by one; {@link mark} and {@link resetTo} give back all that came after a point. Pages are taken by the system only when
 * they are first written, so a large arena costs nothing until it is used.
 */
export class KernelArena {
  readonly memory: WebAssembly.Memory;
  /**
   * Buffers that views were made on. `memory.buffer` gives another object for the same memory once any shared memory of the
   * program was grown, even one that is not ours.
   */
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  #next: number;

  private constructor(memory: WebAssembly.Memory, next: number) {
    this.memory = memory;
    this.#next = next;
  }

  /** A new arena of `byteLength` bytes (at most 4 GiB). @throws Unsupported if the system refuses */
  static create(byteLength: number): KernelArena {
    const pages = Math.min(Math.ceil(byteLength / PAGE) + 1, MAX_BYTES / PAGE);
    try {
      // The first page stays unused: address 0 must not be an array, and the compiler may keep data there.
      return new KernelArena(new WebAssembly.Memory({ initial: pages, maximum: MAX_BYTES / PAGE, shared: true }), PAGE);
    } catch (cause) {
      throw new Unsupported(
        `No ${Math.round(byteLength / 2 ** 20)} MiB of shared memory: lower --memory or close other programs.`,
        { byteLength },
        { cause },
      );
    }
  }

  /** The arena of another thread; it can view arrays, and must not allocate. */
  static attach(handle: ArenaHandle): KernelArena {
    return new KernelArena(handle.memory, Number.POSITIVE_INFINITY);
  }

  /** For {@link attach} on another thread. */
  get handle(): ArenaHandle {
    return { memory: this.memory };
  }

  /** Bytes left. */
  get free(): number {
    return this.memory.buffer.byteLength - this.#next;
  }

  /** A zeroed array in the arena (zeroed only the first time its memory is used). @throws Unsupported when the arena is full */
  allocate<D extends Exclude<DType, 'string'>>(dtype: D, shape: readonly number[]): NdArray<D> {
    const byteOffset = this.#next;
    const byteLength = elementCount(shape) * itemSizeOf(dtype);
    if (!(byteOffset + byteLength <= this.memory.buffer.byteLength)) {
      throw new Unsupported(
        `The arena of ${Math.round(this.memory.buffer.byteLength / 2 ** 20)} MiB has no room for ${dtype} [${shape}]: give it more memory.`,
        {
          dtype,
          shape,
        },
      );
    }
    this.#next = Math.ceil((byteOffset + byteLength) / ALIGNMENT) * ALIGNMENT;
    return this.view({ byteOffset, dtype, shape }, dtype);
  }

  /** The array at a place. @throws DtypeMismatch if it holds something else than `dtype` */
  view<D extends Exclude<DType, 'string'>>(place: ArrayPlace, dtype: D): NdArray<D> {
    if (place.dtype !== dtype) {
      throw new DtypeMismatch(`The arena holds ${place.dtype} there, ${dtype} is wanted.`, {
        expected: dtype,
        got: place.dtype,
      });
    }
    const { buffer } = this.memory;
    this.#buffers.add(buffer);
    return {
      dtype,
      shape: place.shape,
      data: viewBytes(dtype, buffer, place.byteOffset, elementCount(place.shape)),
    };
  }

  /** Whether an array's memory is the arena's. */
  contains(view: ArrayBufferView): boolean {
    return this.#buffers.has(view.buffer) || view.buffer === this.memory.buffer;
  }

  /** The current end, for {@link resetTo}. */
  mark(): number {
    return this.#next;
  }

  /** Gives back everything allocated after `mark`. The caller sees to it that nobody uses it any more. */
  resetTo(mark: number): void {
    this.#next = mark;
  }
}

/** Where an arena array lies, for another thread. @throws TypeError for text */
export function placeOf(array: NdArray): ArrayPlace {
  if (array.dtype === 'string') throw new TypeError('text has no place in an arena');
  return { byteOffset: (array.data as DTypeStorage['uint8']).byteOffset, dtype: array.dtype, shape: array.shape };
}
