import { describe, expect, it } from 'vitest';
import { ndarray } from '../../core/ndarray.ts';
import { EPIX_100 } from '../../detector/epix.ts';
import { decodeEdf } from '../../formats/edf.ts';
import { maskFile, PIXEL_FORMATS, pixelFile, readMaskFile, readPictureFile } from './array-file.ts';

const [modules, ss, fs] = EPIX_100.dataShape;
const mask = Uint8Array.from({ length: modules * ss * fs }, (_, i) => Number(i % 7 === 3));
const named = (blob: Blob, name: string) => new File([blob], name);

describe('files of masks and pictures', () => {
  it('a mask comes back from every format, whatever the name of its file', async () => {
    for (const format of PIXEL_FORMATS) {
      const read = await readMaskFile(named(maskFile(mask, EPIX_100, format), 'of-dioptas.mask'), EPIX_100);
      expect(Buffer.compare(read, mask), format).toBe(0);
    }
    const edf = decodeEdf(new Uint8Array(await maskFile(mask, EPIX_100, 'edf').arrayBuffer()));
    expect(edf.shape).toEqual([modules * ss, fs]);
  });

  it('whatever is not 0 is masked; a picture keeps its numbers', async () => {
    const words = ndarray(
      'float32',
      [modules * ss, fs],
      Float32Array.from(mask, (value) => value * -0.25),
    );
    const file = named(pixelFile(words, 'tif', ''), 'words.tif');
    expect(Buffer.compare(await readMaskFile(file, EPIX_100), mask)).toBe(0);
    expect((await readPictureFile(file, EPIX_100))[3]).toBe(-0.25);
  });

  it('refuses a picture that lies on its side, an assembled one, and what is no picture', async () => {
    const turned = ndarray('uint8', [fs, modules * ss], mask);
    await expect(readMaskFile(named(pixelFile(turned, 'edf', ''), 'm.edf'), EPIX_100)).rejects.toThrow(
      /m\.edf has \[768, 704\].*needs \[1, 704, 768\]/,
    );
    const assembled = ndarray('uint8', [2, 2], new Uint8Array(4));
    await expect(readMaskFile(named(pixelFile(assembled, 'npy', ''), 'm.npy'), EPIX_100)).rejects.toThrow(/assembled/);
    await expect(readMaskFile(new File(['hello'], 'x.txt'), EPIX_100)).rejects.toThrow(/none of NumPy/);
  });
});
