import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from './agipd.ts';
import { DETECTOR_NAMES, detectorByName } from './detector-table.ts';
import { exampleGeometry, tileStart } from './geometry.ts';
import { offsetGeometry, rotateGeometry } from './move-geometry.ts';
import { overlappingTiles } from './tile-overlap.ts';

describe('overlappingTiles', () => {
  it.each(DETECTOR_NAMES)('finds none in the example of %s', (name) => {
    expect(overlappingTiles(exampleGeometry(detectorByName(name)))).toEqual([]);
  });

  it('finds a tile that was put on another, and how deep it lies', () => {
    const geometry = exampleGeometry(AGIPD_1M);
    const tiles = Float64Array.from(geometry.tiles);
    const [from, to] = [tileStart(AGIPD_1M, 3, 3), tileStart(AGIPD_1M, 3, 2)];
    tiles.set(tiles.subarray(from, from + 9), to);
    const [deepest, ...others] = overlappingTiles({ ...geometry, tiles });
    expect(deepest).toMatchObject({ first: [3, 2], second: [3, 3] });
    expect(deepest.depthPx).toBeCloseTo(64, 6);
    expect(others).toEqual([]);
  });

  it('finds modules that were pushed into one another, also turned', () => {
    // Modules of a quadrant are 29 rows apart at least: 40 pixels are too far.
    const moved = offsetGeometry(exampleGeometry(AGIPD_1M), [0, -40 * AGIPD_1M.pixelSize, 0], { modules: [0, 1] });
    const count = overlappingTiles(moved).length;
    expect(count).toBeGreaterThan(0);
    for (const { first, second } of overlappingTiles(moved)) expect([first[0], second[0]]).toEqual([0, 1]);
    expect(overlappingTiles(rotateGeometry(moved, [0, 0, 0.4]))).toHaveLength(count);
  });
});
