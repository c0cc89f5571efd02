import { Unsupported } from '../../core/errors.ts';
import { ByteBuilder } from './byte-builder.ts';
import type { HeaderMessage } from './header-messages.ts';
import { lookup3 } from './lookup3.ts';

/** A message counts its bytes in 16 bits. */
const MESSAGE_LIMIT = 0xffff;

/**
 * An object header, version 2, in one piece.
 * @param what the object, for the error
 * @throws Unsupported for a message of 64 KiB or more (a huge attribute)
 * @source HDF5 File Format Specification 3.0, IV.A.1.b
 */
export function objectHeader(messages: readonly HeaderMessage[], what: string): Uint8Array {
  let size = 0;
  for (const { body } of messages) {
    if (body.length > MESSAGE_LIMIT) {
      throw new Unsupported(
        `${what}: an attribute or compact dataset of ${body.length} bytes does not fit an object header (64 KiB). Store it as a dataset.`,
        { bytes: body.length },
      );
    }
    size += 4 + body.length;
  }
  const sizeBytes = size < 0x100 ? 1 : size < 0x10000 ? 2 : 4;
  const out = new ByteBuilder(size + 16);
  out.u8(0x4f, 0x48, 0x44, 0x52, 2, sizeBytes === 4 ? 2 : sizeBytes - 1).uint(size, sizeBytes);
  for (const { type, body, isConstant = false } of messages) {
    out
      .u8(type)
      .u16(body.length)
      .u8(isConstant ? 1 : 0)
      .put(body);
  }
  return out.u32(lookup3(out.bytes)).bytes;
}
