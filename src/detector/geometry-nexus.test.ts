import { describe, expect, it } from 'vitest';
import type { NexusGeometry, NexusTile } from '../formats/nexus-geometry.ts';
import { AGIPD_1M } from './agipd.ts';
import type { Detector } from './detector.ts';
import { exampleGeometry, type Geometry, TILE_NUMBERS, tileStart } from './geometry.ts';
import { geometryFromNexus } from './geometry-nexus.ts';
import { jungfrau } from './jungfrau.ts';
import { PNCCD } from './pnccd.ts';

type Triple = readonly [number, number, number];

/** Modules as a file has them, one for each tile. @param isStacked rows of all modules are counted through */
function tilesOf({ detector, tiles }: Geometry, isStacked = false): NexusTile[] {
  return Array.from({ length: detector.dataShape[0] * detector.tiles.length }, (_, index) => {
    const [module, tile] = [Math.floor(index / detector.tiles.length), index % detector.tiles.length];
    const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[tile];
    const at = tileStart(detector, module, tile);
    const [x, y, z, ssX, ssY, ssZ, fsX, fsY, fsZ] = tiles.subarray(at, at + TILE_NUMBERS);
    const top = isStacked ? module * detector.dataShape[1] : 0;
    return {
      name: `/d/p${module}a${tile}`,
      origin: [...(isStacked ? [] : [module]), top + ssStart, fsStart],
      size: [...(isStacked ? [] : [1]), ssStop - ssStart, fsStop - fsStart],
      corner: [x, y, z],
      ss: [ssX, ssY, ssZ],
      fs: [fsX, fsY, fsZ],
    };
  });
}

const nexus = (tiles: readonly NexusTile[], detector = 'ELE_D0'): NexusGeometry => ({
  detector,
  distance: null,
  photonEnergyKeV: null,
  tiles,
});

/** A module of so many pixels whose first one is at `corner`. */
function plane(origin: readonly number[], size: readonly number[], corner: Triple, pixel = 1e-4): NexusTile {
  return { name: `/d/${origin.join('-')}`, origin, size, corner, ss: [0, -pixel, 0], fs: [-pixel, 0, 0] };
}

describe('a detector from the modules of a NeXus file', () => {
  it.each([
    ['AGIPD1M', AGIPD_1M],
    ['JUNGFRAU', jungfrau(3)],
    ['PNCCD', PNCCD],
  ] as const)(
    '%s is known by its tiles, whatever they are called and wherever the axis of modules is',
    (_, detector) => {
      const geometry = exampleGeometry(detector);
      for (const isStacked of [false, true]) {
        const found = geometryFromNexus(nexus(tilesOf(geometry, isStacked).reverse()));
        expect(found.detector).toEqual(detector);
        expect(found.tiles).toEqual(geometry.tiles);
        expect(found.metadata).toEqual({ path: 'NeXus geometry' });
      }
    },
  );

  it('one module in the file for all tiles of one in the detector: tiles follow each other', () => {
    const pixel = 7.5e-5;
    const { detector, tiles } = geometryFromNexus(nexus([plane([0, 0], [512, 1024], [0.01, 0.02, 0.3], pixel)], 'JF'));
    expect(detector).toEqual(jungfrau(1));
    const at = tileStart(detector, 0, 5);
    const [x, y, z] = tiles.subarray(at);
    expect(x).toBeCloseTo(0.01 - 256 * pixel, 15);
    expect(y).toBeCloseTo(0.02 - 256 * pixel, 15);
    expect(z).toBe(0.3);
  });

  it('parts of a tile are joined, and pixels of no module become a bad region', () => {
    const pixel = 7.5e-5;
    const parts = [
      plane([0, 0], [512, 500], [0, 0, 0], pixel),
      plane([0, 500], [512, 520], [-500 * pixel, 0, 0], pixel),
    ];
    const { detector, metadata } = geometryFromNexus(nexus(parts, 'jungfrau'));
    expect(detector).toEqual(jungfrau(1));
    expect(metadata.badRegions).toMatchObject([
      { module: 0, tile: 3, ssStart: 0, ssStop: 256, fsStart: 1020, fsStop: 1024 },
      { module: 0, tile: 7, ssStart: 256, ssStop: 512, fsStart: 1020, fsStop: 1024 },
    ]);
    const torn = [parts[0], plane([0, 500], [512, 520], [-501 * pixel, 0, 0], pixel)];
    expect(() => geometryFromNexus(nexus(torn), jungfrau(1))).toThrow(/parts of one tile .* 1\.00 px apart/);
  });

  it('other pixels are another detector, even with the shape of a known one', () => {
    const { detector, tiles } = geometryFromNexus(nexus([plane([0, 0], [512, 1024], [0, 0, 0], 5e-5)], 'JUNGFRAU'));
    expect(detector).toMatchObject({
      name: 'JUNGFRAU',
      dataShape: [1, 512, 1024],
      pixelSize: 5e-5,
      pitch: [5e-5, 5e-5],
    });
    expect(detector.tiles).toHaveLength(1);
    expect([...tiles]).toEqual([0, 0, 0, 0, -5e-5, 0, -5e-5, 0, 0]);
  });

  it('a detector that is not known is made of its modules', () => {
    const eiger = geometryFromNexus(
      nexus([plane([0, 0], [4362, 4148], [0.16, 0.17, 0.2], 75e-6)], 'EIGER2 16M (ID 3)'),
    );
    expect(eiger.detector).toMatchObject({
      name: 'EIGER2 16M _ID 3_',
      dataShape: [1, 4362, 4148],
      modules: [{ group: 0, ss: [0, -1], fs: [-1, 0] }],
    });
    const four = [0, 1].flatMap((module) =>
      [0, 1].map((half) => plane([module, 100 * half, 0], [1, 100, 80], [module, -half, 0])),
    );
    const { detector, tiles } = geometryFromNexus(nexus(four));
    expect(detector).toMatchObject({ name: 'ELE_D0', dataShape: [2, 200, 80], groupModules: [0, 1] });
    expect(detector.tiles.map(({ ssStart, ssStop }) => [ssStart, ssStop])).toEqual([
      [0, 100],
      [100, 200],
    ]);
    expect([0, 1, 2, 3].map((i) => [...tiles.subarray(i * TILE_NUMBERS, i * TILE_NUMBERS + 2)])).toEqual([
      [0, 0],
      [0, -1],
      [1, 0],
      [1, -1],
    ]);
  });

  it.each([
    ['modules of two sizes', [plane([0, 0], [10, 10], [0, 0, 0]), plane([10, 0], [9, 10], [0, 1, 0])]],
    ['a gap in the data', [plane([0, 0], [10, 10], [0, 0, 0]), plane([20, 0], [10, 10], [0, 1, 0])]],
    ['pixels of two sizes', [plane([0, 0], [10, 10], [0, 0, 0]), plane([10, 0], [10, 10], [0, 1, 0], 2e-4)]],
    ['places of two kinds', [plane([0, 0], [10, 10], [0, 0, 0]), plane([0, 10, 0], [1, 10, 10], [0, 1, 0])]],
  ] as const)('%s: nothing is guessed', (_, tiles) => {
    expect(() => geometryFromNexus(nexus(tiles), undefined, { path: 'x.nxs' })).toThrow(
      /^x\.nxs: its 2 modules are those of no detector that is known here.*Say which detector it is/,
    );
  });

  const tiles = tilesOf(exampleGeometry(AGIPD_1M));
  it.each([
    ['a module is missing', tiles.slice(1), AGIPD_1M, /x\.nxs: no panel for module 0, tile 0 of AGIPD1M/],
    [
      'two modules of the same data',
      [...tiles, { ...tiles[3], name: '/d/again' }],
      AGIPD_1M,
      /x\.nxs: panel \/d\/again lies on the same data as panel \/d\/p0a3 \(module 0/,
    ],
    [
      'it is another detector',
      tiles,
      PNCCD,
      /x\.nxs: panel .* is not a tile of PNCCD.*Its panels are those of AGIPD1M/,
    ],
    [
      'the data would be far too large',
      [plane([0, 0], [2 ** 31 - 1, 2 ** 31 - 1], [0, 0, 0])],
      undefined,
      /x\.nxs: dataShape .* at most 268435456 pixels/,
    ],
    [
      'an index is far out',
      [plane([2 ** 31 - 1, 0, 0], [1, 10, 10], [0, 0, 0])],
      undefined,
      /not equal parts of \[2147483648, 10, 10\]/,
    ],
  ] as const)('%s', (_, given: readonly NexusTile[], detector: Detector | undefined, reason) => {
    expect(() => geometryFromNexus(nexus(given), detector, { path: 'x.nxs' })).toThrow(reason);
  });
});
