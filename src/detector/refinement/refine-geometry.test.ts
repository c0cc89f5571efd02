import { beforeAll, describe, expect, it } from 'vitest';
import { type NdArray, ndarray } from '../../core/ndarray.ts';
import { AGIPD_1M } from '../agipd.ts';
import { exampleGeometry, type Geometry, pixelPositions } from '../geometry.ts';
import { offsetGeometry, rotateGeometry } from '../move-geometry.ts';
import { calibrantByName, calibrantRings } from '../powder/calibrant.ts';
import { refineGeometry } from './refine-geometry.ts';
import { findRingPoints } from './ring-points.ts';

const EXPERIMENT = { distance: 0.16, photonEnergyKeV: 9.3 };
const RINGS = calibrantRings(calibrantByName('LaB6'), EXPERIMENT.photonEnergyKeV, { maxTwoTheta: 0.75 });
const PIXEL = AGIPD_1M.pixelSize;

/** A detector full of rings, as it would see them at `truth`; counts with Poisson-like noise. */
function powderPicture(truth: Geometry, peak: number, noise = true): NdArray<'float32'> {
  const positions = pixelPositions(truth).data;
  const values = new Float32Array(positions.length / 3);
  let seed = 12345;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  for (let i = 0; i < values.length; i++) {
    const twoTheta = Math.atan2(
      Math.hypot(positions[3 * i], positions[3 * i + 1]),
      EXPERIMENT.distance + positions[3 * i + 2],
    );
    let value = 0.3 * peak * Math.exp(-twoTheta / 0.3);
    for (const ring of RINGS) value += peak * Math.exp(-0.5 * ((twoTheta - ring.twoTheta) / 1.5e-3) ** 2);
    if (noise)
      value += Math.sqrt(value + 0.01) * Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
    values[i] = value;
  }
  return ndarray('float32', [16, 512, 128], values);
}

const truth = exampleGeometry(AGIPD_1M);
let picture: NdArray<'float32'>;
beforeAll(() => {
  picture = powderPicture(truth, 60);
});

describe('findRingPoints', () => {
  it('finds every ring where it is, to a tenth of a pixel', () => {
    const points = findRingPoints(picture, truth, EXPERIMENT, RINGS);
    expect(points.length).toBeGreaterThan(300);
    expect(new Set(points.map(({ ring }) => ring)).size).toBeGreaterThanOrEqual(5);
    const mean = points.reduce((sum, { offsetPx }) => sum + offsetPx, 0) / points.length;
    const rms = Math.sqrt(points.reduce((sum, { offsetPx }) => sum + offsetPx ** 2, 0) / points.length);
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(rms).toBeLessThan(0.25);
    for (const { module, tile, ss, fs } of points) {
      expect(module).toBeLessThan(16);
      expect(tile).toBeLessThan(8);
      // A point may lie just beside the last pixel's middle, not off its tile.
      expect(Math.min(ss, fs, 64 - ss, 128 - fs)).toBeGreaterThan(-1);
    }
  });

  it('leaves masked pixels out, and finds nothing in noise', () => {
    const mask = new Uint8Array(picture.data.length).fill(1, 0, 512 * 128);
    expect(findRingPoints(picture, truth, EXPERIMENT, RINGS, { mask }).some(({ module }) => module === 0)).toBe(false);
    const flat = ndarray(
      'float32',
      [16, 512, 128],
      new Float32Array(picture.data.length).map((_, i) => 5 + ((i * 7919) % 13) / 13),
    );
    expect(findRingPoints(flat, truth, EXPERIMENT, RINGS).length).toBeLessThan(10);
    expect(() => findRingPoints(ndarray('float32', [1, 2], new Float32Array(2)), truth, EXPERIMENT, RINGS)).toThrow(
      /looked for in one picture of AGIPD1M/,
    );
  });
});

describe('refineGeometry', () => {
  it('finds displaced quadrants again to a tenth of a pixel', async () => {
    const wrong = offsetGeometry(
      offsetGeometry(truth, [6.4 * PIXEL, -5.2 * PIXEL, 0], { modules: [8, 12] }),
      [-0.9 * PIXEL, 0.6 * PIXEL, 0],
      { modules: [4, 8] },
    );
    const refined = await refineGeometry(picture, wrong, EXPERIMENT, RINGS);
    expect(refined.isConverged).toBe(true);
    expect(refined.parts.map(({ label }) => label)).toEqual(['Q1', 'Q2', 'Q3', 'Q4']);
    expect(Math.abs(refined.parts[2].shiftPx[0] + 6.4)).toBeLessThan(0.1);
    expect(Math.abs(refined.parts[2].shiftPx[1] - 5.2)).toBeLessThan(0.1);
    expect(Math.abs(refined.parts[1].shiftPx[0] - 0.9)).toBeLessThan(0.1);
    expect(Math.abs(refined.parts[1].shiftPx[1] + 0.6)).toBeLessThan(0.1);
    expect(Math.hypot(...refined.parts[0].shiftPx)).toBeLessThan(0.1);
    expect(refined.parts[2].beforePx).toBeGreaterThan(4);
    expect(refined.parts[2].afterPx).toBeLessThan(0.25);
    expect(refined.afterPx).toBeLessThan(refined.beforePx / 5);
    expect(refined.parts[2].shiftUncertaintyPx[0]).toBeGreaterThan(0);
    expect(refined.parts[2].shiftUncertaintyPx[0]).toBeLessThan(0.05);
    for (let i = 0; i < truth.tiles.length; i++)
      expect(Math.abs(refined.geometry.tiles[i] - truth.tiles[i])).toBeLessThan(0.15 * PIXEL);
  });

  it('finds displaced modules, and keeps the fixed ones', async () => {
    const wrong = offsetGeometry(truth, [1.5 * PIXEL, 0.8 * PIXEL, 0], { modules: [7, 8] });
    const refined = await refineGeometry(picture, wrong, EXPERIMENT, RINGS, { level: 'module', fixed: [0] });
    expect(refined.parts[0]).toMatchObject({ label: 'M0', isFixed: true, shiftPx: [0, 0] });
    // Across the rings the shift is found; along them a module far out hardly shows it.
    expect(refined.parts[7].afterPx).toBeLessThan(refined.parts[7].beforePx / 2);
    expect(refined.parts[7].afterPx).toBeLessThan(0.3);
  });

  it('finds the distance with the quadrants', async () => {
    const refined = await refineGeometry(
      picture,
      offsetGeometry(truth, [2 * PIXEL, 0, 0], { modules: [0, 4] }),
      { ...EXPERIMENT, distance: 0.1603 },
      RINGS,
      { experiment: ['distance'] },
    );
    expect(refined.experiment.distance).toBeCloseTo(0.16, 4);
    expect(refined.parts[0].shiftPx[0]).toBeCloseTo(-2, 0);
    expect(refined.experimentUncertainties.distance).toBeLessThan(1e-4);
  });

  it('turns a part only as far as it may be off', async () => {
    const wrong = rotateGeometry(truth, [0, 0, 0.004], { modules: [0, 4] });
    const refined = await refineGeometry(picture, wrong, EXPERIMENT, RINGS, { priorAngleDeg: 0.3 });
    expect(refined.parts[0].afterPx).toBeLessThan(0.3);
    expect(Math.abs(refined.parts[0].angleDeg)).toBeLessThan(0.6);
  });

  it('says why it cannot', async () => {
    const noise = ndarray('float32', [16, 512, 128], new Float32Array(picture.data.length).fill(3));
    await expect(refineGeometry(noise, truth, EXPERIMENT, RINGS)).rejects.toThrow(/Only 0 points were found on/);
    // Rings do not see a turn about the beam.
    await expect(refineGeometry(picture, truth, EXPERIMENT, RINGS, { experiment: ['rot3'] })).rejects.toThrow(/rot3/);
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(refineGeometry(picture, truth, EXPERIMENT, RINGS, { signal: stop.signal })).rejects.toThrow('enough');
  });
});
