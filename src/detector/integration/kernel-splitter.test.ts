import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TableRoom } from '../../kernels/table-kernels.ts';
import { AGIPD_1M } from '../agipd.ts';
import { DSSC_1M } from '../dssc.ts';
import { geometryFromDescription } from '../generic-detector.ts';
import { exampleGeometry, type Geometry } from '../geometry.ts';
import { jungfrau } from '../jungfrau.ts';
import { LPD_1M } from '../lpd.ts';
import type { Experiment } from './experiment.ts';
import {
  buildIntegrationTable,
  buildPlainTable,
  type IntegrationOptions,
  type IntegrationTable,
} from './integration-table.ts';
import { pixelSlabs } from './pixel-slabs.ts';
import { RADIAL_UNITS, type RadialUnit } from './radial-unit.ts';
import { SPLIT_METHODS } from './split-method.ts';

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array | Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** What of the tables differs: none of it may, to the last bit. */
function differences(got: IntegrationTable, expected: IntegrationTable): string[] {
  const found: string[] = [];
  if (JSON.stringify(got.grid) !== JSON.stringify(expected.grid)) found.push('grid');
  for (const name of ['starts', 'pixels', 'shares', 'totals', 'weights', 'radial', 'azimuth'] as const) {
    const [a, b] = [got[name], expected[name]];
    if (a === null || b === null) {
      if (a !== b) found.push(name);
      continue;
    }
    if (a.length === b.length && bytesOf(a).equals(bytesOf(b))) continue;
    let at = 0;
    while (at < b.length && Object.is(a[at], b[at])) at++;
    if (a.length !== b.length || at < b.length) found.push(`${name}[${at}]: ${a[at]}, ${b[at]} expected`);
  }
  return found;
}

/** 40 x 37 pixels of 0.2 mm round a place, turned and tilted. */
const smallGeometry = (x: number, y: number, turn: number, tilt: number): Geometry => {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return geometryFromDescription({
    pixelSize: 2e-4,
    slowPixels: 40,
    fastPixels: 37,
    corners: [[x, y, 0]],
    ss: [-sin, cos, 0],
    fs: [cos * Math.cos(tilt), sin * Math.cos(tilt), Math.sin(tilt)],
  });
};

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const geometries = fc
  .tuple(between(-8e-3, 8e-3), between(-8e-3, 8e-3), between(-3.1, 3.1), between(-0.5, 0.5))
  .map((numbers) => smallGeometry(...numbers));
const experiments: fc.Arbitrary<Experiment> = fc.record({
  distance: between(0.01, 2),
  photonEnergyKeV: fc.constant(9.3),
  poni1: between(-2e-3, 2e-3),
  rot1: fc.constantFrom(0, 0.2),
  rot2: fc.constantFrom(0, -0.1),
});
const axes = fc.oneof(
  fc.constant({}),
  fc.integer({ min: 1, max: 90 }).map((azimuthPoints) => ({ azimuthPoints })),
  fc
    .tuple(between(-300, 300), between(1, 360))
    .map(([low, width]) => ({ azimuthRange: [low, low + width] as const, azimuthPoints: 7 })),
);
const optional = <T>(value: T) => fc.constantFrom(undefined, value);
const settings: fc.Arbitrary<Omit<IntegrationOptions, 'azimuthPoints' | 'azimuthRange'>> = fc.record({
  points: fc.integer({ min: 1, max: 300 }),
  method: fc.constantFrom(...SPLIT_METHODS),
  unit: fc.constantFrom(...(Object.keys(RADIAL_UNITS) as RadialUnit[])),
  hasSeams: fc.boolean(),
  hasSolidAngle: fc.boolean(),
  polarization: optional({ factor: 0.9, offsetDeg: 10 }),
  normalization: fc.constantFrom(1, 3),
  mask: optional(Uint8Array.from({ length: 1480 }, (_, i) => (i % 7 === 3 ? 1 : 0))),
  flat: optional(Float32Array.from({ length: 1480 }, (_, i) => (i % 31) / 10)),
  dark: optional(Float32Array.from({ length: 1480 }, (_, i) => (i % 53 === 0 ? Number.NaN : i % 5))),
});

describe('tables by the kernels', () => {
  it('there are kernels here', () => {
    expect(TableRoom.open()).not.toBeNull();
  });

  it('are those of plain TypeScript, to the last bit, wherever the beam is', () => {
    fc.assert(
      fc.property(geometries, experiments, axes, settings, (geometry, experiment, axis, options) => {
        const all = { ...options, ...axis };
        const got = buildIntegrationTable(geometry, experiment, all);
        expect(differences(got, buildPlainTable(geometry, experiment, all))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  }, 120_000);

  it('the beam on the corner of pixels, or in their middle, is no end of a logarithm', () => {
    for (const place of [0, -2e-4, -1e-4])
      for (const method of SPLIT_METHODS)
        for (const azimuthPoints of [undefined, 5]) {
          const geometry = smallGeometry(place, place, 0, 0);
          const experiment = { distance: 0.1, photonEnergyKeV: 9.3 };
          const options = { points: 20, azimuthPoints, method, unit: 'log(q.nm)_None' as const };
          const got = buildIntegrationTable(geometry, experiment, options);
          expect(differences(got, buildPlainTable(geometry, experiment, options)), method).toEqual([]);
          expect(Number.isFinite(got.radial[0]), method).toBe(true);
          // Those that are farther than the first bins are whole.
          const shares = got.totals.filter((_, i) => i % 3 === 2).reduce((sum, count) => sum + count, 0);
          expect(Math.abs(shares - 40 * 37), method).toBeLessThan(4);
        }
  });

  it.each([AGIPD_1M, DSSC_1M, LPD_1M, jungfrau(1)])(
    'also of $name',
    (detector) => {
      const geometry = exampleGeometry(detector);
      const experiment = { distance: 0.2, photonEnergyKeV: 9.3, poni1: 0.01, poni2: -0.004 };
      for (const method of SPLIT_METHODS)
        for (const azimuthPoints of [undefined, 90]) {
          const options = { points: 200, azimuthPoints, method, hasSeams: true };
          const got = buildIntegrationTable(geometry, experiment, options);
          expect(differences(got, buildPlainTable(geometry, experiment, options)), method).toEqual([]);
        }
    },
    120_000,
  );

  it('refuse what plain TypeScript refuses', () => {
    const geometry = smallGeometry(0, 0, 0, 0);
    const refusals: readonly [Experiment, IntegrationOptions][] = [
      [{ distance: 0.1 }, { points: 5 }],
      [{ distance: 0 }, { points: 5, unit: 'r_mm' }],
      [{ distance: 1 }, { points: 5, unit: 'r_mm', method: 'full', mask: new Uint8Array(1480).fill(1) }],
      [{ distance: 1 }, { points: 5, unit: 'r_mm', method: 'bbox', polarization: { factor: 3 } }],
      [{ distance: 1 }, { points: 5, unit: 'r_mm', normalization: -1 }],
    ];
    for (const [experiment, options] of refusals) {
      const reason = (build: typeof buildPlainTable) => {
        try {
          build(geometry, experiment, options);
        } catch (error) {
          return String(error);
        }
        return 'not refused';
      };
      expect(reason(buildIntegrationTable)).toBe(reason(buildPlainTable));
      expect(reason(buildPlainTable)).toMatch(/Azimuthal integration/);
    }
  });

  it('the beam in a pixel does not end the range of logarithms of q', () => {
    const geometry = smallGeometry(-3.03e-3, -3.01e-3, 0, 0);
    const table = buildIntegrationTable(
      geometry,
      { distance: 0.1, photonEnergyKeV: 9.3 },
      { points: 50, unit: 'log(q.nm)_None', method: 'full' },
    );
    expect(table.grid.radial.step).toBeLessThan(1);
    expect(table.pixels.length).toBeGreaterThan(1480);
  });

  describe('where there are none', () => {
    const geometry = smallGeometry(-3e-3, -3e-3, 0.3, 0);
    const experiment = { distance: 0.1, photonEnergyKeV: 9.3 };
    const options = { points: 40, azimuthPoints: 9, method: 'full' } as const;
    const plain = buildPlainTable(geometry, experiment, options);
    afterEach(() => {
      vi.restoreAllMocks();
    });

    it('no WebAssembly: plain TypeScript makes the table', () => {
      const open = vi.spyOn(TableRoom, 'open').mockReturnValue(null);
      expect(differences(buildIntegrationTable(geometry, experiment, options), plain)).toEqual([]);
      expect(open).toHaveBeenCalledOnce();
    });

    it('no room, at any time: plain TypeScript makes the table', () => {
      const { allocate } = TableRoom.prototype;
      const spy = vi.spyOn(TableRoom.prototype, 'allocate');
      buildIntegrationTable(geometry, experiment, options);
      const calls = spy.mock.calls.length;
      expect(calls).toBeGreaterThan(10);
      for (let last = 0; last < calls; last++) {
        let left = last;
        spy.mockImplementation(function (this: TableRoom, bytes: number) {
          if (left-- === 0) throw new RangeError('full');
          return allocate.call(this, bytes);
        });
        expect(differences(buildIntegrationTable(geometry, experiment, options), plain)).toEqual([]);
        expect(left).toBe(-1);
      }
    });

    it('more than 4 GiB are refused before they are asked for', () => {
      expect(() => TableRoom.open()?.allocate(2 ** 32)).toThrow(RangeError);
    });

    it('tiles that have no rows together', () => {
      const [a, b] = AGIPD_1M.tiles;
      const tiles = [a, { ...b, ssStart: 10, ssStop: 74, fsStart: 128, fsStop: 256 }];
      expect(pixelSlabs({ ...AGIPD_1M, tiles }, { perPixel: 1, perRow: 129, extra: 129 })).toBeNull();
    });
  });
});
