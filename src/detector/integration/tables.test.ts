import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { golden, readCase } from '../../../test/golden/geometry/golden.ts';
import { KernelArena } from '../../kernels/arena.ts';
import { createWasmKernels } from '../../kernels/wasm.ts';
import { AGIPD_1M } from '../agipd.ts';
import { DSSC_1M } from '../dssc.ts';
import { geometryFromDescription } from '../generic-detector.ts';
import { exampleGeometry } from '../geometry.ts';
import { combinePatterns } from './combine.ts';
import { arenaBytesOf, FrameIntegrator } from './frame-integrator.ts';
import { integrateFrame } from './integrate.ts';
import { buildIntegrationTable, type IntegrationOptions } from './integration-table.ts';
import { pictureGeometry } from './picture-geometry.ts';
import { pixelCentres } from './pixel-map.ts';
import { pixelWeights } from './pixel-weights.ts';
import { RADIAL_UNITS, type RadialUnit } from './radial-unit.ts';
import { medianFilter, separateBragg } from './robust.ts';
import { buildSectors, integrateSectors, profileOverAzimuth } from './sectors.ts';
import { SPLIT_METHODS, type SplitMethod } from './split-method.ts';
import { TableCache } from './table-cache.ts';

interface PixelMaps {
  readonly geometry: { readonly dist: number; readonly poni1: number; readonly poni2: number } & Record<
    'rot1' | 'rot2' | 'rot3' | 'wavelength',
    number
  >;
  readonly pixel1: number;
  readonly pixel2: number;
  readonly shape: [number, number];
  readonly rows: readonly (readonly number[])[];
}

/** 60 x 50 pixels of 0.2 mm, with the beam inside. */
const small = geometryFromDescription({
  pixelSize: 2e-4,
  slowPixels: 60,
  fastPixels: 50,
  corners: [[-5.07e-3, -4.93e-3, 0]],
  ss: [0, 1, 0],
  fs: [1, 0, 0],
});
const setUp = { distance: 0.1, photonEnergyKeV: 10 };

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

describe('pixel maps of a tilted detector, as pyFAI 0.21', () => {
  const maps = readCase<PixelMaps>(golden, 'azimuthal/tilted_pixel_maps.json');
  const { dist, poni1, poni2, rot1, rot2, rot3, wavelength } = maps.geometry;
  const geometry = pictureGeometry(maps.shape, [maps.pixel1, maps.pixel2]);
  const experiment = {
    distance: dist,
    poni1,
    poni2,
    rot1,
    rot2,
    rot3,
    photonEnergyKeV: 12.398419843320026e-10 / wavelength,
  };
  const columns = maps.shape[1];
  const options = (unit: RadialUnit) => ({ unit, hasAzimuth: true, hasSeams: false });
  const map = (unit: RadialUnit) => pixelCentres(geometry, experiment, options(unit));

  it('q, scattering angle, azimuth and radius', () => {
    const [q, angle, radius] = (['q_nm^-1', '2th_rad', 'r_mm'] as const).map(map);
    for (const [row, column, qValue, twoTheta, chi, , ,] of maps.rows) {
      const i = row * columns + column;
      expect(Math.abs(q.radial[i] / qValue - 1)).toBeLessThan(1e-9);
      expect(angle.radial[i]).toBeCloseTo(twoTheta, 10);
      expect(q.azimuth?.[i]).toBeCloseTo(chi, 6);
    }
    for (const [row, column, , , , r] of maps.rows)
      expect(radius.radial[row * columns + column]).toBeCloseTo(1e3 * r, 8);
  });

  it('solid angle and polarisation', () => {
    const solid = pixelWeights(geometry, experiment, {});
    const polarized = pixelWeights(geometry, experiment, { hasSolidAngle: false, polarization: { factor: 0.95 } });
    for (const row of maps.rows) {
      const i = row[0] * columns + row[1];
      expect(solid[i]).toBeCloseTo(row[6], 6);
      expect(polarized[i]).toBeCloseTo(row[7], 6);
    }
  });

  it('every unit grows with the angle', () => {
    const { radial: angle } = map('2th_rad');
    const order = [...angle.keys()].sort((a, b) => angle[a] - angle[b]).filter((_, i) => i % 500 === 0);
    for (const unit of Object.keys(RADIAL_UNITS) as RadialUnit[]) {
      if (unit.startsWith('r_')) continue;
      const { radial } = map(unit);
      for (let i = 1; i < order.length; i++) expect(radial[order[i]], unit).toBeGreaterThan(radial[order[i - 1]]);
    }
  });
});

describe('tables', () => {
  const build = (method: SplitMethod, options: Partial<IntegrationOptions> = {}) =>
    buildIntegrationTable(small, setUp, { points: 40, method, hasSolidAngle: false, ...options });

  it.each(SPLIT_METHODS)(
    '%s: every pixel counts once, in one dimension and in two, also the one that the beam hits',
    (method) => {
      for (const azimuthPoints of [undefined, 1, 7, 36])
        expect(
          sumOf(integrateFrame(new Float32Array(3000).fill(1), build(method, { azimuthPoints })).count),
        ).toBeCloseTo(3000, 1);
    },
  );

  it.each(SPLIT_METHODS)('%s: sectors all round, across the cut too, make the whole', (method) => {
    const frame = Float32Array.from({ length: 3000 }, (_, i) => i % 17);
    const whole = integrateFrame(frame, build(method));
    const sectors = buildSectors(
      small,
      setUp,
      [
        [-200, -100],
        [-100, 45],
        [45, 160],
      ],
      { points: 40, method, hasSolidAngle: false },
    );
    const all = combinePatterns(integrateSectors(frame, sectors));
    // Boxes are shared by their height, not by what of it is in a radial bin: their azimuth changes no sum.
    for (let bin = 0; bin < 40; bin++) {
      expect(Math.abs(all.count[bin] - whole.count[bin]), `bin ${bin}`).toBeLessThan(method === 'pseudo' ? 8 : 1e-2);
      if (method !== 'pseudo') expect(Math.abs(all.signal[bin] - whole.signal[bin])).toBeLessThan(0.3);
    }
    expect(sumOf(all.count)).toBeCloseTo(3000, 1);
  });

  it.each(SPLIT_METHODS)('%s: a larger mask never adds counts', (method) => {
    const range = [0.05, 0.5] as const;
    const frame = new Float32Array(3000).fill(2);
    const all = integrateFrame(frame, build(method, { radialRange: range })).count;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 3000, maxLength: 3000, max: 3 }), (mask) => {
        const { count } = integrateFrame(frame, build(method, { radialRange: range, mask }));
        for (const [bin, value] of count.entries()) expect(value).toBeLessThanOrEqual(all[bin] + 1e-6);
      }),
      { numRuns: 10 },
    );
  });

  it('the outline of pixels is nearer to the truth than their box', () => {
    // A ring that is thin against a pixel: only splitting by the outline keeps its area.
    const table = (method: SplitMethod) => build(method, { points: 400, radialRange: [0.05, 0.23], unit: 'q_A^-1' });
    const [box, full] = (['bbox', 'full'] as const).map(
      (m) => integrateFrame(new Float32Array(3000).fill(1), table(m)).count,
    );
    const { radial } = table('full');
    const pixelQ = (4 * Math.PI * setUp.photonEnergyKeV * 0.5 * 2e-4) / (12.398419843320026 * setUp.distance);
    const errors = [box, full].map((count) => {
      let sum = 0;
      for (let bin = 50; bin < 350; bin++)
        sum += (count[bin] / ((2 * Math.PI * radial[bin] * (0.18 / 400)) / pixelQ ** 2) - 1) ** 2;
      return Math.sqrt(sum / 300);
    });
    expect(errors[1]).toBeLessThan(0.03);
    expect(errors[1]).toBeLessThan(errors[0]);
  });

  it('hexagons of DSSC fill the plane, wide pixels of AGIPD fill the joints', () => {
    const count = (geometry: typeof small, options: Partial<IntegrationOptions>) => {
      const wide = { points: 300, method: 'full', hasSolidAngle: false, ...options } as const;
      const table = buildIntegrationTable(geometry, setUp, wide);
      return integrateFrame(new Float32Array(table.weights.length).fill(1), table);
    };
    const hexagons = count(exampleGeometry(DSSC_1M), {});
    expect(sumOf(hexagons.count)).toBeCloseTo(16 * 128 * 512, -1);
    const plain = sumOf(count(exampleGeometry(AGIPD_1M), {}).normalization);
    const wide = sumOf(count(exampleGeometry(AGIPD_1M), { hasSeams: true }).normalization);
    // 14 rows of 128 pixels of double size in each of 16 modules
    expect(wide - plain).toBeCloseTo(16 * 14 * 128, -1);
  });

  it('impossible settings are refused with their reason', () => {
    expect(() => build('no', { points: 0 })).toThrow(/points/);
    expect(() => build('no', { radialRange: [2, 1] })).toThrow(/radial range/);
    expect(() => build('full', { azimuthRange: [0, 400] })).toThrow(/once round/);
    expect(() => build('bbox', { mask: new Uint8Array(3) })).toThrow(/mask has 3 pixels/);
    expect(() => build('bbox', { mask: new Uint8Array(3000).fill(1) })).toThrow(/no pixel is left/);
    expect(() => build('no', { normalization: 0 })).toThrow(/normalization/);
    expect(() => build('no', { polarization: { factor: 2 } })).toThrow(/polarization/);
    expect(() => build('half' as SplitMethod)).toThrow(/no splitting/);
    expect(() => build('no', { unit: 'furlong' as RadialUnit })).toThrow(/radial unit/);
    expect(() => buildIntegrationTable(small, { distance: 0.1 }, { points: 5 })).toThrow(/photon energy/);
    expect(() => buildIntegrationTable(small, { distance: 0 }, { points: 5 })).toThrow(/distance/);
    expect(() => integrateFrame(new Float32Array(4), build('no'))).toThrow(/frame has 4 pixels/);
  });

  it('are kept by their settings and the content of their masks', () => {
    const cache = new TableCache(2);
    const mask = new Uint8Array(3000);
    const first = cache.get(small, setUp, { points: 10, mask });
    expect(cache.get(small, { ...setUp }, { mask: mask.slice(), points: 10 })).toBe(first);
    mask[17] = 1;
    expect(cache.get(small, setUp, { points: 10, mask })).not.toBe(first);
    expect(cache.get(small, setUp, { points: 11 })).not.toBe(first);
    expect(cache.get(small, setUp, { points: 10, mask: new Uint8Array(3000) })).not.toBe(first);
  });
});

describe('frames', () => {
  it.each(SPLIT_METHODS)(
    '%s: the fast kernels agree with the plain ones, NaN, flat and dark included',
    async (method) => {
      const flat = Float32Array.from({ length: 3000 }, (_, i) => (i % 50 === 0 ? 0 : 0.5 + (i % 7) / 10));
      const dark = Float32Array.from({ length: 3000 }, (_, i) => (i % 90 === 0 ? Number.NaN : i % 5));
      const table = buildIntegrationTable(small, setUp, { points: 30, azimuthPoints: 5, method, flat, dark });
      const arena = KernelArena.create(arenaBytesOf(table) + 65_536);
      const wasm = new WebAssembly.Module(readFileSync(new URL('../../../build/kernels.wasm', import.meta.url)));
      const kernels = await createWasmKernels(wasm, arena, arena.allocate('float64', [2]).data);
      const integrator = new FrameIntegrator(table, kernels, arena);
      const frames = Float32Array.from({ length: 6000 }, (_, i) => (i % 11 === 0 ? Number.NaN : (i * 7919) % 1000));
      const fast = integrator.integrate(frames.subarray(0, 3000));
      const plain = integrateFrame(frames.subarray(0, 3000), table);
      for (const name of ['intensity', 'signal', 'normalization', 'count'] as const)
        for (const [bin, value] of plain[name].entries())
          if (!Number.isNaN(value))
            expect(Math.abs(fast[name][bin] - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
      const both = integrator.integrateFrames(frames);
      const second = integrateFrame(frames.subarray(3000), table);
      const mean = combinePatterns([plain, second]);
      for (const [bin, value] of mean.intensity.entries())
        if (!Number.isNaN(value)) expect(both.mean.intensity[bin]).toBeCloseTo(value, 2);
      expect(both.intensity).toHaveLength(2 * 150);
      expect(() => integrator.integrate(frames)).toThrow(/whole frames/);
    },
  );

  it('a bin whose pixels are all missing is empty', () => {
    const table = buildIntegrationTable(small, setUp, { points: 30, method: 'full' });
    const { count, intensity } = integrateFrame(new Float32Array(3000).fill(Number.NaN), table);
    expect(sumOf(count)).toBe(0);
    expect(intensity.every(Number.isNaN)).toBe(true);
    expect(
      integrateFrame(new Float32Array(3000).fill(Number.NaN), table, { empty: 0 }).intensity.every((i) => i === 0),
    ).toBe(true);
  });

  it('the median and what stands out of it add up to the frame', () => {
    const table = buildIntegrationTable(small, setUp, { points: 30 });
    const frame = Float32Array.from(table.weights, (weight, i) => 10 * weight + (i % 101 === 0 ? 1000 : 0));
    const smooth = medianFilter(frame, table);
    for (const value of smooth.intensity) expect(value).toBeCloseTo(10, 4);
    const { bragg, amorphous } = separateBragg(frame, table, smooth);
    for (const i of frame.keys()) {
      expect(bragg[i] + amorphous[i]).toBeCloseTo(frame[i], 3);
      expect(bragg[i]).toBeCloseTo(i % 101 === 0 ? 1000 : 0, 2);
    }
    expect(() => medianFilter(frame, table, [60, 40])).toThrow(/percentiles/);
  });

  it('the profile over the azimuth follows a frame that depends on it', () => {
    const table = buildIntegrationTable(small, setUp, {
      points: 20,
      azimuthPoints: 12,
      hasSolidAngle: false,
      azimuthRange: [-180, 180],
    });
    const { azimuth } = pixelCentres(small, setUp, { unit: 'q_A^-1', hasAzimuth: true, hasSeams: false });
    const frame = Float32Array.from(azimuth as Float64Array, (angle) => 5 + Math.cos(angle));
    const profile = profileOverAzimuth(integrateFrame(frame, table), [0.1, 0.4]);
    for (const [row, angle] of profile.azimuth.entries())
      expect(profile.intensity[row]).toBeCloseTo(5 + Math.cos((angle * Math.PI) / 180), 1);
    expect(() => profileOverAzimuth(integrateFrame(frame, buildIntegrationTable(small, setUp, { points: 5 })))).toThrow(
      /two axes/,
    );
  });

  it('patterns on other bins are not combined', () => {
    const frame = new Float32Array(3000).fill(1);
    const patterns = [20, 21].map((points) => integrateFrame(frame, buildIntegrationTable(small, setUp, { points })));
    expect(() => combinePatterns(patterns)).toThrow(/other bins/);
  });
});
