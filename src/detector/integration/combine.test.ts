import { describe, expect, it } from 'vitest';
import { EPIX_10K } from '../epix.ts';
import { exampleGeometry } from '../geometry.ts';
import { combinePatterns, pixelSolidAngle } from './combine.ts';
import { integrateFrame } from './integrate.ts';
import { buildIntegrationTable } from './integration-table.ts';
import { pixelWeights } from './pixel-weights.ts';

describe('patterns of several distances', () => {
  const geometry = exampleGeometry(EPIX_10K);
  // The same source, even in all directions: 64e6 photons per sr.
  const source = 64e6;
  const exposures = [
    { distance: 0.08, poni1: 0.001, poni2: -0.002, rot1: 0.05, photonEnergyKeV: 9.3 },
    { distance: 0.16, poni1: 0.011, poni2: -0.002, rot1: -0.1, photonEnergyKeV: 9.3 },
  ];
  const patterns = (normalizationOf: (experiment: (typeof exposures)[number]) => number) =>
    exposures.map((experiment) => {
      const angle = pixelSolidAngle(geometry, experiment);
      const frame = pixelWeights(geometry, experiment, {}).map((weight) => weight * angle * source);
      const table = buildIntegrationTable(geometry, experiment, {
        points: 60,
        unit: 'q_nm^-1',
        radialRange: [2, 15],
        normalization: normalizationOf(experiment),
      });
      return integrateFrame(frame, table);
    });

  it('are combined per sr', () => {
    expect(pixelSolidAngle(geometry, exposures[0])).toBeCloseTo(1e-8 / 0.08 ** 2, 15);
    const combined = combinePatterns(patterns((experiment) => pixelSolidAngle(geometry, experiment)));
    const filled = combined.intensity.filter((_, bin) => combined.count[bin] > 0);
    expect(filled.length).toBeGreaterThan(40);
    for (const value of filled) expect(value / source).toBeCloseTo(1, 5);
  });

  it('have steps where one ends without it', () => {
    const { intensity, count } = combinePatterns(patterns(() => 1));
    const filled = intensity.filter((_, bin) => count[bin] > 0);
    expect(Math.max(...filled) / Math.min(...filled)).toBeGreaterThan(1.5);
  });
});
