import { expect, it } from 'vitest';
import { AGIPD_1M } from '../../../detector/agipd.ts';
import { exampleGeometry, pixelPositions } from '../../../detector/geometry.ts';
import { meanOfPixels, pixelsOfHelpers } from './region-mean.ts';

const geometry = exampleGeometry(AGIPD_1M);
const positions = pixelPositions(geometry).data;
const helper = { id: 1, kind: 'circle', centre: [0.03, 0.04], size: [0.02, 0.02], angleDeg: 0 } as const;

it('the mean of a region is that of its pixels, without masked and missing ones', () => {
  const turned = { ...helper, id: 2, kind: 'rectangle', size: [0.02, 0.004], angleDeg: 90 } as const;
  const [circle, rectangle] = pixelsOfHelpers([helper, turned], geometry, null);
  // A disc of 50 pixels' radius, less the gaps in it.
  expect(circle.length / (Math.PI * 50 ** 2)).toBeGreaterThan(0.8);
  for (const pixel of circle)
    expect(Math.hypot(positions[3 * pixel] - 0.03, positions[3 * pixel + 1] - 0.04)).toBeLessThanOrEqual(0.01);
  for (const pixel of rectangle) {
    expect(Math.abs(positions[3 * pixel] - 0.03)).toBeLessThanOrEqual(0.002);
    expect(Math.abs(positions[3 * pixel + 1] - 0.04)).toBeLessThanOrEqual(0.01);
  }
  const picture = new Float32Array(16 * 512 * 128).fill(100);
  picture[circle[0]] = Number.NaN;
  for (const pixel of circle.subarray(1)) picture[pixel] = 7;
  expect(meanOfPixels(picture, circle)).toBe(7);
  picture[circle[1]] = 1e6;
  const mask = new Uint8Array(picture.length);
  mask[circle[1]] = 1;
  expect(meanOfPixels(picture, pixelsOfHelpers([helper], geometry, mask)[0])).toBe(7);
  expect(meanOfPixels(picture, new Uint32Array())).toBeNaN();
  expect(pixelsOfHelpers([], geometry, null)).toEqual([]);
});
