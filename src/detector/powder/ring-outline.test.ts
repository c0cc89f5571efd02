import { describe, expect, it } from 'vitest';
import { beamFrame } from '../integration/experiment.ts';
import { scatteringAngle } from '../refinement/scattering-angle.ts';
import { ringOutline } from './ring-outline.ts';

describe('rings on a detector', () => {
  it('are circles without a tilt', () => {
    for (const [x, y] of ringOutline(0.3, { distance: 0.2, poni1: 1e-3, poni2: -2e-3 }))
      expect(Math.hypot(x + 2e-3, y - 1e-3)).toBeCloseTo(0.2 * Math.tan(0.3), 12);
  });

  it('are where the scattering angle is that of the ring, also with tilts', () => {
    const experiment = { distance: 0.16, poni1: 2e-3, poni2: 1e-3, rot1: 0.2, rot2: -0.1, rot3: 0.4 };
    const frame = beamFrame(experiment);
    const points = ringOutline(0.4, experiment);
    expect(points).toHaveLength(180);
    for (const [x, y] of points) expect(scatteringAngle(frame, x, y, 0)).toBeCloseTo(0.4, 12);
  });

  it('have no points where rays miss the detector', () => {
    expect(ringOutline(2, { distance: 0.1 })).toEqual([]);
    expect(ringOutline(1.4, { distance: 0.1, rot1: 0.5 }).length).toBeLessThan(180);
  });
});
