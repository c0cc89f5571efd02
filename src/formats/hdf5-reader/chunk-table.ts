import { elementCount } from '../../core/ndarray.ts';

/** Where one chunk is stored. */
export interface StoredChunk {
  /** Address in the file. */
  readonly address: number;
  /** Bytes stored, after the filters. */
  readonly size: number;
  /** Bit i set: filter i was left out for this chunk. */
  readonly filterMask: number;
}

/** The chunks of a dataset that are stored, by their place in the grid of chunks. */
export class ChunkTable {
  /** Chunks along each axis. */
  readonly grid: readonly number[];
  readonly #chunks = new Map<number, StoredChunk>();

  /** @param shape of the dataset. @param chunks shape of a chunk */
  constructor(shape: readonly number[], chunks: readonly number[]) {
    this.grid = shape.map((length, axis) => Math.ceil(length / chunks[axis]));
  }

  /** Chunks that the dataset can have. */
  get capacity(): number {
    return elementCount(this.grid);
  }

  get size(): number {
    return this.#chunks.size;
  }

  /** Adds a chunk; one beyond the dataset's shape (left from before it shrank) is forgotten. @param place in the grid, axis by axis */
  add(place: readonly number[], chunk: StoredChunk): void {
    const number = this.#numberOf(place);
    if (number >= 0) this.#chunks.set(number, chunk);
  }

  /** The chunk at a place; undefined where none is stored. */
  at(place: readonly number[]): StoredChunk | undefined {
    return this.#chunks.get(this.#numberOf(place));
  }

  /** C-order number of a place in the grid; -1 outside. */
  #numberOf(place: readonly number[]): number {
    let number = 0;
    for (let axis = 0; axis < this.grid.length; axis++) {
      if (!(place[axis] < this.grid[axis])) return -1;
      number = number * this.grid[axis] + place[axis];
    }
    return number;
  }
}
