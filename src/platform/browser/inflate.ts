import { unzlibSync } from 'fflate';
import type { Inflate } from '../../formats/hdf5-reader/chunk-decoder.ts';

/** zlib for browsers, which have only an asynchronous one of their own. */
export const browserInflate: Inflate = (bytes, out) => {
  const found = unzlibSync(bytes, { out });
  if (found.length !== out.length) throw new Error(`${found.length} bytes came out where ${out.length} are expected`);
};
