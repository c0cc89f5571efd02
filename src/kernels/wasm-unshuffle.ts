/** What build/kernels.wasm exports for it: addresses of the first plane and of the result, bytes from plane to plane. */
type UnshuffleKernel = (from: number, planeStride: number, count: number, to: number) => void;

/** One WebAssembly page. */
const PAGE = 65_536;
/** The first page is left to the compiler; a block of the result stands in the second, the shuffled bytes behind. */
const BLOCK_AT = PAGE;
const INPUT_AT = 2 * PAGE;
/** A block of the result that is copied on while the caches still have it; a multiple of 16 elements of any width. */
const BLOCK_BYTES = PAGE / 2;
/** Memory that has grown stays: larger input is not taken. */
const LARGEST_INPUT = 64 * 2 ** 20;

/**
 * HDF5's shuffle of elements of 2, 4 and 8 bytes undone in WebAssembly SIMD, in a memory of its own: every thread makes one.
 * Bytes that were put into {@link input} are copied once, on their way out.
 */
export class WasmUnshuffle {
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: ReadonlyMap<number, UnshuffleKernel>;
  #bytes: Uint8Array;

  /**
   * @param module compiled from build/kernels.wasm
   * @throws RangeError if the system gives no memory, WebAssembly.LinkError if it is another module
   */
  constructor(module: WebAssembly.Module) {
    const maximum = (INPUT_AT + LARGEST_INPUT) / PAGE;
    // Shared because the kernels of that module are compiled for it.
    this.#memory = new WebAssembly.Memory({ initial: INPUT_AT / PAGE, maximum, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#kernels = new Map(
      [2, 4, 8].map((width) => [width, exports[`unshuffle${width}`] as unknown as UnshuffleKernel]),
    );
    this.#bytes = new Uint8Array(this.#memory.buffer);
  }

  /** Room for shuffled bytes in the kernels' own memory, valid until the next call; null if that is too much. */
  input(length: number): Uint8Array | null {
    if (length > LARGEST_INPUT) return null;
    const missing = INPUT_AT + length - this.#bytes.length;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / PAGE));
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    return this.#bytes.subarray(INPUT_AT, INPUT_AT + length);
  }

  /**
   * Puts the bytes of each element together again; those that make no whole element stay at the end.
   * @param bytes those of {@link input}, or other memory @param width bytes of an element
   * @param out as long as `bytes`, and other memory
   * @returns false, with nothing done, for widths and lengths that it has no quick way for
   */
  unshuffle(bytes: Uint8Array, width: number, out: Uint8Array): boolean {
    const kernel = this.#kernels.get(width);
    const isInside = bytes.buffer === this.#bytes.buffer;
    if (!kernel || (!isInside && bytes.length > LARGEST_INPUT)) return false;
    if (out.length !== bytes.length) throw new RangeError(`${bytes.length} bytes do not fit into ${out.length}`);
    if (!isInside) this.input(bytes.length)?.set(bytes);
    const from = isInside ? bytes.byteOffset : INPUT_AT;
    const count = Math.floor(bytes.length / width);
    const step = BLOCK_BYTES / width;
    for (let first = 0; first < count; first += step) {
      const part = Math.min(step, count - first);
      kernel(from + first, count, part, BLOCK_AT);
      out.set(this.#bytes.subarray(BLOCK_AT, BLOCK_AT + part * width), first * width);
    }
    if (count * width < bytes.length) out.set(bytes.subarray(count * width), count * width);
    return true;
  }
}
