import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../detector/agipd.ts';
import { exampleGeometry, geometryFromQuadPositions, type Point } from '../detector/geometry.ts';
import { integrateFrame, patternOf } from '../detector/integration/integrate.ts';
import { buildIntegrationTable } from '../detector/integration/integration-table.ts';
import { snapGeometry } from '../detector/snapped-geometry.ts';
import { referenceKernels } from '../kernels/reference.ts';
import { createLiveDetector } from './live-detector.ts';

const geometry = exampleGeometry(AGIPD_1M);
const snapped = snapGeometry(geometry);
const detector = createLiveDetector(geometry);
const modulePixels = 512 * 128;
const frame = Float32Array.from({ length: 16 * modulePixels }, (_, i) =>
  i % 1009 === 3 ? Number.NaN : 1 + ((i * 7919) % 1000),
);
const limits = { distance: 0.2, photonEnergyKeV: 9.3, points: 300, qMin: 0.1, qMax: 3 };

/** Sums of all modules, as the pipeline adds them. */
function sumModules(tables: ReturnType<typeof detector.integration>['tables']): Float64Array {
  const all = new Float64Array(900);
  for (const [module, table] of tables.entries()) {
    const sums = new Float64Array(900);
    referenceKernels.tableSums(frame.subarray(module * modulePixels, (module + 1) * modulePixels), table, sums);
    for (let i = 0; i < all.length; i++) all[i] += sums[i];
  }
  return all;
}

describe('I(q) of a live detector', () => {
  it.each(['no', 'bbox', 'full'] as const)('with the beam anywhere, modules together are the stack; %s', (method) => {
    const [centreY, centreX] = snapped.centre;
    const { tables, q } = detector.integration({ ...limits, centreX: centreX + 3.5, centreY: centreY - 7, method });
    // The beam moved in the picture is the detector moved the other way.
    const moved = geometryFromQuadPositions(
      AGIPD_1M,
      AGIPD_1M.examplePositions.map(([x, y]): Point => [x - 3.5, y + 7]),
    );
    const options = { points: 300, radialRange: [0.1, 3], method } as const;
    const table = buildIntegrationTable(moved, { distance: 0.2, photonEnergyKeV: 9.3 }, options);
    const expected = integrateFrame(frame, table);
    const got = patternOf(sumModules(tables), table);
    expect(tables.map(({ weights }) => weights.length)).toEqual(new Array(16).fill(modulePixels));
    expect(q).toEqual(Float32Array.from(table.radial));
    let difference = 0;
    for (let bin = 0; bin < 300; bin++) {
      difference += Math.abs(got.count[bin] - expected.count[bin]);
      expect(Math.abs(got.intensity[bin] / expected.intensity[bin] - 1)).toBeLessThan(method === 'no' ? 5e-3 : 1e-5);
    }
    // Pixels on a limit between bins may be on either side of it.
    expect(difference).toBeLessThan(10);
  });

  it('tables are kept: the same settings again take no time to speak of', () => {
    const settings = { ...limits, centreX: 500, centreY: 600 };
    const first = detector.integration(settings);
    const again = detector.integration({ ...settings });
    // views of the same weights
    expect(again.tables[3].weights.buffer).toBe(first.tables[3].weights.buffer);
    expect(detector.integration({ ...settings, distance: 0.3 }).tables[3].weights.buffer).not.toBe(
      first.tables[3].weights.buffer,
    );
  });
});
