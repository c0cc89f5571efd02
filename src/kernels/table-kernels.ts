import { TABLE_CODE } from './table-code.ts';

/** A kernel: all arguments are byte addresses, counts, or flags, as its source in `assembly/tables` has them. */
type Kernel = (...args: number[]) => number;

/**
 * The loops that set an integration table up, see `assembly/tables`. They run quickly from their first call on, which
 * JavaScript does not: one table is all that many programs ever make. Each has its plain twin in `detector/integration`.
 */
export type TableKernels = Readonly<
  Record<
    | 'polar'
    | 'widen'
    | 'widenRuns'
    | 'weigh'
    | 'boxTile'
    | 'radiiInBins'
    | 'scanCorners'
    | 'placeBins'
    | 'closeBins'
    | 'countWhole'
    | 'fillWhole'
    | 'countIntervals'
    | 'fillIntervals'
    | 'countRectangles'
    | 'fillRectangles'
    | 'countColumns'
    | 'fillColumns'
    | 'countCells'
    | 'fillCells',
    Kernel
  >
>;

const PAGE = 65_536;
/** Address 0 stands for "none", and the compiler keeps its data there. */
const FIRST = PAGE;
/** Memory at first: enough for a small table. */
const START = 16 * PAGE;
/** What a 32-bit module can see, less a rest. */
const MOST_BYTES = 4 * 2 ** 30 - PAGE;
const ALIGNMENT = 64;

/** Undefined until it was tried, null where there is no WebAssembly SIMD or it may not be compiled. */
let compiled: WebAssembly.Module | null | undefined;

function compile(): WebAssembly.Module | null {
  if (compiled !== undefined) return compiled;
  try {
    compiled = new WebAssembly.Module(Uint8Array.from(atob(TABLE_CODE), (letter) => letter.charCodeAt(0)));
  } catch {
    compiled = null;
  }
  return compiled;
}

/**
 * Memory of one table, with the kernels that make it there. The table's arrays are views of it, since copying them would take
 * a third of the time: so keep out of it what the table does not need. All of it is zero at first.
 */
export class TableRoom {
  readonly kernels: TableKernels;
  readonly #memory: WebAssembly.Memory;
  #next = FIRST;

  private constructor(module: WebAssembly.Module) {
    this.#memory = new WebAssembly.Memory({ initial: START / PAGE });
    const env = { memory: this.#memory, atan2: Math.atan2 };
    this.kernels = new WebAssembly.Instance(module, { env }).exports as unknown as TableKernels;
  }

  /** A new room; null where WebAssembly cannot be used, or the system gives no memory. */
  static open(): TableRoom | null {
    const module = compile();
    if (module === null) return null;
    try {
      return new TableRoom(module);
    } catch {
      return null;
    }
  }

  /** Address of `byteLength` bytes, aligned for any vector. @throws RangeError if there is no room for them */
  allocate(byteLength: number): number {
    const start = this.#next;
    const end = start + Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
    if (!(end <= MOST_BYTES)) throw new RangeError(`${end} bytes are more than WebAssembly can see`);
    const { byteLength: size } = this.#memory.buffer;
    // By more than is needed, so that it is done a few times only.
    if (end > size) this.#memory.grow(Math.ceil((Math.min(Math.max(end, 1.5 * size), MOST_BYTES) - size) / PAGE));
    this.#next = end;
    return start;
  }

  /** Address of a copy. @throws RangeError if there is no room for it */
  place(values: Float64Array | Uint32Array | Uint8Array): number {
    const at = this.allocate(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.bytes(at, bytes.length).set(bytes);
    return at;
  }

  /** A view; the next {@link allocate} may end it, as those of the other methods. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer, at, length);
  }

  /** float64 (length). */
  doubles(at: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#memory.buffer, at, length);
  }

  /** float32 (length). */
  floats(at: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer, at, length);
  }

  /** uint32 (length). */
  words(at: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#memory.buffer, at, length);
  }
}
