import { describe, expect, it } from 'vitest';
import { golden, readCase } from '../../test/golden/geometry/golden.ts';
import { referenceKernels } from '../kernels/reference.ts';
import { AGIPD_1M } from './agipd.ts';
import { exampleGeometry, geometryFromQuadPositions, type Point, pixelPositions } from './geometry.ts';
import { beamPosition, type RadialBinOptions, type RadialUnit, radialBins, wavelengthOf } from './radial-bins.ts';
import { snapGeometry } from './snapped-geometry.ts';

interface Integration {
  readonly label: string;
  readonly unit: RadialUnit;
  readonly args: {
    readonly npt?: number;
    readonly radial_range?: [number, number];
    readonly polarization_factor?: number;
    readonly correctSolidAngle?: boolean;
    readonly mask?: string;
  };
  readonly radial: readonly number[];
  readonly intensity: readonly number[];
  readonly count: readonly number[];
}
interface StackCase {
  readonly dist_m: number;
  readonly photon_energy_kev: number;
  readonly rings: {
    readonly peaks_q_nm_amplitude: readonly [number, number][];
    readonly sigma_q_nm: number;
    readonly anisotropy: number;
  };
  readonly data_samples_row_col_value: readonly [number, number, number][];
  readonly integrate1d: readonly Integration[];
}

const reference = readCase<StackCase>(golden, 'azimuthal/agipd_stack_nosplit.json');
const geometry = exampleGeometry(AGIPD_1M);
const pixels = 16 * 512 * 128;

/** The rings of the reference data, computed with angles, unlike the code under test. */
function ringPattern(): Float32Array {
  const { peaks_q_nm_amplitude, sigma_q_nm, anisotropy } = reference.rings;
  const positions = pixelPositions(geometry).data;
  const out = new Float32Array(pixels);
  const k = (4e-9 * Math.PI) / wavelengthOf(reference.photon_energy_kev);
  for (let i = 0; i < pixels; i++) {
    const [x, y, z] = [positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]];
    const q = k * Math.sin(0.5 * Math.atan2(Math.hypot(x, y), reference.dist_m + z));
    const around = 1 + anisotropy * Math.cos(2 * Math.atan2(y, x));
    let value = 50 + 200 * Math.exp(-q / 10);
    for (const [qk, amplitude] of peaks_q_nm_amplitude)
      value += amplitude * Math.exp(-0.5 * ((q - qk) / sigma_q_nm) ** 2) * around;
    out[i] = value;
  }
  return out;
}

const data = ringPattern();
/** The mask of the reference: on the stack (module * ss, fs); its `ss` is that of one module. */
const mask = Uint8Array.from({ length: pixels }, (_, i) => {
  const row = Math.floor(i / 128);
  return (row * 7 + (i % 128) * 13) % 31 === 0 || row < 512 / 4 ? 1 : 0;
});

describe('azimuthal integration without splitting', () => {
  it('starts from the reference data', () => {
    for (const [row, column, value] of reference.data_samples_row_col_value) {
      expect(Math.abs(data[row * 128 + column] / value - 1)).toBeLessThan(1e-6);
    }
  });

  it.each(reference.integrate1d.map((entry) => [entry.label, entry] as const))('%s', (label, entry) => {
    const { args } = entry;
    const options: RadialBinOptions = {
      distance: reference.dist_m,
      photonEnergyKeV: reference.photon_energy_kev,
      points: args.npt ?? 256,
      unit: entry.unit,
      range: args.radial_range,
      hasSolidAngle: args.correctSolidAngle ?? true,
      polarization: args.polarization_factor,
      mask: args.mask ? mask : undefined,
    };
    const { bins, weights, centres } = radialBins(geometry, options);
    const sums = new Float64Array(2 * options.points);
    referenceKernels.radialAccumulate(data, bins, weights, sums);
    const counts = new Float64Array(options.points);
    for (const bin of bins) if (bin >= 0) counts[bin]++;
    // A given range: bin 0 of the reference also holds pixels below the range, ours does not.
    const first = args.radial_range ? 1 : 0;
    let difference = 0;
    let compared = 0;
    for (let bin = first; bin < options.points; bin++) {
      expect(Math.abs(centres[bin] / entry.radial[bin] - 1)).toBeLessThan(1e-6);
      difference += Math.abs(counts[bin] - entry.count[bin]);
      if (entry.count[bin] <= 50) continue;
      const intensity = sums[2 * bin] / sums[2 * bin + 1];
      const tolerance = counts[bin] === entry.count[bin] ? 2e-5 : 2e-3;
      expect(Math.abs(intensity / entry.intensity[bin] - 1), `${label}, bin ${bin}`).toBeLessThan(tolerance);
      compared++;
    }
    expect(compared).toBeGreaterThan(200);
    expect(difference).toBeLessThan(5e-5 * pixels);
    if (first === 1) expect(counts[0]).toBeLessThan(entry.count[0] - 100);
  });
});

describe('beam centre', () => {
  const options = { distance: 0.2, photonEnergyKeV: 9.3, points: 500, range: [0.1, 3] as [number, number] };

  it('moved in the picture does the same as the detector moved the other way', () => {
    const snapped = snapGeometry(geometry);
    const [y, x] = snapped.centre;
    const beam = beamPosition(snapped, x + 3.5, y - 7);
    expect(beam[0]).toBeCloseTo(7e-4, 12);
    expect(beam[1]).toBeCloseTo(-14e-4, 12);
    const movedPositions = AGIPD_1M.examplePositions.map(([px, py]): Point => [px - 3.5, py + 7]);
    const moved = radialBins(geometryFromQuadPositions(AGIPD_1M, movedPositions), options).bins;
    const { bins } = radialBins(geometry, { ...options, beam });
    expect(bins.filter((bin, i) => bin !== moved[i]).length).toBeLessThan(10);
    const unmoved = radialBins(geometry, options).bins;
    expect(bins.filter((bin, i) => bin !== unmoved[i]).length).toBeGreaterThan(pixels / 2);
  });

  it('refuses impossible numbers', () => {
    expect(() => radialBins(geometry, { ...options, distance: 0 })).toThrow(/distance/);
    expect(() => radialBins(geometry, { ...options, points: 2.5 })).toThrow(/points/);
    expect(() => radialBins(geometry, { ...options, range: [3, 1] })).toThrow(/range/);
    expect(() => radialBins(geometry, { ...options, photonEnergyKeV: Number.NaN })).toThrow(/photonEnergyKeV/);
    expect(() => radialBins(geometry, { ...options, mask: new Uint8Array(3) })).toThrow(/mask/);
  });
});
