/** Longer texts are seldom keys, and are not remembered. */
const LONGEST_KEY = 48;
/** Texts that are remembered: a power of two. Each message of a stream has the same keys as the last. */
const SLOTS = 4096;

interface Remembered {
  readonly length: number;
  /** The bytes, four at a time, little-endian; the last ones are filled up with zeros. */
  readonly words: Int32Array;
  readonly text: string;
  /** Slot of the key that came after this one last time: mostly it does so again. */
  next: number;
}

const slots: (Remembered | undefined)[] = new Array(SLOTS).fill(undefined);
let last: Remembered | undefined;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Four bytes at a time: comparing keys is most of what reading a message costs. */
function isSame(known: Remembered, view: DataView, start: number, length: number): boolean {
  if (known.length !== length) return false;
  const { words } = known;
  const whole = length >> 2;
  let at = start;
  for (let i = 0; i < whole; i++, at += 4) if (words[i] !== view.getInt32(at, true)) return false;
  for (let shift = 0; at < start + length; at++, shift += 8)
    if (((words[whole] >>> shift) & 0xff) !== view.getUint8(at)) return false;
  return true;
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const words = new Int32Array((bytes.length >> 2) + 1);
  for (const [i, byte] of bytes.entries()) words[i >> 2] |= byte << (8 * (i & 3));
  return words;
}

/**
 * Text of a map key: the same string as last time if its bytes have been seen before, which spares decoding it.
 * @param view of the same memory as `bytes`
 * @throws TypeError if the bytes are not UTF-8
 */
export function decodeKey(bytes: Uint8Array, view: DataView, start: number, length: number): string {
  if (length > LONGEST_KEY) return decodeText(bytes, start, length);
  const expected = last && slots[last.next];
  if (expected && isSame(expected, view, start, length)) {
    last = expected;
    return expected.text;
  }
  // FNV-1a
  let hash = 0x811c9dc5;
  for (let i = start; i < start + length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  let known = slots[slot];
  if (!known || !isSame(known, view, start, length)) {
    const own = bytes.slice(start, start + length);
    known = { length, words: wordsOf(own), text: decodeText(own, 0, length), next: 0 };
    slots[slot] = known;
  }
  if (last) last.next = slot;
  last = known;
  return known.text;
}

/** Text of some bytes. @throws TypeError if they are not UTF-8 */
export function decodeText(bytes: Uint8Array, start: number, length: number): string {
  if (length <= 24) {
    // Short ASCII, as most values are, costs less so than a call of the decoder.
    let text = '';
    let i = start;
    for (; i < start + length && bytes[i] < 0x80; i++) text += String.fromCharCode(bytes[i]);
    if (i === start + length) return text;
  }
  const part = bytes.subarray(start, start + length);
  // The decoder refuses shared memory: copy.
  return decoder.decode(part.buffer instanceof ArrayBuffer ? part : part.slice());
}
