import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuadCuts } from './quad-cuts.ts';

/** Area of a polygon left of a line, by cutting it. */
function cutArea(x: readonly number[], y: readonly number[], line: number): number {
  const points: [number, number][] = [];
  for (let k = 0; k < 4; k++) {
    const next = (k + 1) % 4;
    if (x[k] <= line) points.push([x[k], y[k]]);
    if (x[k] < line !== x[next] < line)
      points.push([line, y[k] + ((y[next] - y[k]) * (line - x[k])) / (x[next] - x[k])]);
  }
  let area = 0;
  for (const [k, [px, py]] of points.entries()) {
    const [qx, qy] = points[(k + 1) % points.length];
    area += 0.5 * (px * qy - qx * py);
  }
  return Math.abs(area);
}

/** Corners on an ellipse, going round either way: convex. Angles in eighths, so that corners are also above each other. */
const quads = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: 31 }), { minLength: 4, maxLength: 4 }),
    fc.double({ min: 0.1, max: 20, noNaN: true }),
    fc.double({ min: 0.01, max: 5, noNaN: true }),
    fc.integer({ min: 0, max: 3 }),
    fc.boolean(),
  )
  .map(([angles, width, height, first, isBackwards]) => {
    angles.sort((a, b) => a - b);
    if (isBackwards) angles.reverse();
    const turned = [...angles.slice(first), ...angles.slice(0, first)].map((angle) => (angle * Math.PI) / 16);
    return { x: turned.map((a) => 3 + width * Math.cos(a)), y: turned.map((a) => height * Math.sin(a)) };
  });

describe('cuts of a quadrilateral', () => {
  it('have the areas of the polygons that are cut off', () => {
    fc.assert(
      fc.property(
        quads,
        fc.array(fc.double({ min: -20, max: 25, noNaN: true }), { maxLength: 8 }),
        ({ x, y }, lines) => {
          const cuts = new QuadCuts();
          expect(cuts.take(Float64Array.from(x), Float64Array.from(y))).toBe(true);
          const area = cutArea(x, y, 1e9);
          expect(Math.abs(cuts.area / area - 1)).toBeLessThan(1e-9);
          for (const line of [...lines, ...x])
            expect(Math.abs(cuts.areaBelow(line) - cutArea(x, y, line))).toBeLessThan(1e-9 * area + 1e-12);
          expect([cuts.areaBelow(-1e3), cuts.areaBelow(1e3)]).toEqual([0, cuts.area]);
        },
      ),
    );
  });

  it('of squares, upright and on a corner', () => {
    const cuts = new QuadCuts();
    expect(cuts.take(Float64Array.of(0, 2, 2, 0), Float64Array.of(0, 0, 2, 2))).toBe(true);
    expect([cuts.area, cuts.areaBelow(0.5)]).toEqual([4, 1]);
    expect(cuts.take(Float64Array.of(0, 1, 2, 1), Float64Array.of(0, 1, 0, -1))).toBe(true);
    expect([cuts.area, cuts.areaBelow(0.5), cuts.areaBelow(1), cuts.areaBelow(1.5)]).toEqual([2, 0.25, 1, 1.75]);
  });

  it('are refused where there is no such thing', () => {
    const cuts = new QuadCuts();
    // a dart, a bow tie, a line, a point
    expect(cuts.take(Float64Array.of(0, 2, 0, 1), Float64Array.of(0, 1, 2, 1))).toBe(false);
    expect(cuts.take(Float64Array.of(0, 2, 0, 2), Float64Array.of(0, 2, 2, 0))).toBe(false);
    expect(cuts.take(Float64Array.of(0, 1, 2, 3), Float64Array.of(0, 1, 2, 3))).toBe(false);
    expect(cuts.take(new Float64Array(4), new Float64Array(4))).toBe(false);
  });
});
