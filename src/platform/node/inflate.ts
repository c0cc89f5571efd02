import { inflateSync } from 'node:zlib';
import type { Inflate } from '../../formats/hdf5-reader/chunk-decoder.ts';

/** zlib of Node. One output buffer of the right size: growing and joining buffers costs more than the inflating. */
export const nodeInflate: Inflate = (bytes, length) => {
  const out = inflateSync(bytes, { chunkSize: Math.max(64, length), maxOutputLength: Math.max(1, length) });
  if (out.length !== length) throw new Error(`${out.length} bytes came out where ${length} are expected`);
  return out;
};
