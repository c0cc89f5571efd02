import { ByteBuilder, encodeText } from './byte-builder.ts';
import type { FileSpace } from './file-space.ts';

/** Smallest collection. @source HDF5 File Format Specification 3.0, III.E */
const LEAST_BYTES = 4096;
/** A collection for many texts at once. */
const LARGE_BYTES = 65536;
const OBJECT_HEADER_BYTES = 16;
/** Objects are numbered in 16 bits; 0 is the free room. */
const MOST_OBJECTS = 0xffff;

/** Where an object of the global heap is. */
export interface HeapPlace {
  readonly address: number;
  readonly index: number;
}

/** Values whose length varies: texts and the mappings of virtual datasets, many in one collection. */
export class GlobalHeap {
  readonly #space: FileSpace;
  #image: ByteBuilder | null = null;
  #address = 0;
  #size = 0;
  #objects = 0;

  constructor(space: FileSpace) {
    this.#space = space;
  }

  /** Keeps a value. @param expected bytes that will follow soon, to choose the size of a new collection */
  put(value: Uint8Array, expected = 0): HeapPlace {
    const needed = OBJECT_HEADER_BYTES + padded(value.length);
    if (!this.#fits(needed)) this.#begin(needed, expected);
    const image = this.#image as ByteBuilder;
    const index = ++this.#objects;
    image.u16(index).u16(1).u32(0).u64(value.length).put(value).align(8);
    return { address: this.#address, index };
  }

  #fits(needed: number): boolean {
    if (!this.#image || this.#objects >= MOST_OBJECTS) return false;
    const rest = this.#size - this.#image.length - needed;
    // What is left over must be nothing, or have room for a header of its own.
    return rest === 0 || rest >= OBJECT_HEADER_BYTES;
  }

  #begin(needed: number, expected: number): void {
    this.flush();
    const wanted = OBJECT_HEADER_BYTES + needed;
    const usual = expected > LEAST_BYTES ? LARGE_BYTES : LEAST_BYTES;
    this.#size = wanted === usual || wanted + OBJECT_HEADER_BYTES <= usual ? usual : wanted;
    this.#address = this.#space.reserve(this.#size);
    this.#objects = 0;
    this.#image = new ByteBuilder(this.#size);
    this.#image.put(encodeText('GCOL')).u8(1, 0, 0, 0).u64(this.#size);
  }

  /** Writes the collection that is being filled; call at the end. */
  flush(): void {
    const image = this.#image;
    if (!image) return;
    const rest = this.#size - image.length;
    if (rest > 0)
      image
        .u16(0)
        .u16(0)
        .u32(0)
        .u64(rest)
        .zeros(rest - OBJECT_HEADER_BYTES);
    this.#space.writeAt(this.#address, image.bytes);
    this.#image = null;
  }
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
