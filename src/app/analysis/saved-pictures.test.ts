import { describe, expect, it } from 'vitest';
import { ndarray } from '../../core/ndarray.ts';
import { assembleModules } from '../../detector/assembly.ts';
import { EPIX_100 } from '../../detector/epix.ts';
import { exampleGeometry } from '../../detector/geometry.ts';
import { snapGeometry } from '../../detector/snapped-geometry.ts';
import { decodeEdf } from '../../formats/edf.ts';
import { decodeTiff } from '../../formats/tiff.ts';
import type { CakeResult } from './analysis-request.ts';
import { readPictureFile } from './array-file.ts';
import { cakeTiff } from './cake/cake-file.ts';
import { cakeValueAt } from './cake/cake-value.ts';
import { pictureFile } from './picture-file.ts';

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const CAKE: CakeResult = {
  unit: '2th_deg',
  x: Float64Array.of(10, 11, 12),
  azimuth: Float64Array.of(-135, -45, 45, 135),
  intensity: Float32Array.from({ length: 12 }, (_, i) => i),
};
const experiment = { distance: 0.1, photonEnergyKeV: 10 };

describe('a cake', () => {
  it('as a TIFF has the largest azimuth at the top', async () => {
    const { dtype, shape, data } = await decodeTiff(await bytesOf(cakeTiff(CAKE)));
    expect([dtype, shape, ...(data as Float32Array)]).toEqual([
      'float32',
      [4, 3],
      9,
      10,
      11,
      6,
      7,
      8,
      3,
      4,
      5,
      0,
      1,
      2,
    ]);
  });

  it('tells its value in a direction, on whichever turn, and none outside', () => {
    const at = (deg: number, azimuth: number) => cakeValueAt(CAKE, (deg * Math.PI) / 180, azimuth, experiment);
    expect(at(11, -45)).toBe(4);
    expect(at(10.4, -100)).toBe(0);
    expect(at(12.4, 179)).toBe(11);
    expect(at(12.4, -179)).toBe(2);
    expect(at(11, 315)).toBe(4);
    expect([at(9, 0), at(13, 0)]).toEqual([null, null]);
    const half = { ...CAKE, azimuth: Float64Array.of(0, 10, 20, 30) };
    expect(cakeValueAt(half, (11 * Math.PI) / 180, 90, experiment)).toBeNull();
    expect(cakeValueAt(half, (11 * Math.PI) / 180, -4, experiment)).toBe(1);
  });
});

describe('a picture', () => {
  const geometry = exampleGeometry(EPIX_100);
  const picture = Float32Array.from({ length: 704 * 768 }, (_, i) => i / 7);
  const image = assembleModules(snapGeometry(geometry), ndarray('float32', [1, 704, 768], picture));

  it('of modules fits as a correction again', async () => {
    const file = new File([pictureFile(picture, geometry, 'modules', 'edf', 'run 4')], 'dark.edf');
    expect(await readPictureFile(file, EPIX_100)).toEqual(picture);
  });

  it('assembled is what the detector sees; a TIFF has its highest row at the top', async () => {
    const edf = decodeEdf(await bytesOf(pictureFile(picture, geometry, 'assembled', 'edf', 'run 4')));
    expect([edf.shape, edf.data]).toEqual([image.shape, image.data]);
    const tiff = await decodeTiff(await bytesOf(pictureFile(picture, geometry, 'assembled', 'tif', '')));
    const columns = image.shape[1];
    expect((tiff.data as Float32Array).subarray(0, columns)).toEqual(image.data.subarray(-columns));
  });
});
