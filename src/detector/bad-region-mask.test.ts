import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { golden } from '../../test/golden/geometry/golden.ts';
import { AGIPD_1M } from './agipd.ts';
import { badRegionMask } from './bad-region-mask.ts';
import { exampleGeometry, pixelPositions } from './geometry.ts';
import { geometryFromCrystfel } from './geometry-crystfel.ts';

const read = (name: string) => geometryFromCrystfel(readFileSync(`${golden}files/${name}.geom`, 'utf8'));

describe('pixels in bad regions', () => {
  it('are those of the panel, inclusive, and those whose centre is in the rectangle', () => {
    // badlines_a: p3a2, ss 130 to 140, fs 5 to 9; bad_beamstop: x -30.5 to 30.5, y -12 to 14 pixels of 0.2 mm.
    const geometry = read('write_agipd_bad_3d');
    const { shape, data } = badRegionMask(geometry);
    expect(shape).toEqual([16, 512, 128]);
    const positions = pixelPositions(geometry).data;
    for (let pixel = 0; pixel < data.length; pixel++) {
      const [module, ss, fs] = [Math.floor(pixel / 65536), Math.floor(pixel / 128) % 512, pixel % 128];
      const [x, y] = [positions[3 * pixel] / 2e-4, positions[3 * pixel + 1] / 2e-4];
      const isInPanel = module === 3 && ss >= 130 && ss <= 140 && fs >= 5 && fs <= 9;
      const isInBeam = x >= -30.5 && x <= 30.5 && y >= -12 && y <= 14;
      if (Boolean(data[pixel]) !== (isInPanel || isInBeam)) expect([module, ss, fs, data[pixel]]).toBe('other');
    }
    expect(data.reduce((sum, bad) => sum + bad, 0)).toBeGreaterThan(55);
  });

  it('are the same for data of other axes, and none where no file tells of any', () => {
    expect(badRegionMask(read('write_agipd_bad_2d')).data).toEqual(badRegionMask(read('write_agipd_bad_3d')).data);
    expect(badRegionMask(exampleGeometry(AGIPD_1M)).data.includes(1)).toBe(false);
  });
});
