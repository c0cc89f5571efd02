/** Longer texts are seldom keys, and are not remembered. */
const LONGEST_KEY = 48;
/** Texts that are remembered: a power of two. Each message of a stream has the same keys as the last. */
const SLOTS = 4096;

interface Remembered {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const slots: (Remembered | undefined)[] = new Array(SLOTS).fill(undefined);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Text of a map key: the same string as last time if its bytes have been seen before, which spares decoding it.
 * @throws TypeError if the bytes are not UTF-8
 */
export function decodeKey(bytes: Uint8Array, start: number, length: number): string {
  if (length > LONGEST_KEY) return decodeText(bytes, start, length);
  // FNV-1a
  let hash = 0x811c9dc5;
  for (let i = start; i < start + length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const known = slots[slot];
  if (known !== undefined && known.bytes.length === length) {
    let i = 0;
    while (i < length && known.bytes[i] === bytes[start + i]) i++;
    if (i === length) return known.text;
  }
  const own = bytes.slice(start, start + length);
  const text = decodeText(own, 0, length);
  slots[slot] = { bytes: own, text };
  return text;
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
