import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildCase, FILE_CASES } from '../../test/golden/geometry/cases.ts';
import { hasShared, largestDifference, sharedGolden } from '../../test/golden/geometry/golden.ts';
import { type GeometryHdf5, readGeometryHdf5 } from '../formats/geometry-hdf5.ts';
import { openReaderFile } from '../platform/node/hdf5-open.ts';
import { AGIPD_1M } from './agipd.ts';
import type { Detector } from './detector.ts';
import { DSSC_1M } from './dssc.ts';
import { exampleGeometry, type Point } from './geometry.ts';
import { LPD_1M } from './lpd.ts';
import { offsetGeometry, rotateGeometry } from './move-geometry.ts';
import { geometryFromTilePositions, quadPositionsWith, tilePositionsOf } from './tile-positions.ts';

const FILES = { lpd1m_h5: 'files/lpd_mar_18_axesfixed.h5', dssc1m_h5: 'files/dssc_geo_june19.h5' } as const;
const hasFiles = hasShared && Object.values(FILES).every((file) => existsSync(sharedGolden + file));

describe.skipIf(!hasFiles)('positions of measured detectors (the whole reference data, not copied)', () => {
  it.each(Object.entries(FILES))('%s', (name, path) => {
    const { reference, geometry } = buildCase(name);
    const file = openReaderFile(sharedGolden + path);
    const positions = readGeometryHdf5(file);
    file.close();
    const quads = reference.args.positions as Point[];
    const read = geometryFromTilePositions(FILE_CASES[name], positions, quads);
    expect(largestDifference(read.tiles, geometry.tiles)).toBeLessThanOrEqual(1e-12);
    expect(largestDifference(quadPositionsWith(geometry, positions).flat(), quads.flat())).toBeLessThanOrEqual(1e-9);
    const inMetres = quads.map(([x, y]): Point => [x / 1000, y / 1000]);
    const again = geometryFromTilePositions(FILE_CASES[name], positions, inMetres, { unit: 1 });
    expect(largestDifference(again.tiles, geometry.tiles)).toBeLessThanOrEqual(1e-12);
  });
});

describe.each([LPD_1M, DSSC_1M].map((detector) => [detector.name, detector] as const))(
  '%s',
  (_, detector: Detector) => {
    const geometry = offsetGeometry(exampleGeometry(detector), [0.001, -0.0023, 0], { modules: [5, 7] });

    it('gives positions that make the same geometry', () => {
      const positions = tilePositionsOf(geometry);
      const again = geometryFromTilePositions(detector, positions);
      expect(largestDifference(again.tiles, geometry.tiles)).toBeLessThanOrEqual(1e-12);
      expect(again.tiles).not.toEqual(exampleGeometry(detector).tiles);
      const quads = positions.quadrants.map(({ position }) => position as Point);
      expect(largestDifference(quadPositionsWith(geometry, positions).flat(), quads.flat())).toBeLessThanOrEqual(1e-9);
    });

    it('says what this form cannot hold, and what a file lacks', () => {
      expect(() => tilePositionsOf(rotateGeometry(geometry, [0, 0, 0.01], { modules: [3, 4] }))).toThrow(
        /module 3, tile 0 is turned.*Save the geometry as .geom/,
      );
      expect(() => tilePositionsOf(offsetGeometry(geometry, [0, 0, 0.001]))).toThrow(/moved along z/);
      const { quadrants } = tilePositionsOf(geometry);
      const unplaced: GeometryHdf5 = { quadrants: quadrants.map((q) => ({ ...q, position: null })) };
      expect(() => geometryFromTilePositions(detector, unplaced)).toThrow(/give their positions \(x, y\) in mm/);
      expect(() => geometryFromTilePositions(detector, { quadrants: quadrants.slice(1) })).toThrow(
        /4 quadrants, got 3/,
      );
      expect(() => geometryFromTilePositions(detector, unplaced, [[0, 0]])).toThrow(/4 quadrant positions, got 1/);
    });
  },
);

it('a detector placed by its pixels has no such positions', () => {
  expect(() => tilePositionsOf(exampleGeometry(AGIPD_1M))).toThrow(/AGIPD1M has no HDF5 geometry/);
});
