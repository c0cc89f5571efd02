import { Unsupported } from '../../core/errors.ts';
import { damaged } from './cursor.ts';
import { FILTER, type Filter } from './filters.ts';
import { decodeLzf } from './lzf.ts';
import { Scratch } from './scratch.ts';
import type { Unshuffler } from './unshuffle.ts';

const scratch = { inflated: new Scratch(), unshuffled: new Scratch() };

/**
 * Port: undoes zlib compression into given memory.
 * @param out exactly as long as what must come out
 * @throws Error with the reason if the input is damaged or gives another length
 */
export type Inflate = (bytes: Uint8Array, out: Uint8Array) => void;

/** Port: the filters that a platform may have quicker ways for. */
export interface ChunkDecoders {
  readonly inflate: Inflate;
  readonly unshuffler: Unshuffler;
}

/** Whether the reader can undo these filters; else which one it cannot. */
export function unknownFilter(filters: readonly Filter[]): Filter | undefined {
  const known: readonly number[] = Object.values(FILTER);
  return filters.find(({ id }) => !known.includes(id));
}

/** What decoding a chunk needs besides its bytes. */
export interface ChunkFormat {
  readonly filters: readonly Filter[];
  /** Bytes of a chunk without filters. */
  readonly chunkBytes: number;
  readonly itemSize: number;
}

/**
 * Undoes the filters of a chunk, last first, into `out`.
 * @param filterMask bit i set: filter i was not applied to this chunk
 * @param out exactly the chunk's unfiltered length
 * @throws FormatInvalid if the chunk is damaged, Unsupported for filters that the reader does not know
 */
export function decodeChunk(
  file: string,
  address: number,
  stored: Uint8Array,
  filterMask: number,
  { filters, chunkBytes, itemSize }: ChunkFormat,
  { inflate, unshuffler }: ChunkDecoders,
  out: Uint8Array,
): void {
  let bytes = stored;
  for (let i = filters.length - 1; i >= 0; i--) {
    if (filterMask & (1 << i)) continue;
    const { id, name, parameters } = filters[i];
    if (id === FILTER.deflate) {
      // A checksum made before the compression comes out with the chunk.
      const checksums = filters.filter(
        (f, k) => k < i && f.id === FILTER.fletcher32 && !(filterMask & (1 << k)),
      ).length;
      const length = chunkBytes + 4 * checksums;
      // The last step writes where the caller wants the values.
      const target =
        length === out.length && isLast(filters, i, filterMask)
          ? out
          : filters.some(({ id: next }, k) => k < i && next === FILTER.shuffle && !(filterMask & (1 << k)))
            ? unshuffler.input(length)
            : scratch.inflated.take(length);
      try {
        inflate(bytes, target);
      } catch (error) {
        const reason = error instanceof Error ? error.message : error;
        throw damaged(file, address, `a chunk that cannot be decompressed (${reason})`);
      }
      bytes = target;
    } else if (id === FILTER.lzf) {
      // The filter's third parameter is the length before it.
      bytes = decodeLzf(file, address, bytes, parameters[2] ?? chunkBytes);
    } else if (id === FILTER.shuffle) {
      const width = parameters[0] ?? itemSize;
      const target =
        bytes.length === out.length && isLast(filters, i, filterMask) ? out : scratch.unshuffled.take(bytes.length);
      unshuffler.unshuffle(bytes, width, target);
      bytes = target;
    } else if (id === FILTER.fletcher32) {
      bytes = checkFletcher32(file, address, bytes);
    } else throw new Unsupported(`${file}: the filter "${name}" is not supported.`, { path: file, filter: name });
  }
  if (bytes.length !== out.length) {
    throw damaged(file, address, `a chunk of ${bytes.length} bytes where ${out.length} are expected`);
  }
  if (bytes !== out) out.set(bytes);
}

/** Whether no filter before the i-th was applied to a chunk. */
function isLast(filters: readonly Filter[], i: number, filterMask: number): boolean {
  return !filters.some((_, k) => k < i && !(filterMask & (1 << k)));
}

/** Checks and cuts off the checksum behind a chunk. @source HDF5 library, H5checksum.c (Fletcher's sum over 16-bit words) */
function checkFletcher32(file: string, address: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw damaged(file, address, 'a chunk without its checksum');
  const data = bytes.subarray(0, bytes.length - 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stored = view.getUint32(data.length, true);
  const sum = fletcher32(data);
  // Files of HDF5 before 1.6.3 hold each half of the sum with its bytes swapped.
  const swapped = (((sum & 0x00ff00ff) << 8) | ((sum & 0xff00ff00) >>> 8)) >>> 0;
  if (stored !== sum && stored !== swapped) throw damaged(file, address, 'a chunk whose checksum is wrong');
  return data;
}

/** Fletcher's checksum of big-endian 16-bit words; an odd byte counts as the high half of a word. */
export function fletcher32(data: Uint8Array): number {
  let sum1 = 0;
  let sum2 = 0;
  const words = data.length >> 1;
  for (let i = 0; i < words; ) {
    // So many additions stay below 2^32.
    for (const end = Math.min(words, i + 360); i < end; i++) {
      sum1 += (data[2 * i] << 8) | data[2 * i + 1];
      sum2 += sum1;
    }
    sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  }
  if (data.length % 2 === 1) {
    sum1 += data[data.length - 1] << 8;
    sum2 += sum1;
    sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  }
  sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
  sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  return ((sum2 << 16) | sum1) >>> 0;
}
