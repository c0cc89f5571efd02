import { describe, expect, it } from 'vitest';
import { ALL_CASES, buildCase } from '../../test/golden/geometry/cases.ts';
import { golden, largestDifference, readCase } from '../../test/golden/geometry/golden.ts';
import { zeros } from '../core/ndarray.ts';
import { AGIPD_1M } from './agipd.ts';
import { DSSC_1M } from './dssc.ts';
import { EPIX_10K, EPIX_100, epixPairGeometry } from './epix.ts';
import { exampleGeometry, pixelPositions, quadPositions } from './geometry.ts';
import { jungfrau } from './jungfrau.ts';
import { LPD_1M, lpdMini } from './lpd.ts';
import { asicSeams, distortionArray, pixelAreas, pixelCorners, tileEdges } from './pixel-corners.ts';
import { splitTiles } from './split-tiles.ts';

const { agipd_asic_seams, epix100, epix10k } = readCase<{
  agipd_asic_seams: { shape: number[]; wide_rows: number[]; count: number };
  epix100: { shape: number[]; wide_count: number; area_sum_m2: number; centre_area_m2: number };
  epix10k: { shape: number[]; wide_count: number; area_sum_m2: number; centre_area_m2: number };
}>(golden, 'cases/special_pixels.json');
/** Corners are up to 0.6 m from the first, where float32 has steps of 6e-8; the reference also subtracts in float32. */
const FLOAT32_OF_A_DETECTOR = 1.2e-7;

/** Smallest of every third number. */
function minima(data: Float32Array): number[] {
  return [0, 1, 2].map((axis) => {
    let low = Number.POSITIVE_INFINITY;
    for (let i = axis; i < data.length; i += 3) if (data[i] < low) low = data[i];
    return low;
  });
}

function maxima(data: Float32Array): number[] {
  return [0, 1, 2].map((axis) => {
    let high = Number.NEGATIVE_INFINITY;
    for (let i = axis; i < data.length; i += 3) if (data[i] > high) high = data[i];
    return high;
  });
}

function sum(data: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < data.length; i++) total += data[i];
  return total;
}

describe.each(ALL_CASES)('corners of %s', (name) => {
  const { reference, geometry } = buildCase(name);
  const expected = reference.distortion_array;

  it('are those that pyFAI gets from the reference', () => {
    // The reference has none for generic detectors.
    if (!expected) return expect(name).toBe('generic');
    const corners = geometry.detector.pixel.corners.length;
    for (const allowNegativeXy of [true, false]) {
      const { data, shape, dtype } = distortionArray(geometry, { allowNegativeXy });
      expect([shape, dtype]).toEqual([expected.shape, 'float32']);
      for (const { row, col, zyx, zyx_shifted } of expected.samples) {
        const at = (row * shape[1] + col) * corners * 3;
        const wanted = (allowNegativeXy ? zyx : zyx_shifted).flat();
        expect(largestDifference(data.subarray(at, at + corners * 3), wanted)).toBeLessThanOrEqual(
          FLOAT32_OF_A_DETECTOR,
        );
      }
      const [low, high] = [minima(data), maxima(data)];
      if (allowNegativeXy) expect(largestDifference(low, expected.min_zyx)).toBeLessThanOrEqual(FLOAT32_OF_A_DETECTOR);
      expect(
        largestDifference(high, allowNegativeXy ? expected.max_zyx : expected.shifted_max_zyx),
      ).toBeLessThanOrEqual(FLOAT32_OF_A_DETECTOR);
    }
  });
});

describe('true corners', () => {
  it.each([AGIPD_1M, jungfrau(2), EPIX_100, EPIX_10K].map((d) => [d.name, d] as const))(
    '%s: pixels close the joints, and are as large as their areas say',
    (_, detector) => {
      const [, ss, fs] = detector.dataShape;
      const { data } = pixelCorners(exampleGeometry(detector), { trueCorners: true });
      const areas = pixelAreas(detector).data;
      let largest = 0;
      for (let i = 0; i < ss * fs; i++) {
        const [x0, y0, , x1, y1, , x2, y2, , x3, y3] = data.subarray(i * 12, i * 12 + 12);
        const area = Math.abs((x2 - x0) * (y3 - y1) - (x3 - x1) * (y2 - y0)) / 2;
        largest = Math.max(largest, Math.abs(area / areas[i] - 1));
      }
      expect(largest).toBeLessThan(1e-9);
      // corner 1 is at the end along ss, corner 0 at the beginning
      for (const { ssStop } of detector.tiles.filter((t) => t.ssStop < ss)) {
        const [end, begin] = [((ssStop - 1) * fs * 4 + 1) * 3, ssStop * fs * 12];
        expect(largestDifference(data.subarray(end, end + 3), data.subarray(begin, begin + 3))).toBeLessThan(1e-15);
      }
    },
  );

  it('are the same as the others where the gaps are real', () => {
    for (const detector of [LPD_1M, DSSC_1M, lpdMini(2)]) {
      const geometry = exampleGeometry(detector);
      const difference = largestDifference(
        pixelCorners(geometry, { trueCorners: true }).data,
        pixelCorners(geometry).data,
      );
      expect(difference).toBe(0);
    }
  });

  it('of hexagons have the middle between them', () => {
    const geometry = exampleGeometry(DSSC_1M);
    const corners = pixelCorners(geometry);
    expect(corners.shape).toEqual([16, 128, 512, 6, 3]);
    const centres = pixelPositions(geometry).data;
    for (const pixel of [0, 512, 513, 700_001]) {
      const six = corners.data.subarray(pixel * 18, pixel * 18 + 18);
      const mean = [0, 1, 2].map((axis) => sum([0, 1, 2, 3, 4, 5].map((c) => six[3 * c + axis])) / 6);
      expect(largestDifference(mean, centres.subarray(3 * pixel, 3 * pixel + 3))).toBeLessThan(1e-12);
      for (let c = 0; c < 6; c++) {
        const next = (c + 1) % 6;
        const side = Math.hypot(six[3 * c] - six[3 * next], six[3 * c + 1] - six[3 * next + 1]);
        expect(side).toBeCloseTo(236e-6 / Math.sqrt(3), 12);
      }
    }
  });
});

describe('special pixels', () => {
  it('of AGIPD are on both sides of the joints', () => {
    const seams = asicSeams(AGIPD_1M);
    expect(seams.shape).toEqual(agipd_asic_seams.shape);
    expect(sum(seams.data)).toBe(agipd_asic_seams.count);
    const rows = Array.from({ length: 512 }, (_, row) => row).filter((row) => seams.data[row * 128]);
    expect(rows).toEqual(agipd_asic_seams.wide_rows);
    expect(pixelAreas(AGIPD_1M).data[63 * 128]).toBeCloseTo(8e-8, 16);
  });

  it.each([
    [EPIX_100, epix100],
    [EPIX_10K, epix10k],
  ])('of ePix are at the inner edges', (detector, expected) => {
    const areas = pixelAreas(detector);
    const [ss, fs] = areas.shape;
    expect([ss, fs]).toEqual(expected.shape);
    expect(sum(asicSeams(detector).data)).toBe(expected.wide_count);
    expect(sum(areas.data) / expected.area_sum_m2).toBeCloseTo(1, 9);
    expect(areas.data[(ss / 2) * fs + fs / 2] / expected.centre_area_m2).toBeCloseTo(1, 9);
  });

  it('LPD has none; edges of tiles are everywhere', () => {
    expect(sum(asicSeams(LPD_1M).data)).toBe(0);
    expect(sum(tileEdges(LPD_1M).data)).toBe(16 * (32 * 128 - 30 * 126));
    expect(sum(tileEdges(AGIPD_1M, 2).data)).toBe(8 * (64 * 128 - 60 * 124));
  });
});

describe('modules', () => {
  it('are cut into tiles', () => {
    const modules = zeros('uint16', [2, 256, 256]);
    modules.data.forEach((_, i) => {
      modules.data[i] = i % 65536;
    });
    const tiles = splitTiles(LPD_1M, modules);
    expect(tiles.map((tile) => tile.shape)).toEqual(Array.from({ length: 16 }, () => [2, 32, 128]));
    // T1 begins at ss 224, T16 at ss 224, fs 128
    expect([tiles[0].data[0], tiles[15].data[0], tiles[15].data[32 * 128]]).toEqual([
      224 * 256,
      224 * 256 + 128,
      57472,
    ]);
    expect(() => splitTiles(LPD_1M, zeros('uint16', [256, 128]))).toThrow(/\(\.\., 256, 256\), got \[256,128\]/);
  });

  it('an ePix pair lies where it was put, in any unit', () => {
    const inMillimetres = { top: [19.325, 18.225, 0], bottom: [19.325, -0.625, 0], unit: 1e-3, asicGap: 0.25 } as const;
    const difference = largestDifference(epixPairGeometry(inMillimetres).tiles, epixPairGeometry().tiles);
    expect(difference).toBeLessThan(1e-12);
    expect(quadPositions(exampleGeometry(lpdMini(3))).map(([x]) => x)).toEqual([32, 32, 32]);
  });
});
