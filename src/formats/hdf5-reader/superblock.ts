import { FileUnreadable } from '../../core/errors.ts';
import { Cursor, type FieldSizes, NOWHERE } from './cursor.ts';
import type { PagedBytes } from './paged-bytes.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Longest superblock: version 1 with 8-byte fields. */
const LENGTH = 100;

/** What the first block of an HDF5 file says. */
export interface Superblock {
  readonly version: number;
  /** Where address 0 is: 0, or behind a user block of 512, 1024, .. bytes. */
  readonly base: number;
  readonly sizes: FieldSizes;
  /** Object header of the root group. */
  readonly rootAddress: number;
}

/**
 * Finds and reads the superblock and compares it with the file's length, so that empty, foreign and cut-off files are
 * refused with their own reason.
 * @throws FileUnreadable for an empty, non-HDF5 or truncated file
 * @source HDF5 File Format Specification 3.0, II.A
 */
export function readSuperblock(source: PagedBytes): Superblock {
  const path = source.name;
  if (source.size === 0) {
    throw new FileUnreadable(`${path} is empty: the writer stored nothing. Copy it again.`, { path });
  }
  for (let base = 0; base < source.size; base = base === 0 ? 512 : base * 2) {
    const length = Math.min(LENGTH, source.size - base);
    const at = source.placeIn(base, length);
    const head = source.memoryOf(base, length).subarray(at, at + length);
    if (SIGNATURE.every((byte, i) => head[i] === byte)) return parse(source, head, base);
  }
  throw new FileUnreadable(
    `${path} is not an HDF5 file (no HDF5 signature in ${source.size} bytes). Give a file of a raw or proc run.`,
    { path },
  );
}

function parse(source: PagedBytes, head: Uint8Array, base: number): Superblock {
  const path = source.name;
  const version = head[8];
  const isOld = version < 2;
  const sizes = { offsetSize: head[isOld ? 13 : 9], lengthSize: head[isOld ? 14 : 10] };
  const isKnown = version <= 3 && [2, 4, 8].includes(sizes.offsetSize) && [2, 4, 8].includes(sizes.lengthSize);
  const start = isOld ? 24 + (version === 1 ? 4 : 0) : 12;
  if (!isKnown || head.length < start + 4 * sizes.offsetSize) {
    const what = version === undefined ? 'it ends there' : `version ${version}`;
    throw new FileUnreadable(`${path} has a damaged HDF5 superblock (${what}). Copy it again.`, { path, version });
  }
  const cursor = new Cursor(path, base, head, sizes);
  cursor.skip(start);
  cursor.address(); // base address: where the signature was found counts
  cursor.address(); // free space, or extension
  const endOfFile = cursor.address();
  if (isOld) {
    cursor.address(); // driver information
    cursor.skip(sizes.offsetSize); // the root group's name: none
  }
  const rootAddress = cursor.address();
  // The end is counted from the start of the file, unlike addresses.
  if (endOfFile !== NOWHERE && endOfFile > source.size) {
    throw new FileUnreadable(
      `${path} is cut off: ${source.size} bytes of ${endOfFile}. It is still being written or copied, or the copy failed.`,
      { path, size: source.size, expected: endOfFile },
    );
  }
  if (rootAddress === NOWHERE) throw new FileUnreadable(`${path} has no root group: it was never finished.`, { path });
  return { version, base, sizes, rootAddress };
}
