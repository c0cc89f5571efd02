import { unzlibSync } from 'fflate';
import type { ChunkDecoders, Inflate } from '../../formats/hdf5-reader/chunk-decoder.ts';
import { plainUnshuffler } from '../../formats/hdf5-reader/unshuffle.ts';

/** zlib for browsers, which have only an asynchronous one of their own. */
const browserInflate: Inflate = (bytes, out) => {
  const found = unzlibSync(bytes, { out });
  if (found.length !== out.length) throw new Error(`${found.length} bytes came out where ${out.length} are expected`);
};

/** How browsers undo the filters of chunks. */
export const browserDecoders: ChunkDecoders = { inflate: browserInflate, unshuffler: plainUnshuffler };
