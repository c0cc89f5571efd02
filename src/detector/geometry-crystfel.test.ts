import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type ArrayReference,
  golden,
  hasShared,
  largestDifference,
  readCase,
  readDoubles,
  sharedGolden,
} from '../../test/golden/geometry/golden.ts';
import { ndarray } from '../core/ndarray.ts';
import { AGIPD_1M, AGIPD_500K } from './agipd.ts';
import type { Detector } from './detector.ts';
import { pixelPositions, quadPositions, tileCorners } from './geometry.ts';
import { geometryFromCrystfel } from './geometry-crystfel.ts';
import { assembleModules, snapGeometry } from './snapped-geometry.ts';

interface WrittenCase {
  readonly file: string;
  readonly detector: string;
  readonly tiles_after_reread: ArrayReference;
  readonly metadata_after_reread: { readonly clen?: number; readonly photon_energy?: number };
}

const DETECTORS: Readonly<Record<string, Detector>> = { 'AGIPD-1M': AGIPD_1M, 'AGIPD-500K2G': AGIPD_500K };

function expectWritten(root: string, name: string): void {
  const reference = readCase<WrittenCase>(root, `cases/${name}.json`);
  const geometry = geometryFromCrystfel(readFileSync(root + reference.file, 'utf8'), DETECTORS[reference.detector], {
    path: reference.file,
  });
  expect(
    largestDifference(geometry.tiles, readDoubles(root, reference.tiles_after_reread)),
    'tiles',
  ).toBeLessThanOrEqual(1e-12);
  const { clen, photon_energy: energy } = reference.metadata_after_reread;
  expect([geometry.metadata.distance, geometry.metadata.photonEnergyKeV, geometry.metadata.path]).toEqual([
    clen,
    energy === undefined ? undefined : energy / 1000,
    reference.file,
  ]);
}

describe('geometry from .geom files that EXtra-geom wrote', () => {
  it.each([
    'write_agipd_full',
    'write_agipd_2d',
    'write_agipd_bad_2d',
    'write_agipd_bad_3d',
    'write_agipd_tilted',
    'write_agipd500k',
  ])('%s', (name) => expectWritten(golden, name));
});

interface GeomCase {
  readonly input_file: string;
  readonly tiles_corner_ss_fs: ArrayReference;
  readonly tile_corners: ArrayReference;
  readonly quad_positions: readonly number[][];
  readonly pixel_positions: {
    readonly centre_true: {
      readonly min_xyz: readonly number[];
      readonly max_xyz: readonly number[];
      readonly samples_m_ss_fs_x_y_z: readonly number[][];
    };
  };
  readonly snapped: { readonly rows: readonly number[][] };
  readonly assembled_float32: {
    readonly shape: readonly number[];
    readonly centre_yx: readonly number[];
    readonly nan_count: number;
    readonly samples_y_x_value: readonly (readonly [number, number, number | null])[];
  };
}

describe.skipIf(!hasShared)('agipd_mar18_v11.geom, another project’s file (beside the repository only)', () => {
  it('write_agipd_from_geom: written again by EXtra-geom', () => expectWritten(sharedGolden, 'write_agipd_from_geom'));

  it('agipd1m_geom: tiles, corners, pixels, quadrants, image', () => {
    const reference = readCase<GeomCase>(sharedGolden, 'cases/agipd1m_geom.json');
    const path = sharedGolden + reference.input_file;
    expect(existsSync(path)).toBe(true);
    const geometry = geometryFromCrystfel(readFileSync(path, 'utf8'), AGIPD_1M);
    const of = (array: ArrayReference) => readDoubles(sharedGolden, array);
    expect(largestDifference(geometry.tiles, of(reference.tiles_corner_ss_fs))).toBeLessThanOrEqual(1e-12);
    expect(largestDifference(tileCorners(geometry).data, of(reference.tile_corners))).toBeLessThanOrEqual(1e-12);
    expect(largestDifference(quadPositions(geometry).flat(), reference.quad_positions.flat())).toBeLessThan(1e-9);
    const { data } = pixelPositions(geometry);
    for (const [m, ss, fs, ...xyz] of reference.pixel_positions.centre_true.samples_m_ss_fs_x_y_z) {
      const at = ((m * 512 + ss) * 128 + fs) * 3;
      expect(largestDifference(data.subarray(at, at + 3), xyz)).toBeLessThanOrEqual(1e-12);
    }
    const snapped = snapGeometry(geometry);
    expect(
      snapped.tiles.map((t) => [t.module, t.tile, t.y, t.x, t.height, t.width, ...t.ssDirection, ...t.fsDirection]),
    ).toEqual(reference.snapped.rows);
    const pattern = Float32Array.from({ length: 16 * 512 * 128 }, (_, i) => {
      const [module, ss, fs] = [Math.floor(i / 65536), Math.floor(i / 128) % 512, i % 128];
      return module * 1048576 + ss * 1024 + fs;
    });
    const image = assembleModules(snapped, ndarray('float32', [16, 512, 128], pattern));
    const expected = reference.assembled_float32;
    expect([image.shape, snapped.centre]).toEqual([expected.shape, expected.centre_yx]);
    expect(image.data.filter(Number.isNaN).length).toBe(expected.nan_count);
    for (const [y, x, value] of expected.samples_y_x_value) {
      const got = image.data[y * image.shape[1] + x];
      expect(Number.isNaN(got) ? null : got).toBe(value);
    }
  });
});

describe('a .geom file of the wrong detector or with faults', () => {
  const text = readFileSync(`${golden}files/write_agipd_2d.geom`, 'utf8');
  const read = (changed: string, detector = AGIPD_1M) => geometryFromCrystfel(changed, detector, { path: 'x.geom' });

  it('names the panel and its line', () => {
    const line = text.split('\n').findIndex((each) => each.startsWith('p3a5/')) + 1;
    expect(() => read(text.replace(/^p3a5\/max_ss = .*$/m, 'p3a5/max_ss = 1900'))).toThrow(
      new RegExp(`x\\.geom, line ${line}: panel p3a5 .* is not a tile of AGIPD1M`),
    );
    expect(() => read(text.replace(/^p3a5\/corner_x = .*$/m, 'p3a5/corner_x = abc'))).toThrow(
      /x\.geom, line \d+: corner_x = "abc" must be a finite number/,
    );
  });

  it('says which tile is missing', () => {
    expect(() => read(text.replace(/^p3a5\/.*$/gm, ''))).toThrow(/no panel for module 3, tile 5 of AGIPD1M/);
    expect(() => read(text, AGIPD_500K)).toThrow(/is not a tile of AGIPD500K/);
    const small = readFileSync(`${golden}files/write_agipd500k.geom`, 'utf8');
    expect(() => read(small)).toThrow(/no panel for module 8, tile 0 of AGIPD1M.*another detector, or cut off/);
    expect(() => read('no geometry at all')).toThrow(/There is no panel/);
    expect(() => read('')).toThrow(/There is no panel/);
  });
});
