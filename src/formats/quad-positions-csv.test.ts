import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatQuadPositions, parseQuadPositions } from './quad-positions-csv.ts';

describe('quadrant positions as CSV', () => {
  it('are written as people write them', () => {
    const positions = [
      [11.399999999999993, 299],
      [2.6020852139652106e-14, -16.00000000000003],
      [-1e-15, 542.5],
    ] as const;
    expect(formatQuadPositions({ unit: 'mm', positions })).toBe(
      'quadrant,x_mm,y_mm\nq1,11.4,299\nq2,0,-16\nq3,0,542.5\n',
    );
    expect(formatQuadPositions({ unit: 'm', positions: [[-0.0384, 0.0404000000000001]] })).toContain(
      'q1,-0.0384,0.0404\n',
    );
  });

  it('come back to 1e-12 m', () => {
    const number = fc.double({ noNaN: true, min: -1e5, max: 1e5 });
    fc.assert(
      fc.property(
        fc.constantFrom('mm', 'px', 'm', null),
        fc.array(fc.tuple(number, number), { minLength: 1 }),
        (unit, positions) => {
          const read = parseQuadPositions(formatQuadPositions({ unit, positions }));
          expect(read.unit).toBe(unit);
          for (const [i, place] of positions.entries())
            for (const axis of [0, 1])
              expect(Math.abs(read.positions[i][axis] - place[axis])).toBeLessThanOrEqual(1e-9);
        },
      ),
    );
  });

  it('may have semicolons and decimal commas, and are refused where a comma could be either', () => {
    const positions = [
      [1.5, -2],
      [0.25, 4],
    ];
    for (const text of [
      'x_mm;y_mm\n1,5;-2\n,25;4,0\n',
      'quadrant\tx (mm)\ty (mm)\nq1\t1,5\t-2\n\nq2\t0,25\t4\n',
      '# by hand\nx_mm,y_mm,\n1.5,-2,,\n0.25,4\n',
      'x_mm,\ty_mm\n1.5,\t-2\n0.25,\t4\n',
    ])
      expect(parseQuadPositions(text)).toEqual({ unit: 'mm', positions });
    expect(parseQuadPositions('1,5;-2\n0,25;4')).toEqual({ unit: null, positions });
    expect(() => parseQuadPositions('x_mm,y_mm\n1,5,-2,0\n', { path: 'a.csv' })).toThrow(
      'a.csv, line 2: there are 4 columns, in line 1 2.',
    );
    expect(() => parseQuadPositions('1,2\n1,5,2\n')).toThrow('line 2: there are 3 columns, in line 1 2.');
  });

  it('have one unit', () => {
    expect(() => parseQuadPositions('x_mm,y_px\n1,2\n', { path: 'a.csv' })).toThrow(
      'a.csv, line 1: x is in mm, y in px: write one unit.',
    );
    expect(() => parseQuadPositions('x_mm,y\n1,2\n')).toThrow('x is in mm, y in no unit');
  });
});
