import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEXAGON_PIXEL } from '../detector/detector.ts';
import { PIXEL_KIND, type PixelLattice, pixelAt } from './pixel-lattice.ts';

const [ROWS, COLUMNS] = [7, 5];

/** One tile on all of the picture. @param isUp rows count upwards @param isRight columns to the right */
function hexagons(isUp: boolean, isRight: boolean, isUpright: boolean): PixelLattice {
  const kinds = Uint8Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    const across = isUpright ? i % ROWS : Math.floor(i / COLUMNS);
    const row = isUp ? across : ROWS - 1 - across;
    const moved = row % 2 === 0 ? 0 : isRight ? PIXEL_KIND.ahead : PIXEL_KIND.behind;
    return PIXEL_KIND.inside | moved | (isUp ? PIXEL_KIND.above : PIXEL_KIND.below);
  });
  const shape = isUpright ? ([COLUMNS, ROWS] as const) : ([ROWS, COLUMNS] as const);
  return { shape, kinds, aspect: Math.sqrt(3) / 2, shift: 0.5, isHexagon: true, isUpright };
}

/** Pixels (row, column) of the tile whose outline in the detector's record has a place (ss, fs). */
function pixelsWith(ss: number, fs: number): [row: number, column: number][] {
  const found: [number, number][] = [];
  for (let row = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++) {
      const corners = HEXAGON_PIXEL.corners.map(([s, f]) => [s + row, f + column + (row % 2) / 2] as const);
      const sides = corners.map(([s, f], i) => {
        const [nextS, nextF] = corners[(i + 1) % corners.length];
        return (nextS - s) * (fs - f) - (nextF - f) * (ss - s);
      });
      if (sides.every((side) => side >= 0) || sides.every((side) => side <= 0)) found.push([row, column]);
    }
  return found;
}

describe('the pixel at a place', () => {
  // Never on an edge between two, where either would do.
  const place = fc.tuple(
    fc.integer({ min: -1000, max: 1000 * (ROWS + 1) }).map((n) => (n + 0.37) / 1000),
    fc.integer({ min: -1000, max: 1000 * (COLUMNS + 1) }).map((n) => (n + 0.41) / 1000),
  );
  it('is the one whose hexagon is there, whichever way the tile lies', () => {
    fc.assert(
      fc.property(place, fc.boolean(), fc.boolean(), fc.boolean(), ([ss, fs], isUp, isRight, isUpright) => {
        const [across, along] = [isUp ? ss : ROWS - ss, isRight ? fs : COLUMNS - fs];
        const lattice = hexagons(isUp, isRight, isUpright);
        const at = isUpright ? pixelAt(lattice, across, along) : pixelAt(lattice, along, across);
        const expected = pixelsWith(ss, fs).map(([row, column]) => {
          const [r, c] = [isUp ? row : ROWS - 1 - row, isRight ? column : COLUMNS - 1 - column];
          return isUpright ? c * ROWS + r : r * COLUMNS + c;
        });
        return expected.length <= 1 && at === (expected[0] ?? -1);
      }),
      { numRuns: 5000 },
    );
  });

  it('is that of the row as a rectangle where outlines do not count', () => {
    const lattice = hexagons(true, true, false);
    expect(pixelAt(lattice, 0.2, 0.05)).toBe(-1);
    expect(pixelAt(lattice, 0.2, 0.05, false)).toBe(0);
    expect(pixelAt(lattice, 0.2, 1.5, false)).toBe(-1);
    expect(pixelAt(lattice, 0.6, 1.5, false)).toBe(COLUMNS);
    expect(pixelAt(lattice, COLUMNS + 0.4, 1.5, false)).toBe(2 * COLUMNS - 1);
    expect(pixelAt(lattice, COLUMNS + 0.4, 2.5, false)).toBe(-1);
  });

  it('is that of the grid where nothing is moved', () => {
    const kinds = Uint8Array.of(1, 0, 1, 1);
    const lattice = { shape: [2, 2], kinds, aspect: 1, shift: 0, isHexagon: false, isUpright: false } as const;
    expect([pixelAt(lattice, 0.9, 0.9), pixelAt(lattice, 1.1, 0.9), pixelAt(lattice, 1.1, 1.9)]).toEqual([0, -1, 3]);
    expect([pixelAt(lattice, -0.1, 0.5), pixelAt(lattice, 0.5, 2)]).toEqual([-1, -1]);
  });
});
