import { FormatInvalid } from '../core/errors.ts';

/** How the strips of a TIFF are packed. @source TIFF 6.0, tag 259; 8 and 32946: Adobe's and the older number of zlib */
export const TIFF_PACKINGS = { none: 1, lzw: 5, deflate: 8, oldDeflate: 32946, packBits: 32773 } as const;

const { lzw, deflate, oldDeflate, packBits } = TIFF_PACKINGS;
const CLEAR = 256;
const END = 257;
/** Codes have at most twelve bits. */
const MOST_CODES = 4096;

/**
 * Undoes the packing of one strip.
 * @param packing one of {@link TIFF_PACKINGS} @param length bytes that come out; more are left out
 * @returns `length` bytes @throws FormatInvalid if less comes out
 */
export async function unpackStrip(
  bytes: Uint8Array,
  packing: number,
  length: number,
  path: string,
): Promise<Uint8Array> {
  let out = bytes;
  if (packing === packBits) out = unpackBits(bytes, length);
  else if (packing === lzw) out = unpackLzw(bytes, length);
  else if (packing === deflate || packing === oldDeflate) out = await inflate(bytes, length, path);
  if (out.length < length)
    throw new FormatInvalid(`${path} is cut off: a strip has ${out.length} bytes of ${length}.`, { path });
  return out.subarray(0, length);
}

/** Runs of a byte and literal bytes. @source TIFF 6.0, section 9 */
function unpackBits(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i + 1 < bytes.length && at < length; ) {
    const count = bytes[i++];
    if (count < 128) {
      const stop = Math.min(i + count + 1, bytes.length);
      const literal = bytes.subarray(i, Math.min(stop, i + length - at));
      out.set(literal, at);
      at += literal.length;
      i = stop;
    } else if (count > 128) {
      const end = Math.min(length, at + 257 - count);
      out.fill(bytes[i++], at, end);
      at = end;
    }
  }
  return out.subarray(0, at);
}

/** Codes with the highest bit first; they get longer one code early. @source TIFF 6.0, section 13 */
function unpackLzw(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  // The text of a code is a piece of what came out already.
  const starts = new Uint32Array(MOST_CODES);
  const sizes = new Uint32Array(MOST_CODES);
  let [next, width, bit, at] = [END + 1, 9, 0, 0];
  let [last, lastSize] = [-1, 0];
  while (at < length && bit + width <= 8 * bytes.length) {
    let code = 0;
    for (let i = 0; i < width; i++, bit++) code = (code << 1) | ((bytes[bit >> 3] >> (7 - (bit & 7))) & 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, width, last] = [END + 1, 9, -1];
      continue;
    }
    const from = at;
    if (code < CLEAR) out[at++] = code;
    else if (code < next) {
      const stop = starts[code] + sizes[code];
      for (let i = starts[code]; i < stop && at < length; i++) out[at++] = out[i];
    } else if (code === next && last >= 0) {
      for (let i = 0; i < lastSize && at < length; i++) out[at++] = out[last + i];
      if (at < length) out[at++] = out[last];
    } else break;
    if (last >= 0 && next < MOST_CODES) {
      // The last text and the first byte of this one lie one after the other.
      starts[next] = last;
      sizes[next] = lastSize + 1;
      next++;
    }
    if (next >= 511) width = next >= 2047 ? 12 : next >= 1023 ? 11 : 10;
    [last, lastSize] = [from, at - from];
  }
  return out.subarray(0, at);
}

/** zlib, by the platform; reading ends when enough has come out, so that a small file cannot fill the memory. */
async function inflate(bytes: Uint8Array, length: number, path: string): Promise<Uint8Array> {
  const out = new Uint8Array(length);
  let at = 0;
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('deflate'));
  const reader = stream.getReader();
  try {
    while (at < length) {
      const { done, value } = await reader.read();
      if (done) break;
      const piece = value.subarray(0, length - at);
      out.set(piece, at);
      at += piece.length;
    }
  } catch (cause) {
    throw new FormatInvalid(`${path} has a damaged compressed strip.`, { path }, { cause });
  } finally {
    // What is left of the strip is not needed; a damaged rest is no reason to fail.
    await reader.cancel().catch(() => undefined);
  }
  return out.subarray(0, at);
}
