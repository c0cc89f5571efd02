import type { Hdf5Block } from '../hdf5.ts';
import type { Hdf5Mapping } from '../hdf5-writer.ts';
import { ByteBuilder } from './byte-builder.ts';
import { lookup3 } from './lookup3.ts';

const HYPERSLAB = 2;

/**
 * The mappings of a virtual dataset, as one object of the global heap.
 * @source HDF5 File Format Specification 3.0, VII.B "Virtual Dataset Global Heap Block"
 */
export function mappingsBlock(mappings: readonly Hdf5Mapping[]): Uint8Array {
  const out = new ByteBuilder(64 + 256 * mappings.length);
  out.u8(0).u64(mappings.length);
  for (const { file, dataset, source, target } of mappings) {
    out.text(file).text(dataset);
    putSelection(out, source);
    putSelection(out, target);
  }
  return out.u32(lookup3(out.bytes)).bytes;
}

/** One block of elements: in 32-bit corners, which all readers know, or in 64 bits where it must be. */
function putSelection(out: ByteBuilder, { start, count }: Hdf5Block): void {
  const rank = start.length;
  const isSmall = start.every((first, axis) => first + count[axis] <= 0xffffffff);
  if (isSmall) {
    out
      .u32(HYPERSLAB)
      .u32(1)
      .u32(0)
      .u32(8 + 8 * rank)
      .u32(rank)
      .u32(1);
    for (const first of start) out.u32(first);
    for (const [axis, first] of start.entries()) out.u32(first + count[axis] - 1);
    return;
  }
  // Version 2, regular: start, stride, count and block of each axis.
  out
    .u32(HYPERSLAB)
    .u32(2)
    .u8(1)
    .u32(4 + 32 * rank)
    .u32(rank);
  for (const [axis, first] of start.entries()) out.u64(first).u64(1).u64(1).u64(count[axis]);
}
