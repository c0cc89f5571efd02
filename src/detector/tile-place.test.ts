import { describe, expect, it } from 'vitest';
import { detectorByName } from './detector-table.ts';
import { exampleGeometry, pixelPositions, tileCorners } from './geometry.ts';
import { offsetGeometry, rotateGeometry } from './move-geometry.ts';
import { pixelAt, tileOutline } from './tile-place.ts';

describe('places on a detector', () => {
  it.each(['AGIPD1M', 'LPD1M', 'DSSC1M', 'JF4M'])('%s: the pixel at the middle of a pixel is that pixel', (name) => {
    const geometry = rotateGeometry(
      offsetGeometry(exampleGeometry(detectorByName(name)), [3e-5, -7e-5, 0]),
      [0, 0, 0.02],
    );
    const [modules, ss, fs] = geometry.detector.dataShape;
    const { data } = pixelPositions(geometry);
    for (let i = 11; i < modules * ss * fs; i += 9973) {
      const found = pixelAt(geometry, data[3 * i], data[3 * i + 1]);
      const module = Math.floor(i / (ss * fs));
      expect(found).toMatchObject({ module, ss: Math.floor(i / fs) % ss, fs: i % fs });
    }
  });

  it('there is no pixel in a gap', () => {
    const geometry = exampleGeometry(detectorByName('AGIPD1M'));
    expect(pixelAt(geometry, 0, 0)).toBeNull();
    expect(pixelAt(geometry, 1, 1)).toBeNull();
  });

  it('outlines are the corners of the tiles', () => {
    const geometry = exampleGeometry(detectorByName('JF4M'));
    const { data } = tileCorners(geometry);
    for (const index of [0, 17, 63]) {
      const corners = tileOutline(geometry, index).flat();
      const expected = [0, 1, 3, 4, 6, 7, 9, 10].map((k) => data[12 * index + k]);
      for (const [i, value] of expected.entries()) expect(corners[i]).toBeCloseTo(value, 12);
    }
  });
});
