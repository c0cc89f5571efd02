import { damaged, NOWHERE } from './cursor.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

/** Collections kept: the texts of one dataset lie in few of them. */
const COLLECTIONS_KEPT = 16;

/**
 * Variable-length values of a file, found by collection and index.
 * @source HDF5 File Format Specification 3.0, III.E
 */
export class GlobalHeap {
  readonly #metadata: MetadataBytes;
  readonly #collections = new Map<number, ReadonlyMap<number, Uint8Array>>();

  constructor(metadata: MetadataBytes) {
    this.#metadata = metadata;
  }

  /** Bytes of an object. @throws FormatInvalid if there is none */
  object(address: number, index: number): Uint8Array {
    const found = this.#collection(address).get(index);
    if (found) return found;
    throw damaged(
      this.#metadata.source.name,
      this.#metadata.base + address,
      `no object ${index} in the global heap there`,
    );
  }

  /** Place of an object: where its bytes start in the file, and how many there are. */
  #collection(address: number): ReadonlyMap<number, Uint8Array> {
    const known = this.#collections.get(address);
    if (known) return known;
    const { source, base, sizes } = this.#metadata;
    if (address === NOWHERE) throw damaged(source.name, base, 'a text without place');
    const head = this.#metadata.at(address, 8 + sizes.lengthSize);
    head.mark('GCOL');
    head.version('a global heap', 1);
    head.skip(3);
    const size = head.length();
    const cursor = this.#metadata.at(address, size);
    cursor.skip(8 + sizes.lengthSize);
    const objects = new Map<number, Uint8Array>();
    while (cursor.left >= 8 + sizes.lengthSize) {
      const index = cursor.u16();
      cursor.skip(6);
      const length = cursor.length();
      if (index === 0) break; // free space
      objects.set(index, cursor.bytes(length));
      cursor.skip(Math.min(cursor.left, (8 - (length % 8)) % 8));
    }
    if (this.#collections.size >= COLLECTIONS_KEPT) {
      const [oldest] = this.#collections.keys();
      this.#collections.delete(oldest);
    }
    this.#collections.set(address, objects);
    return objects;
  }
}
