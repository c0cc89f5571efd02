import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../agipd.ts';
import { exampleGeometry, TILE_NUMBERS } from '../geometry.ts';
import { offsetGeometry, rotateGeometry } from '../move-geometry.ts';
import { addMoves, applyMoves, middleOfPart, moveParts, NO_MOVE, partsOf } from './detector-part.ts';

const start = exampleGeometry(AGIPD_1M);

describe('parts of a detector', () => {
  it('are quadrants, modules and tiles, each tile in one', () => {
    expect(partsOf(AGIPD_1M, 'quadrant').map(({ label }) => label)).toEqual(['Q1', 'Q2', 'Q3', 'Q4']);
    expect(partsOf(AGIPD_1M, 'module')[15].label).toBe('M15');
    expect(partsOf(AGIPD_1M, 'tile')[127].label).toBe('M15 T8');
    for (const level of ['quadrant', 'module', 'tile'] as const) {
      const tiles = partsOf(AGIPD_1M, level).flatMap((part) => part.tiles);
      expect(tiles.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 128 }, (_, i) => i));
    }
  });

  it('move as offsets of their modules', () => {
    const moved = moveParts(start, [partsOf(AGIPD_1M, 'quadrant')[1]], [{ shift: [1e-3, -2e-3, 3e-3], angle: 0 }]);
    expect(moved.tiles).toEqual(offsetGeometry(start, [1e-3, -2e-3, 3e-3], { modules: [4, 8] }).tiles);
  });

  it('turn about their middle', () => {
    const [quadrant] = partsOf(AGIPD_1M, 'quadrant');
    const turned = moveParts(start, [quadrant], [{ shift: [0, 0, 0], angle: 0.1 }]);
    const [before, after] = [middleOfPart(start, quadrant), middleOfPart(turned, quadrant)];
    for (let axis = 0; axis < 3; axis++) expect(after[axis]).toBeCloseTo(before[axis], 12);
    expect(Math.atan2(turned.tiles[4], turned.tiles[3])).toBeCloseTo(0.1, 12);
    const expected = rotateGeometry(start, [0, 0, 0.1], { modules: [0, 4], centre: before }).tiles;
    for (const [i, value] of expected.entries()) expect(turned.tiles[i]).toBeCloseTo(value, 12);
  });

  it('come back exactly after there and back again, and the order of edits does not matter', () => {
    const there = { shift: [1e-4, 2e-4, 0], angle: 0.01 } as const;
    const back = { shift: [-1e-4, -2e-4, 0], angle: -0.01 } as const;
    expect(addMoves(there, back)).toEqual({ shift: [0, 0, 0], angle: 0 });
    const none = { quadrant: new Map(), module: new Map(), tile: new Map() };
    expect(applyMoves(start, { ...none, quadrant: new Map([[2, addMoves(there, back)]]) })).toBe(start);
    expect(applyMoves(start, none)).toBe(start);
    const both = applyMoves(start, {
      ...none,
      quadrant: new Map([[2, there]]),
      module: new Map([[9, there]]),
      tile: new Map([[3, NO_MOVE]]),
    });
    expect(both.tiles.subarray(0, 64 * TILE_NUMBERS)).toEqual(start.tiles.subarray(0, 64 * TILE_NUMBERS));
    expect(Math.atan2(both.tiles[9 * 8 * TILE_NUMBERS + 4], both.tiles[9 * 8 * TILE_NUMBERS + 3])).toBeCloseTo(
      -Math.PI + 0.02,
      9,
    );
  });
});
