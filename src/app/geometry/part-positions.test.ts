import { describe, expect, it } from 'vitest';
import { movesFromTable, positionsText } from './part-positions.ts';

const parts = ['Q1', 'Q2'].map((label, i) => ({ label, tiles: [i] }));
const places = [
  [1e-3, 2e-3],
  [-4e-4, 0],
];
const detector = { pixelSize: 2e-4 };
const taken = (text: string, unit: 'px' | 'mm' = 'px') => {
  const moves = movesFromTable(text, places, detector, unit);
  return typeof moves === 'string'
    ? moves
    : [...moves].map(([part, { shift }]) => [part, ...shift.map((v) => +(v * 1e6).toFixed(3))]);
};

describe('tables of positions', () => {
  it('are copied with names and unit, and pasted back as no move', () => {
    expect(positionsText(parts, places, 2e-4, 'px')).toBe('part,x_px,y_px\nQ1,5,10\nQ2,-2,0\n');
    expect(taken(positionsText(parts, places, 1e-3, 'mm'))).toEqual([]);
  });

  it('move what differs, in their own unit or in that of the screen', () => {
    expect(taken('x_mm,y_mm\n1.1,2\n-0.4,0')).toEqual([[0, 100, 0, 0]]);
    expect(taken('6\t10\n-2\t−1')).toEqual([
      [0, 200, 0, 0],
      [1, 0, -200, 0],
    ]);
    expect(taken('Q1;1;2\nQ2;-0.4;0.5', 'mm')).toEqual([[1, 0, 500, 0]]);
  });

  it('say what is wrong', () => {
    expect(taken('')).toMatch(/no table/);
    expect(taken('1,2')).toMatch(/1 rows; 2 parts/);
    expect(taken('1,2\n3,x')).toMatch(/Row 2/);
    expect(taken('x,y\n1,2\n3,')).toMatch(/Row 2/);
    expect(taken('1,2\n3,1e40')).toMatch(/Row 2.*another unit/);
    expect(taken('x_m,y_m\n1,2\n3,25')).toMatch(/Row 2.*another unit/);
  });
});
