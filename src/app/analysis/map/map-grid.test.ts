import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellMeans, countedGrid, pointsOf, positionGrid } from './map-grid.ts';

const scan = { perLine: 3, isUpwards: false, isSnake: false, skip: 0 };
/** Noise that is the same every time. */
const noise = (i: number) => Math.sin(i * 12.9898) * Math.cos(i * 78.233);

describe('the grid of a scan', () => {
  it('counts points line by line, back and forth, to the right or upwards', () => {
    expect([...countedGrid(6, scan).cells]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...countedGrid(6, { ...scan, isSnake: true }).cells]).toEqual([0, 1, 2, 5, 4, 3]);
    const upwards = countedGrid(5, { ...scan, isUpwards: true, skip: 1 });
    expect(upwards).toMatchObject({ columns: 2, rows: 3 });
    expect([...upwards.cells]).toEqual([-1, 0, 2, 4, 1]);
    expect(() => countedGrid(5, { ...scan, perLine: 0 })).toThrow(/0 points in a line/);
    expect(() => countedGrid(5000, { ...scan, perLine: 1 })).toThrow(/5000 lines/);
    expect(countedGrid(0, scan)).toMatchObject({ columns: 3, rows: 1 });
  });

  it('finds the steps of motors that are read with noise, and says every point its cell', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        (columns, rows, repeats, step, offset) => {
          const points = Array.from({ length: columns * rows * repeats }, (_, i) => Math.floor(i / repeats));
          // What has but one step is told by numbers that are the same.
          const spread = (cells: number) => (cells > 1 ? 0.02 * step : 0);
          const x = points.map((p, i) => offset + step * (p % columns) + spread(columns) * noise(i + 1));
          const y = points.map((p, i) => -offset + step * Math.floor(p / columns) + spread(rows) * noise(2 * i + 7));
          const grid = positionGrid(x, y, { columns: null, rows: null });
          expect(grid).toMatchObject({ columns, rows, hasSteps: true });
          expect([...grid.cells]).toEqual(points);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('divides evenly what moves all the time, or as it is told', () => {
    const x = Float64Array.from({ length: 1000 }, (_, i) => i + 0.4 * noise(i) + (i > 500 ? 3 * noise(3 * i) : 0));
    const free = positionGrid(x, null, { columns: null, rows: null });
    expect(free).toMatchObject({ columns: 32, rows: 1, hasSteps: false });
    const told = positionGrid([0, 0.9, 2.2, 3.1, Number.NaN], null, { columns: 4, rows: null });
    expect([...told.cells]).toEqual([0, 1, 2, 3, -1]);
    expect(told.x[3]).toBe(3.1);
    // A line of steps that are each taken once.
    expect(positionGrid([3, 1, 2, 4.2], null, { columns: null, rows: null })).toMatchObject({ columns: 4 });
    expect(positionGrid([5, 5, 5], [1, 1, 1], { columns: null, rows: null })).toMatchObject({ columns: 1, rows: 1 });
    // Set points that are not even, and a motor that stands still and is read with noise, each twice.
    expect(positionGrid([0, 0, 1, 1, 3, 3], null, { columns: null, rows: null })).toMatchObject({ columns: 3 });
    // Delays that grow by factors, each several times; and again and again.
    const delays = [1, 1, 2, 2, 5, 5, 10, 10, 100, 100];
    expect(positionGrid(delays, null, { columns: null, rows: null })).toMatchObject({ columns: 5, hasSteps: true });
    const again = positionGrid([...delays, ...delays.reverse()], null, { columns: null, rows: null });
    expect(again).toMatchObject({ columns: 5, hasSteps: true });
    // A motor of the example, read with noise twice a train.
    const jitter = [574, 24, 82, 19, 998, 984, 2, 357, 161, 33, 487, 295, 44].flatMap((value) => [value, value]);
    expect(positionGrid(jitter, null, { columns: null, rows: null })).toMatchObject({ columns: 1, hasSteps: false });
    const still = Float64Array.from({ length: 200 }, (_, i) => -0.75 + 1e-3 * noise(Math.floor(i / 2) + 3));
    expect(positionGrid(still, null, { columns: null, rows: null })).toMatchObject({ columns: 1, hasSteps: false });
    const nothing = positionGrid([Number.NaN], [Number.NaN], { columns: null, rows: null });
    expect([...nothing.cells]).toEqual([-1]);
  });

  it('a cell is the mean of its points; NaN counts nowhere', () => {
    const grid = positionGrid([0, 1, 0, 1, 0], [0, 0, 0, 0, 1], { columns: null, rows: null });
    expect([...cellMeans(grid, [1, Number.NaN, 3, 7, Number.NaN])]).toEqual([2, 7, Number.NaN, Number.NaN]);
    expect(pointsOf(grid, 0)).toEqual([0, 2]);
  });
});
