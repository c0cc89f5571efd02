import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { decodeEdf, encodeEdf } from './edf.ts';
import { encodeNpy } from './npy.ts';
import { decodeTiff, encodeTiff } from './tiff.ts';

const PYTHON = '/usr/bin/python3';
const hasFabio = spawnSync(PYTHON, ['-c', 'import fabio']).status === 0;
const hasPillow = spawnSync(PYTHON, ['-c', 'import PIL.Image, numpy']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'hutch-pictures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const joined = ([header, data]: readonly [Uint8Array, Uint8Array]) => new Uint8Array([...header, ...data]);
const plain = ({ dtype, shape, data }: NdArray) => ({ dtype, shape, data: Array.from(data as ArrayLike<unknown>) });
const python = (program: string, ...args: string[]) => {
  const { stdout, stderr, status } = spawnSync(PYTHON, ['-c', program, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};

const arrays: fc.Arbitrary<NdArray> = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain(([rows, columns]) => {
    const size = { minLength: rows * columns, maxLength: rows * columns };
    return fc.oneof(
      fc.uint8Array(size).map((data) => ndarray('uint8', [rows, columns], data)),
      fc.uint16Array(size).map((data) => ndarray('uint16', [rows, columns], data)),
      fc.int32Array(size).map((data) => ndarray('int32', [rows, columns], data)),
      fc.float32Array(size).map((data) => ndarray('float32', [rows, columns], data)),
      fc.float64Array(size).map((data) => ndarray('float64', [rows, columns], data)),
    );
  });
const MASK = ndarray('uint8', [4, 3], Uint8Array.from([0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1]));

describe('EDF and TIFF', () => {
  it('give back what was written', async () => {
    await fc.assert(
      fc.asyncProperty(arrays, async (array) => {
        expect(plain(decodeEdf(joined(encodeEdf(array, 'a {title}; of it'))))).toEqual(plain(array));
        expect(plain(await decodeTiff(joined(encodeTiff(array))))).toEqual(plain(array));
      }),
    );
  });

  it('join leading axes: a stack of modules is one tall picture', async () => {
    const stack = ndarray('uint8', [2, 2, 3], Uint8Array.from(MASK.data));
    expect(decodeEdf(joined(encodeEdf(stack))).shape).toEqual([4, 3]);
    expect((await decodeTiff(joined(encodeTiff(stack)))).shape).toEqual([4, 3]);
  });

  it('refuse with a reason what is cut off, something else, or damaged, and never hang', async () => {
    const edf = joined(encodeEdf(MASK));
    const tiff = joined(encodeTiff(MASK));
    expect(() => decodeEdf(edf.subarray(0, edf.length - 1), 'm.edf')).toThrow(/m\.edf .*cut off: 11 bytes of 12/);
    expect(() => decodeEdf(tiff)).toThrow(/does not begin/);
    await expect(decodeTiff(tiff.subarray(0, tiff.length - 1))).rejects.toThrow(/cut off/);
    await expect(decodeTiff(edf)).rejects.toThrow(/no TIFF signature/);
    await fc.assert(
      fc.asyncProperty(fc.nat(tiff.length - 1), fc.nat(255), async (at, value) => {
        const hostile = tiff.slice();
        hostile[at] = value;
        await decodeTiff(hostile).catch((error) => expect(error.tag).toMatch(/FormatInvalid|Unsupported/));
      }),
    );
    await fc.assert(
      fc.property(fc.nat(edf.length - 1), fc.nat(255), (at, value) => {
        const hostile = edf.slice();
        hostile[at] = value;
        try {
          decodeEdf(hostile);
        } catch (error) {
          expect((error as { tag: string }).tag).toMatch(/FormatInvalid|Unsupported/);
        }
      }),
    );
  });

  it.skipIf(!hasFabio)('fabio reads our masks, and we read its own (needs python3-fabio)', async () => {
    const paths = ['npy', 'edf', 'tif'].map((ending) => join(folder, `mask.${ending}`));
    writeFileSync(paths[0], joined(encodeNpy(MASK)));
    writeFileSync(paths[1], joined(encodeEdf(MASK, 'mask')));
    writeFileSync(paths[2], joined(encodeTiff(MASK)));
    const read = JSON.parse(
      python(
        'import fabio, json, sys\nprint(json.dumps([[str(d.dtype), d.tolist()] for d in (fabio.open(p).data for p in sys.argv[1:])]))',
        ...paths,
      ),
    );
    const rows = [0, 1, 2, 3].map((row) => Array.from(MASK.data.subarray(3 * row, 3 * row + 3)));
    expect(read).toEqual([
      ['uint8', rows],
      ['uint8', rows],
      ['uint8', rows],
    ]);
    for (const [type, dtype] of [
      ['i1', 'int8'],
      ['u2', 'uint16'],
      ['f4', 'float32'],
      ['f8', 'float64'],
    ]) {
      const path = join(folder, `fabio-${type}.edf`);
      python(
        'import fabio.edfimage, numpy, sys\nfabio.edfimage.EdfImage(data=numpy.arange(12).reshape(4, 3).astype(sys.argv[1])).write(sys.argv[2])',
        type,
        path,
      );
      expect(plain(decodeEdf(readFileSync(path)))).toEqual({
        dtype,
        shape: [4, 3],
        data: Array.from({ length: 12 }, (_, i) => i),
      });
    }
  });

  it.skipIf(!hasPillow)('TIFFs of Pillow, packed in every way (needs python3-pil, python3-numpy)', async () => {
    const WRITE = `
import numpy, sys
from PIL import Image
data = (numpy.arange(200 * 300).reshape(200, 300) ** 2 // 700 % 251).astype('u1')
data[:, ::7] = 0
for how in ('raw', 'packbits', 'tiff_lzw', 'tiff_deflate', 'tiff_adobe_deflate'):
    Image.fromarray(data).save(sys.argv[1] + '/' + how + '.tif', 'tiff', compression=how)
Image.fromarray(data > 100).save(sys.argv[1] + '/bits.tif', 'tiff', compression='raw')
Image.fromarray(data.astype('f4') / 3).save(sys.argv[1] + '/float.tif', 'tiff')
Image.fromarray(data.astype('i4') * -1000).save(sys.argv[1] + '/int.tif', 'tiff')
`;
    python(WRITE, folder);
    const truth = Uint8Array.from({ length: 60_000 }, (_, i) =>
      (i % 300) % 7 === 0 ? 0 : Math.floor(i ** 2 / 700) % 251,
    );
    const read = (file: string) => decodeTiff(readFileSync(join(folder, `${file}.tif`)), file);
    for (const how of ['raw', 'packbits', 'tiff_lzw', 'tiff_deflate', 'tiff_adobe_deflate']) {
      const { dtype, shape, data } = await read(how);
      expect([how, dtype, shape]).toEqual([how, 'uint8', [200, 300]]);
      expect(Buffer.compare(data as Uint8Array, truth), how).toBe(0);
    }
    expect(Array.from((await read('bits')).data as Uint8Array)).toEqual(Array.from(truth, (v) => Number(v > 100)));
    expect((await read('float')).data).toEqual(Float32Array.from(truth, (v) => v / 3));
    expect((await read('int')).data).toEqual(Int32Array.from(truth, (v) => v * -1000));
  });
});
