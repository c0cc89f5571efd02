import { describe, expect, it } from 'vitest';
import { ALL_CASES, buildCase, FILE_CASES } from '../../test/golden/geometry/cases.ts';
import { golden, hasShared, largestDifference, readCase, readDoubles } from '../../test/golden/geometry/golden.ts';
import { AGIPD_1M } from './agipd.ts';
import {
  createGeometry,
  dataCoordsToPositions,
  exampleGeometry,
  geometryFromQuadPositions,
  type Point,
  pixelPositions,
  quadPositions,
  tileCorners,
} from './geometry.ts';
import { jungfrau } from './jungfrau.ts';
import { geometryFromModulePositions } from './module-positions.ts';

describe.each(ALL_CASES)('geometry %s', (name) => {
  const { reference, geometry, root } = buildCase(name);
  const { detector } = geometry;

  it('has the reference tiles', () => {
    expect(detector.dataShape).toEqual(reference.expected_data_shape);
    const slices = detector.tiles.map((t) => [t.ssStart, t.ssStop, t.fsStart, t.fsStop]);
    expect(slices).toEqual(reference.tile_slices_ss0_ss1_fs0_fs1);
    const tiles = readDoubles(root, reference.tiles_corner_ss_fs);
    expect(largestDifference(geometry.tiles, tiles)).toBeLessThanOrEqual(1e-12);
    if (!reference.tile_corners) return;
    const corners = readDoubles(root, reference.tile_corners);
    expect(largestDifference(tileCorners(geometry).data, corners)).toBeLessThanOrEqual(1e-12);
  });

  it.each([true, false])('places every pixel, centre = %s', (centre) => {
    const expected = reference.pixel_positions[centre ? 'centre_true' : 'centre_false'];
    const { data, shape } = pixelPositions(geometry, centre);
    const [modules, ss, fs] = reference.expected_data_shape;
    expect(shape).toEqual([modules, ss, fs, 3]);
    for (const [m, s, f, ...xyz] of expected.samples_m_ss_fs_x_y_z) {
      const at = ((m * ss + s) * fs + f) * 3;
      expect(largestDifference(data.subarray(at, at + 3), xyz)).toBeLessThanOrEqual(1e-12);
    }
    if (!expected.per_tile_sum_xyz) return;
    const sums = new Float64Array(modules * detector.tiles.length * 3);
    for (let m = 0; m < modules; m++) {
      for (const [t, { ssStart, ssStop, fsStart, fsStop }] of detector.tiles.entries()) {
        const to = (m * detector.tiles.length + t) * 3;
        for (let s = ssStart; s < ssStop; s++)
          for (let i = ((m * ss + s) * fs + fsStart) * 3; i < ((m * ss + s) * fs + fsStop) * 3; i++)
            sums[to + (i % 3)] += data[i];
      }
    }
    expect(largestDifference(sums, readDoubles(root, expected.per_tile_sum_xyz))).toBeLessThanOrEqual(1e-9);
  });

  it('places sub-pixel coordinates', () => {
    const points = reference.data_coords_to_positions_m_ss_fs_x_y_z;
    // The reference has none for hexagons.
    if (!points) expect(detector.name).toBe('DSSC1M');
    const { data } = dataCoordsToPositions(
      geometry,
      (points ?? []).map(([m, ss, fs]) => [m, ss, fs]),
    );
    const expected = (points ?? []).flatMap((p) => p.slice(3));
    expect(largestDifference(data, expected)).toBeLessThanOrEqual(1e-12);
  });

  it('has the middle of each pixel at half coordinates', () => {
    const [modules, ss, fs] = detector.dataShape;
    const { data } = pixelPositions(geometry);
    const pixels = Array.from({ length: 200 }, (_, i) => (i * 104729) % (modules * ss * fs));
    const points = pixels.map(
      (p) => [Math.floor(p / (ss * fs)), (Math.floor(p / fs) % ss) + 0.5, (p % fs) + 0.5] as const,
    );
    const expected = pixels.flatMap((p) => [...data.subarray(p * 3, p * 3 + 3)]);
    expect(largestDifference(dataCoordsToPositions(geometry, points).data, expected)).toBeLessThanOrEqual(1e-12);
  });

  it('tells where its groups are', () => {
    if (!reference.quad_positions) return;
    const expected = reference.quad_positions.flat();
    expect(largestDifference(quadPositions(geometry).flat(), expected)).toBeLessThanOrEqual(1e-9);
  });
});

if (!hasShared) {
  it.skip(`geometry of files that are not copied (${Object.keys(FILE_CASES)}): the whole reference data are not there`);
}

describe('quadrant positions', () => {
  it('come back as they were given', () => {
    const reference = readCase<{ quad_positions?: readonly Point[] }>(golden, 'cases/agipd1m_quads.json');
    const positions = quadPositions(exampleGeometry(AGIPD_1M)).flat();
    expect(largestDifference(positions, reference.quad_positions?.flat() ?? [])).toBeLessThanOrEqual(1e-9);
  });

  it('may be in another unit without changing the size of the pixels (the reference scales them)', () => {
    const inMillimetres = AGIPD_1M.examplePositions.map(([x, y]): Point => [x * 0.2, y * 0.2]);
    const options = { unit: 1e-3, asicGap: 0.4, panelGap: 5.8 };
    const geometry = geometryFromQuadPositions(AGIPD_1M, inMillimetres, options);
    expect(largestDifference(geometry.tiles, exampleGeometry(AGIPD_1M).tiles)).toBeLessThanOrEqual(1e-12);
  });

  it('must be one for each quadrant', () => {
    expect(() => geometryFromQuadPositions(AGIPD_1M, [[0, 0]])).toThrow(/needs 4 positions/);
  });
});

describe('wrong geometry', () => {
  it('names the tile with a position that is not a number', () => {
    const tiles = exampleGeometry(AGIPD_1M).tiles.slice();
    tiles[(3 * 8 + 5) * 9 + 1] = Number.NaN;
    expect(() => createGeometry(AGIPD_1M, tiles)).toThrow(/module 3, tile 5/);
  });

  it('names the tile whose pixels have no area', () => {
    const at = (3 * 8 + 5) * 9;
    for (const fs of [
      [0, 0, 0],
      [-4e-4, 0, 0],
    ]) {
      const tiles = exampleGeometry(AGIPD_1M).tiles.slice();
      tiles.set(fs, at + 6);
      expect(() => createGeometry(AGIPD_1M, tiles)).toThrow('Pixels of AGIPD1M module 3, tile 5 have no area');
    }
  });

  it('has a unit that is a length', () => {
    for (const unit of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const message = `unit = ${unit} is impossible`;
      expect(() => geometryFromQuadPositions(AGIPD_1M, AGIPD_1M.examplePositions, { unit })).toThrow(message);
      expect(() => geometryFromModulePositions(jungfrau(1), [[0, 0]], { unit })).toThrow(message);
    }
  });

  it('refuses points outside of the detector', () => {
    expect(() => dataCoordsToPositions(exampleGeometry(AGIPD_1M), [[16, 0, 0]])).toThrow(/outside/);
    expect(() => dataCoordsToPositions(exampleGeometry(AGIPD_1M), [[0, Number.NaN, 0]])).toThrow(/outside/);
  });
});
