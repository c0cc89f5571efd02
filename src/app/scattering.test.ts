import { describe, expect, it } from 'vitest';
import type { GeometryInfo } from '../api/run-contract.ts';
import { describePlace, qOfRadius, radiusOfQ, tileMask } from './scattering.ts';

const at = { distance: 0.16, photonEnergyKeV: 9.3 };
const tile = { module: 3, tile: 1, ssStart: 64, fsStart: 0 };
const geometry: GeometryInfo = {
  detector: 'TEST',
  shape: [5, 8],
  centre: [2, 4],
  pixelSize: 2e-4,
  pitch: [2e-4, 2e-4],
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

  it('the mask covers the tiles only', () => {
    const mask = tileMask(geometry);
    expect(mask.reduce((sum, v) => sum + v, 0)).toBe(2 * 4 + 3 * 4);
    expect(mask[0 * 8 + 1]).toBe(1);
    expect(mask[4 * 8 + 1]).toBe(0);
    expect(mask[4 * 8 + 7]).toBe(1);
  });
});
