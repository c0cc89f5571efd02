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
import { type CrystfelGeom, parseGeom } from '../formats/crystfel/geom.ts';
import { AGIPD_1M, AGIPD_500K } from './agipd.ts';
import { assembleModules } from './assembly.ts';
import type { Detector } from './detector.ts';
import { createGeometry, type Geometry, pixelPositions, quadPositions, tileCorners } from './geometry.ts';
import type { BadRegion } from './geometry-bad-region.ts';
import { geometryFromCrystfel } from './geometry-crystfel.ts';
import { type CrystfelLayout, crystfelFromGeometry } from './geometry-crystfel-write.ts';
import { jungfrau } from './jungfrau.ts';
import { LPD_1M } from './lpd.ts';
import { snapGeometry } from './snapped-geometry.ts';

interface WrittenCase {
  readonly file: string;
  readonly detector: string;
  readonly options: {
    readonly data_path?: string;
    readonly mask_path?: string;
    readonly dims?: readonly string[];
    readonly adu_per_ev?: number;
    readonly clen?: number;
    readonly photon_energy?: number;
  };
  readonly tiles_before: ArrayReference;
  readonly tiles_after_reread: ArrayReference;
  readonly metadata_after_reread: {
    readonly data: string;
    readonly mask: string;
    readonly adu_per_eV: number;
    readonly clen: number;
    readonly photon_energy: number;
    readonly bad: Readonly<Record<string, Readonly<Record<string, number | string | null>>>>;
  };
}

const DETECTORS: Readonly<Record<string, Detector>> = {
  'AGIPD-1M': AGIPD_1M,
  'AGIPD-500K2G': AGIPD_500K,
  'LPD-1M': LPD_1M,
  JUNGFRAU: jungfrau(8),
};

/** Bad regions in the words of the reference: of a module, inclusive; in the lab in pixels. */
function asReference(regions: readonly BadRegion[], pixel: number): Record<string, Record<string, unknown>> {
  const rounded = (m: number) => Math.round((m / pixel) * 1e9) / 1e9;
  return Object.fromEntries(
    regions.map((region) => [
      region.name,
      region.kind === 'tile'
        ? {
            is_fsss: 1,
            panel: `p${region.module}a${region.tile}`,
            min_ss: region.ssStart,
            max_ss: region.ssStop - 1,
            min_fs: region.fsStart,
            max_fs: region.fsStop - 1,
          }
        : {
            is_fsss: 0,
            panel: '',
            min_x: rounded(region.minX),
            max_x: rounded(region.maxX),
            min_y: rounded(region.minY),
            max_y: rounded(region.maxY),
          },
    ]),
  );
}

function expectRead(text: string, reference: WrittenCase, root: string): Geometry {
  const detector = DETECTORS[reference.detector];
  const geometry = geometryFromCrystfel(text, detector, { path: reference.file });
  expect(
    largestDifference(geometry.tiles, readDoubles(root, reference.tiles_after_reread)),
    'tiles',
  ).toBeLessThanOrEqual(1e-12);
  const { metadata } = geometry;
  const expected = reference.metadata_after_reread;
  expect(metadata).toMatchObject({
    path: reference.file,
    distance: expected.clen,
    photonEnergyKeV: expected.photon_energy / 1000,
    aduPerEv: expected.adu_per_eV,
    dataPath: expected.data,
  });
  expect(metadata.maskPath ?? '').toBe(expected.mask);
  expect(asReference(metadata.badRegions ?? [], detector.pixelSize)).toMatchObject(
    Object.fromEntries(
      Object.entries(expected.bad).map(([name, region]) => {
        const keys = region.is_fsss === 1 ? /^(is_|panel|.*_[sf]s$)/ : /^(is_|panel|.*_[xy]$)/;
        return [name, Object.fromEntries(Object.entries(region).filter(([key]) => keys.test(key)))];
      }),
    ),
  );
  // Without being told, the detector is found.
  expect(geometryFromCrystfel(text).detector).toEqual(detector);
  return geometry;
}

/** EXtra-geom's words for what stands in a file, and ours: everything must be equal but the groups and the mask bits. */
function expectWritten(root: string, name: string): void {
  const reference = readCase<WrittenCase>(root, `cases/${name}.json`);
  const theirs = readFileSync(root + reference.file, 'utf8');
  const read = expectRead(theirs, reference, root);
  const { options } = reference;
  const layout = options.dims as CrystfelLayout | undefined;
  const before = createGeometry(read.detector, readDoubles(root, reference.tiles_before), read.metadata);
  const ours = crystfelFromGeometry(before, {
    layout,
    dataPath: options.data_path,
    maskPath: options.mask_path,
    aduPerEv: options.adu_per_ev,
    distance: options.clen,
    photonEnergyKeV: options.photon_energy === undefined ? undefined : options.photon_energy / 1000,
  });
  expectRead(ours, reference, root);
  // CrystFEL takes ours.
  const [a, b] = [parseGeom(theirs), parseGeom(ours)];
  expect(b.findings).toEqual([]);
  const facts = ({ panels, ...file }: CrystfelGeom) => ({
    names: panels.map((panel) => [panel.name, panel.minFs, panel.maxFs, panel.minSs, panel.maxSs, ...panel.dims]),
    rigidGroups: file.rigidGroups,
    rigidCollections: file.rigidCollections,
    badRegions: file.badRegions.filter((region) => region.kind === 'panel'),
    energy: file.beam && Number(file.beam.source),
    clen: file.clen?.value,
  });
  expect(facts(b)).toEqual(facts(a));
  const numbers = ({ panels }: CrystfelGeom) =>
    panels.flatMap((panel) => [panel.cornerX, panel.cornerY, panel.coffset, ...panel.ss, ...panel.fs, panel.res]);
  expect(largestDifference(numbers(b), numbers(a))).toBeLessThan(1e-8);
}

describe('geometry from .geom files that EXtra-geom wrote, and written again', () => {
  it.each([
    'write_agipd_full',
    'write_agipd_2d',
    'write_agipd_bad_2d',
    'write_agipd_bad_3d',
    'write_agipd_tilted',
    'write_agipd500k',
  ])('%s', (name) => expectWritten(golden, name));
});

describe.skipIf(!hasShared)('the same, from other projects’ files (beside the repository only)', () => {
  it.each(['write_agipd_from_geom', 'write_jungfrau', 'write_lpd'])('%s', (name) => expectWritten(sharedGolden, name));
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
    expect(() => read(text.replace(/^p3a5\/max_ss = .*$/m, 'p3a5/max_ss = 8192'))).toThrow(
      new RegExp(`x\\.geom, line ${line}: panel p3a5 .* is not a tile of AGIPD1M`),
    );
    expect(() => read(text.replace(/^p3a5\/corner_x = .*$/m, 'p3a5/corner_x = abc'))).toThrow(
      /x\.geom, line \d+: corner_x = "abc" must be a finite number/,
    );
  });

  it('says which tile is missing', () => {
    expect(() => read(text.replace(/^p3a5\/.*$/gm, ''))).toThrow(
      /no panel for module 3, tile 5 of AGIPD1M\. Is it the file of another detector, or cut off/,
    );
    expect(() => read(text, AGIPD_500K)).toThrow(
      /is not a tile of AGIPD500K.* Its panels are those of AGIPD1M with 16 modules/,
    );
    const small = readFileSync(`${golden}files/write_agipd500k.geom`, 'utf8');
    expect(() => read(small)).toThrow(
      /no panel for module 8, tile 0; .*\(and 56 more\) of AGIPD1M\. Its panels are those of AGIPD500K with 8 modules/,
    );
    expect(() => read('no geometry at all')).toThrow(/There is no panel/);
    expect(() => read('')).toThrow(/There is no panel/);
  });
});
