import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_CASES, buildCase, FILE_CASES } from '../../test/golden/geometry/cases.ts';
import { hasShared } from '../../test/golden/geometry/golden.ts';
import { ndarray, zeros } from '../core/ndarray.ts';
import { coverPolygon, createCellCoverage } from './cell-coverage.ts';
import { DSSC_1M } from './dssc.ts';
import { geometryFromDescription } from './generic-detector.ts';
import { exampleGeometry } from './geometry.ts';
import { interpolateModules, interpolationTable } from './interpolated-assembly.ts';
import { jungfrau } from './jungfrau.ts';
import { rotateGeometry } from './move-geometry.ts';

function sumOf(data: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) if (!Number.isNaN(data[i])) sum += data[i];
  return sum;
}

describe.each(ALL_CASES.filter((name) => ['agipd1m_geom', 'epix100_mono'].includes(name)))(
  'interpolated %s',
  (name) => {
    it('is the picture of the reference', () => {
      const { reference, geometry } = buildCase(name);
      const expected = reference.assembled_interpolated;
      if (!expected) throw new Error('the case has no interpolated picture');
      const [modules, ss, fs] = reference.expected_data_shape;
      const values = Float32Array.from({ length: modules * ss * fs }, (_, i) =>
        Number((BigInt(i) * 2654435761n) % 1000n),
      );
      const table = interpolationTable(geometry);
      const image = interpolateModules(table, ndarray('float32', [modules, ss, fs], values));
      expect(table.shape).toEqual(expected.shape);
      // The reference counts from the middle of the first pixel.
      expect(table.centre[0] - 0.5).toBeCloseTo(expected.centre_yx[0], 3);
      expect(table.centre[1] - 0.5).toBeCloseTo(expected.centre_yx[1], 3);
      expect(sumOf(image.data) / expected.input_sum).toBeCloseTo(1, 6);
      let worst = 0;
      for (const [y, x, value] of expected.samples_y_x_value) {
        const got = image.data[y * image.shape[1] + x];
        expect(Number.isNaN(got), `${y}, ${x}`).toBe(value === null);
        if (value !== null) worst = Math.max(worst, Math.abs(got - value));
      }
      // The reference takes corners in float32, good to 2e-4 of a pixel at 1000 px; the values are up to 999.
      expect(worst).toBeLessThan(0.6);
      let missing = 0;
      for (let i = 0; i < image.data.length; i++) if (Number.isNaN(image.data[i])) missing++;
      // The reference also calls image pixels empty whose sum is 0, so some of those that show a 0.
      const zeros = values.filter((value) => value === 0).length;
      expect(expected.nan_count - missing).toBeGreaterThanOrEqual(0);
      expect(expected.nan_count - missing).toBeLessThanOrEqual(zeros);
    });
  },
);
if (!hasShared) it.skip(`interpolated ${Object.keys(FILE_CASES)[0]}: the whole reference data are not there`);

describe('spread pixels', () => {
  it('cover what they cover', () => {
    const coverage = createCellCoverage();
    coverPolygon(Float64Array.of(0.25, 2.25, 2.25, 0.25), Float64Array.of(0.5, 0.5, 1.25, 1.25), 4, coverage);
    const { area, columns, rows } = coverage;
    const cells = Array.from({ length: rows }, (_, y) =>
      Array.from(area.subarray(y * (columns + 2), y * (columns + 2) + columns)),
    );
    expect(cells).toEqual([
      [0.375, 0.5, 0.125],
      [0.1875, 0.25, 0.0625],
    ]);
    // A triangle over the diagonal of three by three cells, either way round.
    for (const [xs, ys] of [
      [Float64Array.of(0, 3, 3), Float64Array.of(0, 0, 3)],
      [Float64Array.of(3, 3, 0), Float64Array.of(3, 0, 0)],
    ]) {
      coverPolygon(xs, ys, 3, coverage);
      const cellsOfRows = [0, 1, 2].map((y) => Array.from(coverage.area.subarray(y * 5, y * 5 + 3)));
      expect(cellsOfRows).toEqual([
        [0.5, 1, 1],
        [0, 0.5, 1],
        [0, 0, 0.5],
      ]);
    }
  });

  it('have areas that add up, whichever way they lie', () => {
    const number = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(
        number,
        number,
        fc.double({ min: 0, max: 7, noNaN: true }),
        fc.double({ min: 0.1, max: 4, noNaN: true }),
        (x, y, angle, size) => {
          const [c, s] = [size * Math.cos(angle), size * Math.sin(angle)];
          const coverage = createCellCoverage();
          coverPolygon(
            Float64Array.of(x, x + c, x + c - s, x - s),
            Float64Array.of(y, y + s, y + s + c, y + c),
            4,
            coverage,
          );
          let sum = 0;
          for (let row = 0; row < coverage.rows; row++)
            for (let column = 0; column < coverage.columns; column++) {
              const cell = coverage.area[row * (coverage.columns + 2) + column];
              expect(cell).toBeGreaterThan(-1e-9);
              expect(cell).toBeLessThan(1 + 1e-9);
              sum += cell;
            }
          expect(sum).toBeCloseTo(size * size, 8);
        },
      ),
    );
  });
});

const SMALL = geometryFromDescription({
  pixelSize: 1e-4,
  slowPixels: 5,
  fastPixels: 7,
  corners: [
    [0, 0, 0],
    [0.001, 0.0004, 0],
  ],
  ss: [0, 1, 0],
  fs: [-1, 0, 0],
  tilesPerModule: 2,
});

describe('interpolated assembly', () => {
  it.each([
    ['hexagons', exampleGeometry(DSSC_1M)],
    ['JUNGFRAU, turned by 35 degrees', rotateGeometry(exampleGeometry(jungfrau(1)), [0, 0, 0.61])],
    ['tilted', rotateGeometry(SMALL, [0.3, 0.2, 0.1])],
  ])('keeps the total: %s', (_, geometry) => {
    const table = interpolationTable(geometry);
    const frame = zeros('float32', geometry.detector.dataShape);
    for (let i = 0; i < frame.data.length; i++) frame.data[i] = (i * 7919) % 101;
    const image = interpolateModules(table, frame);
    expect(sumOf(image.data) / sumOf(frame.data)).toBeCloseTo(1, 6);
  });

  it('makes an even picture of an even frame, also where pixels are missing', () => {
    const table = interpolationTable(exampleGeometry(DSSC_1M), { outputPixelSize: 5e-4 });
    const frame = zeros('float32', DSSC_1M.dataShape);
    frame.data.fill(3);
    for (let i = 0; i < frame.data.length; i += 17) frame.data[i] = Number.NaN;
    const { data } = interpolateModules(table, frame, { keep: 'level' });
    const [low, high] = data.reduce(
      ([a, b], v) => (Number.isNaN(v) ? [a, b] : [Math.min(a, v), Math.max(b, v)]),
      [Infinity, -Infinity],
    );
    expect([low, high]).toEqual([expect.closeTo(3, 5), expect.closeTo(3, 5)]);
  });

  it('takes finer and given grids, many frames and an array to fill', () => {
    const fine = interpolationTable(SMALL, { oversample: 2 });
    expect(fine.shape).toEqual([30, 34]);
    const grid = { shape: [10, 12], centre: [2.5, 6] } as const;
    const table = interpolationTable(SMALL, { grid });
    const frames = ndarray('uint16', [2, ...SMALL.detector.dataShape], new Uint16Array(2 * 2 * 10 * 7).fill(4));
    const out = zeros('float32', [2, 10, 12]);
    expect(interpolateModules(table, frames, { out })).toBe(out);
    // The origin is at (2.5, 6): the first pixel, which lies left of and above it, covers half of each of two rows.
    expect([out.data[2 * 12 + 5], out.data[3 * 12 + 5], out.data[1 * 12 + 5]]).toEqual([2, 4, Number.NaN]);
    expect(out.data.slice(0, 120)).toEqual(out.data.slice(120));
    expect(() => interpolateModules(table, frames, { out: zeros('float32', [10, 12]) })).toThrow(
      /images need \[2,10,12\]/,
    );
    expect(() => interpolationTable(SMALL, { outputPixelSize: 0 })).toThrow(/impossible/);
    expect(() => interpolationTable(SMALL, { outputPixelSize: 1e-12 })).toThrow(/impossible/);
  });
});
