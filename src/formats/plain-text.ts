/**
 * The text of a file: UTF-8 (a mark at its start is dropped), or where it is none, Western European as older editors write it, so
 * that "µm" of a comment is still there when the file is saved, as UTF-8.
 * @source WHATWG Encoding, windows-1252
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
