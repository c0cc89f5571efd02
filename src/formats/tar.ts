import { FormatInvalid } from '../core/errors.ts';

/** Files of an archive begin at multiples of this many bytes. */
export const TAR_BLOCK = 512;
/** What an archive ends with: two empty blocks. */
export const TAR_END_BYTES = 2 * TAR_BLOCK;
const NAME_BYTES = 100;
const CHECKSUM = 148;
/** Beyond it a number is written in base 256. */
const OCTAL_LIMIT = 8 ** 11;

/** Bytes that come after a file of `size` bytes, up to the next block. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

/**
 * The block before a file in a tar archive. Files above 8 GiB have their size in base 256, as GNU, BSD and python read it.
 * @param name relative path of ASCII letters, at most 100 bytes @param size bytes @param modifiedAt ms since the epoch
 * @throws FormatInvalid if the name is too long or has other letters
 * @source POSIX.1-2017, pax, ustar interchange format; GNU tar manual, base-256 sizes
 */
export function tarHeader(name: string, size: number, modifiedAt: number): Uint8Array {
  if (!/^[\x21-\x7e]{1,100}$/.test(name))
    throw new FormatInvalid(`"${name}" cannot be in a tar archive: at most ${NAME_BYTES} ASCII letters are possible.`, {
      path: name,
    });
  const block = new Uint8Array(TAR_BLOCK);
  const text = (at: number, value: string) => new TextEncoder().encodeInto(value, block.subarray(at));
  const octal = (at: number, digits: number, value: number) => text(at, value.toString(8).padStart(digits, '0'));
  text(0, name);
  octal(100, 7, 0o644);
  octal(108, 7, 0);
  octal(116, 7, 0);
  if (size < OCTAL_LIMIT) octal(124, 11, size);
  else {
    block[124] = 0x80;
    new DataView(block.buffer).setBigUint64(128, BigInt(size));
  }
  octal(136, 11, Math.max(0, Math.floor(modifiedAt / 1000)));
  text(156, '0');
  text(257, 'ustar');
  text(263, '00');
  // The sum is of the block with spaces in its place.
  block.fill(0x20, CHECKSUM, CHECKSUM + 8);
  octal(
    CHECKSUM,
    6,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  block[CHECKSUM + 6] = 0;
  return block;
}
