import { describe, expect, it } from 'vitest';
import { geometryFromDescription } from '../generic-detector.ts';
import { buildIntegrationTable } from './integration-table.ts';
import { sigmaClip } from './robust.ts';

/** All pixels in one bin, all with weight 1. */
function oneBin(side: number) {
  const geometry = geometryFromDescription({
    pixelSize: 1e-4,
    slowPixels: side,
    fastPixels: side,
    corners: [[0, 0, 0]],
    ss: [0, 1, 0],
    fs: [1, 0, 0],
  });
  return buildIntegrationTable(geometry, { distance: 1 }, { points: 1, unit: 'r_mm', hasSolidAngle: false });
}

describe('sigma clip', () => {
  // Half of the pixels one below the mean, half one above: the deviation is 1.
  const pixels = 50 * 50;
  const even = () => Float32Array.from({ length: pixels }, (_, i) => 100 + (i % 2 === 0 ? 1 : -1));
  const table = oneBin(50);

  it('takes the pixels beyond the threshold away', () => {
    const values = even();
    values[10] = 107;
    values[11] = 94;
    values[12] = 104.5;
    const { count, intensity } = sigmaClip(values, table, { threshold: 5 });
    expect(count[0]).toBe(pixels - 2);
    expect(intensity[0]).toBeCloseTo(100 + 3.5 / pixels, 3);
  });

  it.each([0, 1, 2, 3])(
    'with a threshold of %s keeps what may well be among so many pixels (Chauvenet, as pyFAI)',
    (threshold) => {
      // Of 2500 pixels about half a one is expected beyond 3.72 deviations.
      const limit = Math.sqrt(2 * Math.log(pixels / Math.sqrt(2 * Math.PI)));
      expect(limit).toBeCloseTo(3.716, 3);
      const values = even();
      values[10] = 100 + 0.97 * limit;
      values[11] = 100 - 1.05 * limit;
      expect(sigmaClip(values, table, { threshold }).count[0]).toBe(pixels - 1);
    },
  );

  it('with few pixels is as strict as asked', () => {
    const few = Float32Array.from({ length: 9 }, (_, i) => (i === 4 ? 130 : 100 + (i % 2)));
    expect(sigmaClip(few, oneBin(3), { threshold: 2 }).count[0]).toBe(8);
    expect(sigmaClip(few, oneBin(3), { threshold: 3 }).count[0]).toBe(9);
  });

  it('needs a threshold that can be', () => {
    for (const threshold of [-1, Number.NaN])
      expect(() => sigmaClip(even(), table, { threshold })).toThrow('give 0 or more');
  });
});
