import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { type ChunkDecoders, decodeChunk } from '../../formats/hdf5-reader/chunk-decoder.ts';
import { FILTER } from '../../formats/hdf5-reader/filters.ts';
import { plainUnshuffler } from '../../formats/hdf5-reader/unshuffle.ts';
import { nodeDecoders } from './chunk-decoders.ts';
import { nodeInflate } from './inflate.ts';

const plain: ChunkDecoders = { inflate: nodeInflate, unshuffler: plainUnshuffler };

// 65 MiB are more than the kernels' memory.
it.each([
  [2, 4096],
  [4, 100_000],
  [8, 80_000],
  [3, 9000],
  [4, 65 * 2 ** 20],
])('elements of %i bytes in a chunk of %i come out as in the plain way', (width, length) => {
  const shuffled = new Uint8Array(length);
  for (let i = 0; i < length; i++) shuffled[i] = (i >> 5) ^ i;
  const filters = [
    { id: FILTER.shuffle, name: 'shuffle', parameters: [width] },
    { id: FILTER.deflate, name: 'deflate', parameters: [1] },
  ];
  const format = { filters, chunkBytes: length, itemSize: width };
  const stored = deflateSync(shuffled, { level: 1 });
  const [expected, got] = [plain, nodeDecoders].map((decoders) => {
    const out = new Uint8Array(length);
    decodeChunk('x.h5', 0, stored, 0, format, decoders, out);
    return out;
  });
  expect(Buffer.compare(got, expected)).toBe(0);
  expect(got[1]).toBe(shuffled[Math.floor(length / width)]);
});
