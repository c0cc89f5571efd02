/** Port: deflate in zlib's format (RFC 1950). */
export interface Hdf5Deflater {
  deflate(bytes: Uint8Array, level: number): Uint8Array;
  /** The same beside the caller's work, where the platform can. The bytes must stay as they are until it is done. */
  deflateLater?(bytes: Uint8Array, level: number): Promise<Uint8Array>;
}

/** Which filters the chunks of a dataset go through, in this order. */
export interface FilterPlan {
  readonly shuffle: boolean;
  /** 0: no compression. */
  readonly deflate: number;
  readonly fletcher32: boolean;
}

/** A filtered chunk. */
export interface FilteredChunk {
  readonly bytes: Uint8Array;
  /** Bit i: filter i was left out. */
  readonly filterMask: number;
}

/** Numbers of the filters. @source HDF5 File Format Specification 3.0, IV.A.2.l */
const FILTER = { deflate: 1, shuffle: 2, fletcher32: 3 } as const;

/** The filters as the header names them. Those that may be left out of a chunk are optional. */
export function filterList(
  plan: FilterPlan,
  itemSize: number,
): { readonly id: number; readonly isOptional: boolean; readonly values: readonly number[] }[] {
  return [
    ...(plan.shuffle ? [{ id: FILTER.shuffle, isOptional: true, values: [itemSize] }] : []),
    ...(plan.deflate > 0 ? [{ id: FILTER.deflate, isOptional: true, values: [plan.deflate] }] : []),
    ...(plan.fletcher32 ? [{ id: FILTER.fletcher32, isOptional: false, values: [] }] : []),
  ];
}

/** Sends a chunk through the filters. The result may be `chunk` itself. */
export function filterChunk(
  chunk: Uint8Array,
  plan: FilterPlan,
  itemSize: number,
  deflater: Hdf5Deflater,
): FilteredChunk {
  const shuffled = plan.shuffle ? shuffle(chunk, itemSize) : chunk;
  return finish(shuffled, plan.deflate > 0 ? deflater.deflate(shuffled, plan.deflate) : null, plan);
}

/** As {@link filterChunk}, with the compression beside other work. */
export async function filterChunkLater(
  chunk: Uint8Array,
  plan: FilterPlan,
  itemSize: number,
  deflater: Hdf5Deflater,
): Promise<FilteredChunk> {
  const shuffled = plan.shuffle ? shuffle(chunk, itemSize) : chunk;
  if (plan.deflate === 0) return finish(shuffled, null, plan);
  const compress = deflater.deflateLater ?? ((bytes, level) => Promise.resolve(deflater.deflate(bytes, level)));
  return finish(shuffled, await compress.call(deflater, shuffled, plan.deflate), plan);
}

function finish(shuffled: Uint8Array, compressed: Uint8Array | null, plan: FilterPlan): FilteredChunk {
  let bytes = shuffled;
  let filterMask = 0;
  if (compressed) {
    // As the library does: what compression makes longer is stored as it is.
    if (compressed.length < shuffled.length) bytes = compressed;
    else filterMask = 1 << (plan.shuffle ? 1 : 0);
  }
  return { bytes: plan.fletcher32 ? withChecksum(bytes) : bytes, filterMask };
}

/** First the first bytes of all elements, then their second bytes, and so on; bytes behind the last element stay. */
export function shuffle(bytes: Uint8Array, itemSize: number): Uint8Array {
  const count = Math.floor(bytes.length / itemSize);
  if (itemSize <= 1 || count <= 1) return bytes;
  const out = new Uint8Array(bytes.length);
  if (itemSize === 2) {
    for (let i = 0, from = 0; i < count; i++, from += 2) {
      out[i] = bytes[from];
      out[count + i] = bytes[from + 1];
    }
  } else if (itemSize === 4) {
    for (let i = 0, from = 0; i < count; i++, from += 4) {
      out[i] = bytes[from];
      out[count + i] = bytes[from + 1];
      out[2 * count + i] = bytes[from + 2];
      out[3 * count + i] = bytes[from + 3];
    }
  } else {
    for (let plane = 0; plane < itemSize; plane++) {
      const to = plane * count;
      for (let i = 0, from = plane; i < count; i++, from += itemSize) out[to + i] = bytes[from];
    }
  }
  out.set(bytes.subarray(count * itemSize), count * itemSize);
  return out;
}

function withChecksum(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 4);
  out.set(bytes);
  new DataView(out.buffer).setUint32(bytes.length, fletcher32(bytes), true);
  return out;
}

/** Fletcher's checksum over 16-bit words, high byte first. @source H5checksum.c of the HDF5 library */
export function fletcher32(bytes: Uint8Array): number {
  let sum1 = 0;
  let sum2 = 0;
  const words = bytes.length >> 1;
  let at = 0;
  for (let left = words; left > 0; ) {
    // After 360 words the sums must be folded before they leave 32 bits.
    const batch = Math.min(left, 360);
    left -= batch;
    for (let i = 0; i < batch; i++, at += 2) {
      sum1 += (bytes[at] << 8) | bytes[at + 1];
      sum2 += sum1;
    }
    sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  }
  if (bytes.length % 2) {
    sum1 += bytes[at] << 8;
    sum2 += sum1;
    sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  }
  sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
  sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  return ((sum2 << 16) | sum1) >>> 0;
}
