import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { golden, readCase, sharedGolden } from '../../../test/golden/geometry/golden.ts';
import { type RingCase, ringPattern } from '../../../test/golden/geometry/ring-pattern.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import { AGIPD_1M } from '../agipd.ts';
import { exampleGeometry, type Geometry } from '../geometry.ts';
import { geometryFromCrystfel } from '../geometry-crystfel.ts';
import { jungfrau } from '../jungfrau.ts';
import { snapGeometry } from '../snapped-geometry.ts';
import { dropDummies, type ErrorModel, integrateFrame } from './integrate.ts';
import { buildIntegrationTable, type IntegrationOptions } from './integration-table.ts';
import { pictureGeometry } from './picture-geometry.ts';
import type { RadialUnit } from './radial-unit.ts';
import { sigmaClip } from './robust.ts';
import type { SplitMethod } from './split-method.ts';

interface Expected {
  readonly label: string;
  readonly unit?: RadialUnit;
  readonly args: {
    readonly method: readonly [SplitMethod, string, string];
    readonly unit?: RadialUnit;
    readonly radial_range?: [number, number];
    readonly azimuth_range?: [number, number];
    readonly polarization_factor?: number;
    readonly correctSolidAngle?: boolean;
    readonly normalization_factor?: number;
    readonly error_model?: ErrorModel;
    readonly mask?: string;
    readonly dark?: string;
    readonly flat?: string;
  };
  readonly radial: readonly number[];
  readonly azimuthal?: readonly number[];
  readonly intensity: readonly number[];
  readonly count: readonly number[];
  readonly sigma?: readonly number[];
}
interface StackCase extends RingCase {
  readonly data_samples_row_col_value: readonly [number, number, number][];
  readonly integrate1d: readonly Expected[];
  readonly integrate2d: readonly Expected[];
}
interface ImageCase extends RingCase {
  readonly image_shape: [number, number];
  readonly geometry: { readonly dist: number; readonly poni1: number; readonly poni2: number };
  readonly integrate1d: readonly Expected[];
  readonly integrate2d: readonly Expected[];
}
interface RobustCase {
  readonly dummy: { readonly intensity: readonly number[]; readonly count: readonly number[] };
  readonly sigma_clip: { readonly intensity: readonly number[]; readonly sigma: readonly number[] };
}

const reference = readCase<StackCase>(golden, 'azimuthal/agipd_stack.json');
const geometry = exampleGeometry(AGIPD_1M);
const experiment = { distance: reference.dist_m, photonEnergyKeV: reference.photon_energy_kev };
const data = ringPattern(geometry, reference);
const pixels = data.length;
const arrays = {
  mask: Uint8Array.from(data, (_, i) => (((i >> 7) * 7 + (i & 127) * 13) % 31 === 0 || i >> 7 < 512 / 4 ? 1 : 0)),
  dark: Float32Array.from(data, (_, i) => 5 + (((i >> 7) + (i & 127)) % 4)),
  flat: Float32Array.from(data, (_, i) => 0.8 + 0.05 * (((i >> 7) * 3 + (i & 127)) % 9)),
};

function optionsOf({ args, unit, radial, azimuthal, label }: Expected, mask: Uint8Array): IntegrationOptions {
  const step = radial[1] - radial[0];
  // The reference takes the range of all pixels for histograms, whatever the mask; ours is always that of those that are used.
  const isRangeOfAll = args.mask !== undefined && args.method[0] === 'no' && args.method[1] === 'histogram';
  const rangeOfAll = [radial[0] - step / 2, (radial[radial.length - 1] + step / 2) / (1 + 2 ** -23)] as const;
  return {
    points: radial.length,
    azimuthPoints: azimuthal?.length,
    method: args.method[0],
    unit: unit ?? args.unit ?? 'q_nm^-1',
    radialRange: args.radial_range ?? (isRangeOfAll ? rangeOfAll : undefined),
    azimuthRange: args.azimuth_range,
    mask: args.mask || label.startsWith('image') ? mask : undefined,
    dark: args.dark ? arrays.dark : undefined,
    flat: args.flat ? arrays.flat : undefined,
    normalization: args.normalization_factor,
    hasSolidAngle: args.correctSolidAngle,
    polarization: args.polarization_factor === undefined ? undefined : { factor: args.polarization_factor },
  };
}

/** The rules of the fixtures' README. */
function compare(got: ReturnType<typeof integrateFrame>, expected: Expected, pixels: number): void {
  const { args, radial, azimuthal, intensity, count, sigma } = expected;
  const isWhole = args.method[0] === 'no';
  // The reference has the corners in float32.
  for (const [i, centre] of radial.entries()) expect(Math.abs(got.radial[i] / centre - 1)).toBeLessThan(3e-6);
  for (const [i, angle] of (azimuthal ?? []).entries()) expect(got.azimuth?.[i]).toBeCloseTo(angle, 4);
  const isCut = args.radial_range !== undefined;
  let difference = 0;
  let compared = 0;
  for (let bin = 0; bin < intensity.length; bin++) {
    // The ends of a given range: the reference counts pixels in them that are outside of the range.
    if (isCut && bin % radial.length === 0) continue;
    difference += Math.abs(got.count[bin] - count[bin]);
    if (!(count[bin] > (isWhole ? 50 : 20))) continue;
    const isSameCount = isWhole && got.count[bin] === count[bin];
    const tolerance = isSameCount ? 8e-5 : 2e-3;
    expect(Math.abs(got.intensity[bin] - intensity[bin]), `bin ${bin}`).toBeLessThanOrEqual(tolerance * intensity[bin]);
    if (sigma) expect(Math.abs((got.sigma?.[bin] ?? 0) / sigma[bin] - 1), `sigma ${bin}`).toBeLessThan(2e-3);
    compared++;
  }
  expect(compared).toBeGreaterThan(100);
  // The reference gives a pixel across an end of the range to its side wholly; ours gives the part that is inside.
  const isShared = !isWhole && (isCut || args.azimuth_range !== undefined);
  expect(difference / pixels).toBeLessThan(isShared ? 2e-3 : 5e-5);
}

describe('integration of the module stack, as pyFAI 0.21', () => {
  it('starts from the reference data', () => {
    for (const [row, column, value] of reference.data_samples_row_col_value)
      expect(Math.abs(data[row * 128 + column] / value - 1)).toBeLessThan(1e-6);
  });

  it.each([...reference.integrate1d, ...reference.integrate2d].map((entry) => [entry.label, entry] as const))(
    '%s',
    (_label, expected) => {
      const table = buildIntegrationTable(geometry, experiment, optionsOf(expected, arrays.mask));
      compare(integrateFrame(data, table, { errorModel: expected.args.error_model }), expected, pixels);
    },
  );

  it('no pixel below a given range is in its first bin', () => {
    const range = reference.integrate1d.find(({ label }) => label === 'radial-range-nosplit') as Expected;
    const table = buildIntegrationTable(geometry, experiment, optionsOf(range, arrays.mask));
    expect(integrateFrame(data, table).count[0]).toBeLessThan(range.count[0] - 600);
  });
});

/** Compares what the reference has of the picture of a detector whose pixels are snapped. */
function comparePictures(image: ImageCase, detector: Geometry, stack: Float32Array): void {
  const picture = new Float32Array(image.image_shape[0] * image.image_shape[1]).fill(Number.NaN);
  referenceKernels.assemble(stack, snapGeometry(detector).tileTable, picture);
  const mask = Uint8Array.from(picture, (value) => (Number.isNaN(value) ? 1 : 0));
  const flat = pictureGeometry(image.image_shape, [detector.detector.pixelSize, detector.detector.pixelSize]);
  const { dist, poni1, poni2 } = image.geometry;
  const setUp = { distance: dist, poni1, poni2, photonEnergyKeV: image.photon_energy_kev };

  it.each([...image.integrate1d, ...image.integrate2d].map((entry) => [entry.label, entry] as const))(
    '%s',
    (_label, expected) => {
      const options = optionsOf(expected, mask);
      // The range of the 2-D reference is that of the whole picture; gaps are a mask to us in the first place.
      const filled = expected.azimuthal ? { ...options, mask: undefined } : options;
      const values = picture.map((value) => (Number.isNaN(value) && expected.azimuthal ? 0 : value));
      compare(integrateFrame(values, buildIntegrationTable(flat, setUp, filled)), expected, stack.length);
    },
  );
}

describe('integration of the assembled picture, as pyFAI 0.21', () => {
  comparePictures(readCase<ImageCase>(golden, 'azimuthal/agipd_image.json'), geometry, data);
});

const jungfrauGeom = `${sharedGolden}files/jf4m_vds.geom`;
const hasJungfrau = existsSync(jungfrauGeom);

describe.skipIf(!hasJungfrau)(
  'integration of the picture of a JUNGFRAU 4M, as pyFAI 0.21 (needs jf4m_vds.geom)',
  () => {
    if (!hasJungfrau) return;
    const image = readCase<ImageCase>(sharedGolden, 'azimuthal/jf4m_image.json');
    const jungfrau4M = geometryFromCrystfel(readFileSync(jungfrauGeom, 'utf8'), jungfrau(8));
    comparePictures(image, jungfrau4M, ringPattern(jungfrau4M, image));
  },
);

describe('robust integration, as pyFAI 0.21', () => {
  const robust = readCase<RobustCase>(golden, 'azimuthal/agipd_stack_robust.json');
  const table = buildIntegrationTable(geometry, experiment, { points: 256, unit: 'q_nm^-1' });

  it('dummies are left out', () => {
    const values = data.map((value, i) => (((i >> 7) * 5 + (i & 127) * 3) % 101 === 0 ? -10 : value));
    const got = integrateFrame(dropDummies(values, -10, 1), table);
    let difference = 0;
    for (const [bin, count] of robust.dummy.count.entries()) {
      difference += Math.abs(got.count[bin] - count);
      if (count > 50) expect(Math.abs(got.intensity[bin] / robust.dummy.intensity[bin] - 1)).toBeLessThan(2e-3);
    }
    expect(difference).toBeLessThan(5e-5 * pixels);
  });

  it('outliers are clipped', () => {
    const values = data.map((value, i) => (((i >> 7) * 11 + (i & 127) * 17) % 97 === 0 ? 8 * value : value));
    const got = sigmaClip(values, table, { threshold: 4, iterations: 5 });
    const plain = integrateFrame(values, table);
    let changed = 0;
    for (let bin = 0; bin < 256; bin++) {
      if (!(got.count[bin] > 50)) continue;
      expect(Math.abs(got.intensity[bin] / robust.sigma_clip.intensity[bin] - 1), `bin ${bin}`).toBeLessThan(2e-3);
      // The reference weighs squares by the norm once, so its sigma depends on the unit of the norm; without that it is ours.
      const norm = Math.sqrt(got.normalization[bin] / got.count[bin]);
      expect(Math.abs((got.sigma[bin] * 1) / (robust.sigma_clip.sigma[bin] * norm) - 1)).toBeLessThan(1e-2);
      if (Math.abs(plain.intensity[bin] / got.intensity[bin] - 1) > 0.01) changed++;
    }
    expect(changed).toBeGreaterThan(150);
  });
});
