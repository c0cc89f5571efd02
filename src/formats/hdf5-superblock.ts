import { FileUnreadable } from '../core/errors.ts';
import type { ByteSource } from './byte-source.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const UNDEFINED_ADDRESS = 0xffffffffffffffffn;

/** What the first block of an HDF5 file says. */
export interface Superblock {
  /** Where HDF5 starts: 0, or behind a user block of 512, 1024, .. bytes. */
  readonly baseOffset: number;
  readonly version: number;
  /** Bytes that the file must have, counted from its start. */
  readonly endOfFile: number;
}

/**
 * Reads the superblock and compares it with the file's length, so that empty, foreign and cut-off files are refused with
 * their own reason before a library touches them.
 * @throws FileUnreadable for an empty, non-HDF5 or truncated file
 * @source HDF5 File Format Specification 3.0, II.A
 */
export async function readSuperblock(source: ByteSource): Promise<Superblock> {
  const path = source.name;
  if (source.size === 0)
    throw new FileUnreadable(`${path} is empty: the writer stored nothing. Copy it again.`, { path });
  for (let baseOffset = 0; baseOffset < source.size; baseOffset = baseOffset === 0 ? 512 : baseOffset * 2) {
    const head = await source.read(baseOffset, 96);
    if (!SIGNATURE.every((byte, i) => head[i] === byte)) continue;
    return checkLength(source, parse(head, baseOffset, path));
  }
  throw new FileUnreadable(`${path} is not an HDF5 file (no HDF5 signature in ${source.size} bytes).`, { path });
}

function parse(head: Uint8Array, baseOffset: number, path: string): Superblock {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = head[8];
  const isOld = version < 2;
  const offsetSize = head[isOld ? 13 : 9];
  // Addresses in a row: base, (free space | extension), end of file.
  const start = isOld ? 24 + (version === 1 ? 4 : 0) : 12;
  if (version > 3 || ![2, 4, 8].includes(offsetSize) || head.byteLength < start + 3 * offsetSize) {
    throw new FileUnreadable(`${path} has a damaged HDF5 superblock (version ${version}).`, { path, version });
  }
  const at = start + 2 * offsetSize;
  const end =
    offsetSize === 8
      ? view.getBigUint64(at, true)
      : BigInt(offsetSize === 4 ? view.getUint32(at, true) : view.getUint16(at, true));
  return { baseOffset, version, endOfFile: end === UNDEFINED_ADDRESS ? 0 : Number(end) };
}

function checkLength(source: ByteSource, superblock: Superblock): Superblock {
  if (superblock.endOfFile > source.size) {
    throw new FileUnreadable(
      `${source.name} is cut off: ${source.size} bytes of ${superblock.endOfFile}. It is still being written or copied, or the copy failed.`,
      { path: source.name, size: source.size, expected: superblock.endOfFile },
    );
  }
  return superblock;
}
