import type { ByteSink } from './byte-sink.ts';

const STAGE_BYTES = 1 << 20;
/** Pieces from this size on go to the sink without a copy. */
const DIRECT_BYTES = 1 << 16;
const ALIGNMENT = 8;

/** Room in a new file: everything is appended, small pieces together in one write. Addresses are multiples of 8. */
export class FileSpace {
  readonly #sink: ByteSink;
  readonly #stage = new Uint8Array(STAGE_BYTES);
  /** Address of the first staged byte. */
  #stageStart: number;
  #staged = 0;
  #end: number;

  /** @param start address of the first free byte, behind the superblock */
  constructor(sink: ByteSink, start: number) {
    this.#sink = sink;
    this.#end = this.#stageStart = align(start);
  }

  /** Address behind everything: the length of the file. */
  get end(): number {
    return this.#end;
  }

  /** Room that is written later, by {@link writeAt}, or reads as 0. @returns its address */
  reserve(bytes: number): number {
    const address = align(this.#end);
    this.#end = address + bytes;
    return address;
  }

  /** Puts bytes behind everything. @returns their address */
  append(bytes: Uint8Array): number {
    const address = this.reserve(bytes.length);
    this.#put(address, bytes);
    return address;
  }

  #put(address: number, bytes: Uint8Array): void {
    const at = address - this.#stageStart;
    const isNext = at >= this.#staged && at < this.#staged + ALIGNMENT && at + bytes.length <= STAGE_BYTES;
    if (bytes.length >= DIRECT_BYTES) {
      this.flush();
      this.#sink.write(address, bytes);
      return;
    }
    if (isNext) {
      this.#stage.fill(0, this.#staged, at);
    } else {
      this.flush();
      this.#stageStart = address;
    }
    this.#stage.set(bytes, address - this.#stageStart);
    this.#staged = address - this.#stageStart + bytes.length;
  }

  /** Puts bytes where room was reserved or something was written before. */
  writeAt(address: number, bytes: Uint8Array): void {
    if (address < this.#stageStart + this.#staged && address + bytes.length > this.#stageStart) this.flush();
    this.#sink.write(address, bytes);
  }

  /** Hands everything to the sink. */
  flush(): void {
    if (this.#staged > 0) this.#sink.write(this.#stageStart, this.#stage.subarray(0, this.#staged));
    this.#stageStart += this.#staged;
    this.#staged = 0;
  }
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
