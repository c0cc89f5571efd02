import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../agipd.ts';
import { exampleGeometry, pixelPositions } from '../geometry.ts';
import { pickPeak } from './pick-peak.ts';

const geometry = exampleGeometry(AGIPD_1M);
const positions = pixelPositions(geometry).data;
const pixel = (module: number, ss: number, fs: number) => (module * 512 + ss) * 128 + fs;
const placeOf = (at: number) => [positions[3 * at], positions[3 * at + 1]] as const;

describe('a picked peak', () => {
  it('is the brightest pixel near the place, with its centre of mass', () => {
    const picture = new Float32Array(16 * 512 * 128).fill(1);
    picture[pixel(3, 100, 50)] = 9;
    picture[pixel(3, 100, 51)] = 5;
    const peak = pickPeak(picture, null, geometry, placeOf(pixel(3, 103, 48)), 4);
    expect(peak?.value).toBe(9);
    // A third of the light is one pixel farther along fs.
    const [from, to] = [placeOf(pixel(3, 100, 50)), placeOf(pixel(3, 100, 51))];
    for (const axis of [0, 1]) expect(peak?.position[axis]).toBeCloseTo(from[axis] + (to[axis] - from[axis]) / 3, 9);
    expect(pickPeak(picture, null, geometry, placeOf(pixel(3, 110, 48)), 4)?.value).toBe(1);
    const mask = new Uint8Array(picture.length);
    mask[pixel(3, 100, 50)] = 1;
    expect(pickPeak(picture, mask, geometry, placeOf(pixel(3, 103, 48)), 4)?.value).toBe(5);
  });

  it('stays on its tile; gaps and missing pixels have none', () => {
    const picture = new Float32Array(16 * 512 * 128).fill(1);
    // The last row of one tile, and the first of the next one.
    picture[pixel(0, 64, 10)] = 50;
    picture[pixel(0, 63, 12)] = 7;
    expect(pickPeak(picture, null, geometry, placeOf(pixel(0, 63, 10)), 3)?.value).toBe(7);
    expect(pickPeak(picture, null, geometry, [0, 0], 3)).toBeNull();
    expect(pickPeak(picture.fill(Number.NaN), null, geometry, placeOf(5), 3)).toBeNull();
  });
});
