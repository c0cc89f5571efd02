import { describe, expect, it } from 'vitest';
import type { GeometryInfo } from '../api/run-contract.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { DSSC_1M } from '../detector/dssc.ts';
import { exampleGeometry, type Geometry, pixelPositions, tileStart } from '../detector/geometry.ts';
import { rotateGeometry } from '../detector/move-geometry.ts';
import { geometryInfo, snapGeometry } from '../detector/snapped-geometry.ts';
import { pixelAt, pixelMiddle } from '../display/pixel-lattice.ts';
import { describePlace, latticeOf, qOfRadius, radiusOfQ } from './scattering.ts';

const at = { distance: 0.16, photonEnergyKeV: 9.3 };
const tile = { module: 3, tile: 1, ssStart: 64, fsStart: 0 };
const geometry: GeometryInfo = {
  detector: 'TEST',
  shape: [5, 8],
  centre: [2, 4],
  pixelSize: 2e-4,
  pitch: [2e-4, 2e-4],
  pixel: { oddRowShift: 0, isHexagon: false },
  tiles: [
    { ...tile, x: 1, y: 0, width: 2, height: 4, ssDirection: [0, 1], fsDirection: [-1, 0] },
    { ...tile, module: 4, x: 5, y: 1, width: 3, height: 4, ssDirection: [1, 0], fsDirection: [0, 1] },
  ],
};

describe('places and q of pixels', () => {
  it('q of a radius and back', () => {
    // LaB6 (110): d = 4.1569/sqrt(2) A, q = 2 pi / d = 2.1376 1/A
    const q = (2 * Math.PI * Math.SQRT2) / 4.1569;
    const lambda = 12.39842 / 9.3;
    const radius = 0.16 * Math.tan(2 * Math.asin(lambda / (2 * (4.1569 / Math.SQRT2))));
    expect(qOfRadius(radius, at)).toBeCloseTo(q, 5);
    expect(radiusOfQ(q, at)).toBeCloseTo(radius, 6);
    expect(radiusOfQ(8, at)).toBeNaN();
  });

  it('module, slow and fast scan along any direction', () => {
    expect(describePlace(geometry, 1, 3)).toBe('M3 · ss 64, fs 0');
    expect(describePlace(geometry, 2, 0)).toBe('M3 · ss 65, fs 3');
    expect(describePlace(geometry, 7, 2)).toBe('M4 · ss 65, fs 2');
    expect(describePlace(geometry, 4, 4)).toBe('gap');
  });

  it('the lattice covers the tiles only', () => {
    const { kinds, shift, aspect } = latticeOf(geometry);
    expect(kinds.reduce((sum, v) => sum + v, 0)).toBe(2 * 4 + 3 * 4);
    expect(kinds[0 * 8 + 1]).toBe(1);
    expect(kinds[4 * 8 + 1]).toBe(0);
    expect(kinds[4 * 8 + 7]).toBe(1);
    expect([shift, aspect]).toEqual([0, 1]);
  });
});

/** Farthest that a pixel's middle in the lattice is from its exact place in its tile, in pixels. */
function farthestInTiles(exact: Geometry): number {
  const info = geometryInfo(snapGeometry(exact));
  const lattice = latticeOf(info);
  const { data: positions } = pixelPositions(exact);
  const { detector, tiles } = exact;
  const [, ss, fs] = detector.dataShape;
  let farthest = 0;
  for (const tile of info.tiles) {
    const at = tileStart(detector, tile.module, tile.tile);
    const corner = [tiles[at], tiles[at + 1]];
    const [ssY, ssX] = tile.ssDirection;
    const [fsY, fsX] = tile.fsDirection;
    // The corner that the tile's first pixel has in the picture.
    const first = [tile.x + (ssX + fsX < 0 ? tile.width : 0), tile.y + (ssY + fsY < 0 ? tile.height : 0)];
    for (let y = tile.y; y < tile.y + tile.height; y += 3)
      for (let x = tile.x; x < tile.x + tile.width; x += 5) {
        const text = describePlace(info, x, y).match(/ss (\d+), fs (\d+)/);
        const pixel = (tile.module * ss + Number(text?.[1])) * fs + Number(text?.[2]);
        const middle = pixelMiddle(lattice, x, y);
        for (const axis of [0, 1]) {
          const place = (positions[3 * pixel + axis] - corner[axis]) / info.pitch[1 - axis];
          farthest = Math.max(farthest, Math.abs(place - (middle[axis] - first[axis])));
        }
      }
  }
  return farthest;
}

describe('pixels of a picture', () => {
  it('lie in their tiles where the geometry has them: squares, hexagons, hexagons that stand upright', () => {
    expect(farthestInTiles(exampleGeometry(DSSC_1M))).toBeLessThan(1e-6);
    const upright = rotateGeometry(exampleGeometry(DSSC_1M), [0, 0, Math.PI / 2]);
    expect(latticeOf(geometryInfo(snapGeometry(upright)))).toMatchObject({ isUpright: true, shift: 0.5 });
    expect(farthestInTiles(upright)).toBeLessThan(1e-6);
  });

  it('have the proportions of the detector, and are found at their middles', () => {
    const info = geometryInfo(snapGeometry(exampleGeometry(DSSC_1M)));
    const lattice = latticeOf(info);
    expect(lattice.aspect).toBeCloseTo(Math.sqrt(3) / 2, 12);
    expect(lattice.isHexagon).toBe(true);
    const [, width] = lattice.shape;
    const wrong: number[] = [];
    for (const [at, kind] of lattice.kinds.entries()) {
      const [x, y] = pixelMiddle(lattice, at % width, Math.floor(at / width));
      if (kind !== 0 && pixelAt(lattice, x, y) !== at) wrong.push(at);
    }
    expect(wrong).toEqual([]);
    expect(latticeOf(geometryInfo(snapGeometry(exampleGeometry(AGIPD_1M))))).toMatchObject({
      aspect: 1,
      shift: 0,
      isHexagon: false,
    });
  });
});
