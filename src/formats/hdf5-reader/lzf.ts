import { damaged } from './cursor.ts';

/**
 * Undoes LZF compression, h5py's fast filter: literal runs, and copies of what came before.
 * @param length bytes that must come out. @throws FormatInvalid if the input is damaged
 * @source LZF stream format (control byte below 32: literals; else length in the upper 3 bits, distance in 13)
 */
export function decodeLzf(file: string, address: number, bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const broken = (problem: string) => damaged(file, address, `a chunk that cannot be decompressed (${problem})`);
  let at = 0;
  let done = 0;
  while (at < bytes.length) {
    const control = bytes[at++];
    if (control < 32) {
      const count = control + 1;
      if (at + count > bytes.length || done + count > length) throw broken('literals past the end');
      out.set(bytes.subarray(at, at + count), done);
      at += count;
      done += count;
      continue;
    }
    let count = control >> 5;
    if (count === 7) count += bytes[at++] ?? 0;
    count += 2;
    const from = done - ((control & 0x1f) << 8) - (bytes[at++] ?? 0) - 1;
    if (from < 0 || done + count > length) throw broken('a copy from outside');
    // Byte by byte: the copy may overlap what it writes.
    for (let i = 0; i < count; i++) out[done + i] = out[from + i];
    done += count;
  }
  if (done !== length) throw broken(`${done} bytes came out where ${length} are expected`);
  return out;
}
