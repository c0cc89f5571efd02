import { describe, expect, it } from 'vitest';
import {
  type ArrayReference,
  golden,
  largestDifference,
  readCase,
  readDoubles,
} from '../../test/golden/geometry/golden.ts';
import { AGIPD_1M, AGIPD_500K } from './agipd.ts';
import {
  createGeometry,
  dataCoordsToPositions,
  exampleGeometry,
  type Geometry,
  geometryFromQuadPositions,
  type Point,
  pixelPositions,
  quadPositions,
  tileCorners,
} from './geometry.ts';

interface PositionsCase {
  readonly samples_m_ss_fs_x_y_z: readonly number[][];
  readonly min_xyz: readonly number[];
  readonly max_xyz: readonly number[];
  readonly per_tile_sum_xyz: ArrayReference;
}

interface GeometryCase {
  readonly args: {
    readonly quad_pos?: readonly Point[];
    readonly origin?: Point;
    readonly asic_gap: number | null;
    readonly panel_gap: number | Point | null;
    readonly unit: number;
  };
  readonly expected_data_shape: readonly number[];
  readonly tile_slices_ss0_ss1_fs0_fs1: readonly number[][];
  readonly tiles_corner_ss_fs: ArrayReference;
  readonly tile_corners: ArrayReference;
  readonly pixel_positions: { readonly centre_true: PositionsCase; readonly centre_false: PositionsCase };
  readonly data_coords_to_positions_m_ss_fs_x_y_z: readonly [number, number, number, number, number, number][] | null;
  readonly quad_positions?: readonly Point[];
}

function build(name: string): { reference: GeometryCase; geometry: Geometry } {
  const reference = readCase<GeometryCase>(golden, `cases/${name}.json`);
  const { quad_pos, origin, asic_gap, panel_gap, unit } = reference.args;
  const options = { unit, asicGap: asic_gap ?? undefined, panelGap: panel_gap ?? undefined };
  if (quad_pos) return { reference, geometry: geometryFromQuadPositions(AGIPD_1M, quad_pos, options) };
  // The reference gives the place of the origin on the block, we give the place of the block.
  const [x, y] = origin as Point;
  return { reference, geometry: geometryFromQuadPositions(AGIPD_500K, [[-x, -y]], options) };
}

describe.each(['agipd1m_quads', 'agipd500k', 'agipd500k_mm'])('geometry %s', (name) => {
  const { reference, geometry } = build(name);

  it('has the reference tiles', () => {
    expect(geometry.detector.dataShape).toEqual(reference.expected_data_shape);
    const slices = geometry.detector.tiles.map((t) => [t.ssStart, t.ssStop, t.fsStart, t.fsStop]);
    expect(slices).toEqual(reference.tile_slices_ss0_ss1_fs0_fs1);
    const tiles = readDoubles(golden, reference.tiles_corner_ss_fs);
    expect(largestDifference(geometry.tiles, tiles)).toBeLessThanOrEqual(1e-12);
    const corners = readDoubles(golden, reference.tile_corners);
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
    const sums = new Float64Array(modules * 8 * 3);
    for (let i = 0; i < data.length; i++) sums[Math.floor(i / (3 * 64 * fs)) * 3 + (i % 3)] += data[i];
    expect(largestDifference(sums, readDoubles(golden, expected.per_tile_sum_xyz))).toBeLessThanOrEqual(1e-9);
  });

  it('places sub-pixel coordinates', () => {
    const points = reference.data_coords_to_positions_m_ss_fs_x_y_z ?? [];
    expect(points.length).toBeGreaterThan(0);
    const { data } = dataCoordsToPositions(
      geometry,
      points.map(([m, ss, fs]) => [m, ss, fs]),
    );
    expect(
      largestDifference(
        data,
        points.flatMap((p) => p.slice(3)),
      ),
    ).toBeLessThanOrEqual(1e-12);
  });
});

describe('quadrant positions', () => {
  it('come back as they were given', () => {
    const reference = readCase<GeometryCase>(golden, 'cases/agipd1m_quads.json');
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

  it('refuses points outside of the detector', () => {
    expect(() => dataCoordsToPositions(exampleGeometry(AGIPD_1M), [[16, 0, 0]])).toThrow(/outside/);
    expect(() => dataCoordsToPositions(exampleGeometry(AGIPD_1M), [[0, Number.NaN, 0]])).toThrow(/outside/);
  });
});
