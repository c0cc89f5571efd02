import { describe, expect, it } from 'vitest';
import { nativePoni, type Poni, type PoniOrientation } from './poni.ts';

/** 10 rows of 50 um and 20 columns of 60 um. */
const PLAIN: Poni = {
  ...{ distance: 0.1, poni1: 1e-4, poni2: 3e-4, rot1: 0, rot2: 0, rot3: 0, wavelength: 1e-10 },
  ...{ detector: 'Detector', pixel: [5e-5, 6e-5], shape: [10, 20], splineFile: null, config: {} },
  orientation: 3,
};

/** Where the middle of the first stored pixel is: (up, across, along the beam), m. */
function firstPixel(poni: Poni): number[] {
  const { distance, poni1, poni2, rot1, rot2, rot3 } = nativePoni(poni);
  // The array stays as it is stored: its first pixel is row 0, column 0 whatever the orientation.
  const [p1, p2] = [25e-6 - poni1, 30e-6 - poni2];
  const [c1, s1, c2, s2, c3, s3] = [rot1, rot2, rot3].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
  return [
    p1 * c2 * c3 + p2 * (c3 * s1 * s2 - c1 * s3) - distance * (c1 * c3 * s2 + s1 * s3),
    p1 * c2 * s3 + p2 * (c1 * c3 + s1 * s2 * s3) - distance * (c1 * s2 * s3 - c3 * s1),
    p1 * s2 - p2 * c2 * s1 + distance * c1 * c2,
  ];
}

// By hand: pixels are counted from the other end (10 x 50 um - 25 um = 475 um, 20 x 60 um - 30 um = 1170 um), the point of normal
// incidence (100 um, 300 um) is taken off, the detector is turned, and the axis is turned back.
describe('orientation of .poni 2.1', () => {
  it.each<[PoniOrientation, number, number]>([
    [1, -375e-6, -870e-6],
    [2, -375e-6, -270e-6],
    [3, -75e-6, -270e-6],
    [4, -75e-6, -870e-6],
  ])('%i: the first pixel', (orientation, up, across) => {
    const place = firstPixel({ ...PLAIN, orientation });
    for (const [i, n] of [up, across, 0.1].entries()) expect(place[i]).toBeCloseTo(n, 12);
  });

  // sin 0.6, cos 0.8: across = 0.8 p2 + 0.6 x 0.1, along = -0.6 p2 + 0.8 x 0.1.
  it.each<[PoniOrientation, number, number, number]>([
    [1, -375e-6, -(0.8 * 870e-6 + 0.06), 0.08 - 0.6 * 870e-6],
    [2, -375e-6, 0.8 * -270e-6 + 0.06, 0.08 + 0.6 * 270e-6],
    [3, -75e-6, 0.8 * -270e-6 + 0.06, 0.08 + 0.6 * 270e-6],
    [4, -75e-6, -(0.8 * 870e-6 + 0.06), 0.08 - 0.6 * 870e-6],
  ])('%i: turned about the vertical', (orientation, ...wanted) => {
    const place = firstPixel({ ...PLAIN, orientation, rot1: Math.asin(0.6) });
    for (const [i, n] of wanted.entries()) expect(place[i]).toBeCloseTo(n, 12);
  });
});
