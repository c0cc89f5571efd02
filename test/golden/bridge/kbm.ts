import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));

/** One golden message: its parts, and what the peers make of it. */
export interface GoldenMessage {
  readonly name: string;
  readonly parts: Uint8Array[];
  // biome-ignore lint/suspicious/noExplicitAny: the JSON is described in README.md beside it
  readonly answer: any;
}

/** All golden messages of a kind; a message without its answer, or an answer without its message, is an error. */
export function goldenMessages(kind: 'ok' | 'foreign' | 'bad'): GoldenMessage[] {
  const files = readdirSync(join(folder, kind));
  const names = files.filter((file) => file.endsWith('.kbm')).map((file) => file.slice(0, -4));
  if (files.length !== 2 * names.length) throw new Error(`test/golden/bridge/${kind} has a file without its partner`);
  return names.map((name) => ({
    name,
    parts: readParts(readFileSync(join(folder, kind, `${name}.kbm`))),
    answer: JSON.parse(readFileSync(join(folder, kind, `${name}.json`), 'utf8')),
  }));
}

/** The messages of six recorded trains, in order. */
export function recordedMessages(protocol: 'v2.2' | 'v1.0'): { readonly name: string; readonly parts: Uint8Array[] }[] {
  const place = join(folder, 'recording', protocol);
  return readdirSync(place)
    .sort()
    .map((name) => ({ name, parts: readParts(readFileSync(join(place, name))) }));
}

/** The parts in a `.kbm` file. */
export const readKbm = (path: string): Uint8Array[] => readParts(readFileSync(path));

/** Parts of a `.kbm` file: uint32 count, then uint64 length and bytes of each; all little-endian. */
function readParts(file: Buffer): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 4;
  for (let left = file.readUInt32LE(0); left > 0; left--) {
    const length = Number(file.readBigUInt64LE(at));
    // copies start at offset 0 of their own memory, as parts of a socket do
    parts.push(new Uint8Array(file.subarray(at + 8, at + 8 + length)));
    at += 8 + length;
  }
  return parts;
}
