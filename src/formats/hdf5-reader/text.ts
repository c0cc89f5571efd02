const utf8 = new TextDecoder('utf-8');

/** Longer texts are left to the decoder, whose calls cost more than short texts do. */
const SHORT = 64;

/** Text of UTF-8 bytes. Most names of a file are short and ASCII, which is told and decoded at a glance. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return utf8.decode(bytes);
  for (let i = 0; i < bytes.length; i++) if (bytes[i] > 0x7f) return utf8.decode(bytes);
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}
