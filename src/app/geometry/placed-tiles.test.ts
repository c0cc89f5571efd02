import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { DSSC_1M } from '../../detector/dssc.ts';
import { exampleGeometry } from '../../detector/geometry.ts';
import { moveParts, partsOf } from '../../detector/refinement/detector-part.ts';
import { PLACED_FIELDS } from '../../display/tile-painter.ts';
import { boxOfTiles, partOutline, placedTiles } from './placed-tiles.ts';

describe('tiles for a painter', () => {
  it('lie where the geometry has them and name their place in the stack', () => {
    const geometry = exampleGeometry(AGIPD_1M);
    const placed = placedTiles(geometry);
    expect(placed.length).toBe(128 * PLACED_FIELDS);
    const tile = [...placed.subarray(43 * PLACED_FIELDS, 44 * PLACED_FIELDS)];
    // Module 5, tile 3
    expect(tile.slice(6)).toEqual([5 * 512 + 3 * 64, 0, 64, 128]);
    expect(tile[0]).toBeCloseTo(geometry.tiles[43 * 9], 6);
    const dssc = placedTiles(exampleGeometry(DSSC_1M));
    expect([...dssc.subarray(3 * PLACED_FIELDS + 6, 4 * PLACED_FIELDS)]).toEqual([128, 256, 128, 256]);
  });

  it('outlines go round all tiles of a part, and where it would be after a move', () => {
    const geometry = exampleGeometry(AGIPD_1M);
    const part = partsOf(AGIPD_1M, 'quadrant')[2];
    const box = boxOfTiles(geometry, part.tiles);
    const xs = partOutline(geometry, part).map(([x]) => x);
    expect(Math.min(...xs)).toBeCloseTo(box.left, 9);
    expect(Math.max(...xs)).toBeCloseTo(box.right, 9);
    const move = { shift: [3e-4, -2e-4, 0], angle: 0.05 } as const;
    const moved = partOutline(moveParts(geometry, [part], [move]), part);
    for (const [i, place] of partOutline(geometry, part, move).entries()) {
      const nearest = Math.min(...moved.map(([x, y]) => Math.hypot(x - place[0], y - place[1])));
      expect(nearest, `corner ${i}`).toBeLessThan(1e-9);
    }
  });
});
