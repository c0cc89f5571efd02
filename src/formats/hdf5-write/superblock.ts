import { ByteBuilder, UNDEFINED } from './byte-builder.ts';
import { SYMBOL_LEAF_K, SYMBOL_NODE_K } from './symbol-table.ts';

/** Bytes of the superblock. */
export const SUPERBLOCK_BYTES = 100;

/**
 * The superblock, version 1: the newest that lets the file choose the node size of its chunk trees, and older than all
 * readers in use.
 * @source HDF5 File Format Specification 3.0, II.A
 */
export function superblock(root: number, endOfFile: number, chunkK: number): Uint8Array {
  const out = new ByteBuilder(SUPERBLOCK_BYTES);
  out.u8(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
  // versions of superblock, free space, root group, reserved, shared headers; bytes of addresses and of lengths
  out.u8(1, 0, 0, 0, 0, 8, 8, 0);
  out.u16(SYMBOL_LEAF_K).u16(SYMBOL_NODE_K).u32(0).u16(chunkK).u16(0);
  out.u64(0).u64(UNDEFINED).u64(endOfFile).u64(UNDEFINED);
  // The root group as an entry of a symbol table, nothing cached.
  return out.u64(0).u64(root).u32(0).u32(0).zeros(16).bytes;
}
