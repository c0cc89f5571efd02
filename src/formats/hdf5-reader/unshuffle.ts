import { Scratch } from './scratch.ts';

/** Port: undoes the shuffle filter, which puts byte k of all elements together. @source HDF5 registered filter 2 */
export interface Unshuffler {
  /** Memory for shuffled bytes, from where undoing them is quickest; to overwrite, valid until the next call. */
  input(length: number): Uint8Array;
  /**
   * Puts the bytes of each element together again; those that make no whole element stay at the end.
   * @param bytes any memory but that of `out`, best that of {@link input}
   * @param width bytes of an element @param out as long as `bytes`
   */
  unshuffle(bytes: Uint8Array, width: number, out: Uint8Array): void;
}

const scratch = new Scratch();

/** The shuffle undone in plain TypeScript: works everywhere, and is what quicker ones are tested against. */
export const plainUnshuffler: Unshuffler = {
  input: (length) => scratch.take(length),
  unshuffle,
};

/** Undoes the shuffle filter: byte k of all elements stands together. Bytes that make no whole element stay at the end. */
function unshuffle(bytes: Uint8Array, width: number, out: Uint8Array): void {
  const count = Math.floor(bytes.length / width);
  if (width <= 1 || count <= 1) {
    out.set(bytes);
    return;
  }
  if (width === 2 && out.byteOffset % 2 === 0) unshuffle2(bytes, count, out);
  else if (width === 4 && out.byteOffset % 4 === 0) unshuffle4(bytes, count, out);
  else {
    for (let k = 0; k < width; k++)
      for (let i = 0, at = k * count; i < count; i++, at++) out[i * width + k] = bytes[at];
  }
  out.set(bytes.subarray(count * width), count * width);
}

/** Two elements at a time from words of the two planes, where those are aligned; signed words are the quick ones. */
function unshuffle2(bytes: Uint8Array, count: number, out: Uint8Array): void {
  let done = 0;
  if (count % 4 === 0 && bytes.byteOffset % 4 === 0 && out.byteOffset % 4 === 0) {
    const words = count / 4;
    const low = new Int32Array(bytes.buffer, bytes.byteOffset, words);
    const high = new Int32Array(bytes.buffer, bytes.byteOffset + count, words);
    const pairs = new Int32Array(out.buffer, out.byteOffset, 2 * words);
    for (let i = 0, o = 0; i < words; i++, o += 2) {
      const a = low[i];
      const b = high[i];
      pairs[o] = (a & 0xff) | ((a & 0xff00) << 8) | ((b & 0xff) << 8) | ((b & 0xff00) << 16);
      pairs[o + 1] = ((a >>> 16) & 0xff) | ((a >>> 8) & 0xff0000) | ((b >>> 8) & 0xff00) | (b & 0xff000000);
    }
    done = count;
  }
  const values = new Uint16Array(out.buffer, out.byteOffset, count);
  for (let i = done; i < count; i++) values[i] = bytes[i] | (bytes[count + i] << 8);
}

/** Four elements at a time from words of the four planes, where those are aligned. */
function unshuffle4(bytes: Uint8Array, count: number, out: Uint8Array): void {
  const values = new Int32Array(out.buffer, out.byteOffset, count);
  let done = 0;
  if (count % 4 === 0 && bytes.byteOffset % 4 === 0) {
    const words = count / 4;
    const plane = (k: number) => new Int32Array(bytes.buffer, bytes.byteOffset + k * count, words);
    const [p0, p1, p2, p3] = [plane(0), plane(1), plane(2), plane(3)];
    for (let i = 0, o = 0; i < words; i++, o += 4) {
      const a = p0[i];
      const b = p1[i];
      const c = p2[i];
      const d = p3[i];
      // Masks are nearly all zeros.
      if ((a | b | c | d) === 0) {
        values[o] = 0;
        values[o + 1] = 0;
        values[o + 2] = 0;
        values[o + 3] = 0;
        continue;
      }
      // Bytes 0 and 2, then 1 and 3, of the four elements in pairs.
      const ab = (a & 0x00ff00ff) | ((b & 0x00ff00ff) << 8);
      const cd = (c & 0x00ff00ff) | ((d & 0x00ff00ff) << 8);
      const abOdd = ((a >>> 8) & 0x00ff00ff) | (b & 0xff00ff00);
      const cdOdd = ((c >>> 8) & 0x00ff00ff) | (d & 0xff00ff00);
      values[o] = (ab & 0xffff) | (cd << 16);
      values[o + 1] = (abOdd & 0xffff) | (cdOdd << 16);
      values[o + 2] = (ab >>> 16) | (cd & 0xffff0000);
      values[o + 3] = (abOdd >>> 16) | (cdOdd & 0xffff0000);
    }
    done = count;
  }
  for (let i = done; i < count; i++) {
    values[i] = bytes[i] | (bytes[count + i] << 8) | (bytes[2 * count + i] << 16) | (bytes[3 * count + i] << 24);
  }
}
