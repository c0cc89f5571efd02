import { describe, expect, it } from 'vitest';
import { cakeText } from './cake-file.ts';
import { angleTicks, axisTicks } from './cake-picture.ts';

describe('axes of a cake', () => {
  it('have few round ticks', () => {
    expect(axisTicks(0.3, 3.4, 4)).toEqual([1, 2, 3]);
    expect(axisTicks(1.2, 2.0, 4).map((v) => Number(v.toFixed(6)))).toEqual([1.2, 1.4, 1.6, 1.8, 2]);
    expect(axisTicks(1, 1, 4)).toEqual([]);
    expect(angleTicks(-180, 180)).toEqual([-180, -90, 0, 90, 180]);
    expect(angleTicks(-45, 90)).toEqual([0, 90]);
  });
});

describe('cakeText', () => {
  it('has both axes and a line for each azimuth', () => {
    const text = cakeText(
      {
        unit: 'q_A^-1',
        x: Float64Array.of(1, 2),
        azimuth: Float64Array.of(-90, 90),
        intensity: Float32Array.of(1, 2, 3, Number.NaN),
      },
      ['run 4'],
    );
    expect(text).toBe('# run 4\n# q / Å⁻¹: 1 2\n# azimuth / degrees: -90 90\n# a line for each azimuth\n1 2\n3 NaN\n');
  });
});
