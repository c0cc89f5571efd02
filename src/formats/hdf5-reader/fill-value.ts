import type { Cursor } from './cursor.ts';

/** Reads a fill value message: the bytes of one element, null where it is zero. @throws FormatInvalid */
export function readFillValue(cursor: Cursor): Uint8Array | null {
  const version = cursor.version('a fill value', 1, 3);
  if (version === 3) {
    const flags = cursor.u8();
    return flags & 0x20 ? storedValue(cursor) : null;
  }
  cursor.skip(2);
  const isDefined = cursor.u8() !== 0;
  return isDefined || version === 1 ? storedValue(cursor) : null;
}

/** Reads a fill value message of the first kind, which files before HDF5 1.6 have. */
export function readOldFillValue(cursor: Cursor): Uint8Array | null {
  return storedValue(cursor);
}

function storedValue(cursor: Cursor): Uint8Array | null {
  if (cursor.left < 4) return null;
  const size = cursor.u32();
  return size > 0 && size <= cursor.left ? cursor.bytes(size).slice() : null;
}
