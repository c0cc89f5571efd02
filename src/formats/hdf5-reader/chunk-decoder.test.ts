import { expect, it } from 'vitest';
import { fletcher32 } from './chunk-decoder.ts';

it('the checksum is that of the library', () => {
  // A chunk of 0..9 as uint16 written by h5py with fletcher32=True ends with these four bytes, little-endian.
  const data = new Uint8Array(Uint16Array.from({ length: 10 }, (_, i) => i).buffer);
  expect(fletcher32(data).toString(16)).toBe('a5002d00');
});
