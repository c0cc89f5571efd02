import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPattern, type PatternFormat, parsePattern } from './pattern-text.ts';

const header = { unit: '2th_deg', lines: ['run 34', 'two\nlines'] };
// Minus zero is written as 0.
const value = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((number) => number + 0);
const curves = fc.array(fc.tuple(value, fc.double({ min: 1e-3, max: 1e3, noNaN: true })), {
  minLength: 2,
  maxLength: 50,
});

describe('pattern texts', () => {
  it.each(['xy', 'chi', 'dat', 'fxye'] as PatternFormat[])('%s is read as it was written', (format) => {
    fc.assert(
      fc.property(curves, (points) => {
        const x = Float64Array.from(points, (_, i) => 1 + 0.25 * i);
        const y = Float64Array.from(points, ([intensity]) => intensity);
        const sigma = Float64Array.from(points, ([, deviation]) => deviation);
        const read = parsePattern(formatPattern(format, { x, y, sigma }, header));
        expect([...read.y]).toEqual([...y]);
        for (const [i, angle] of read.x.entries()) expect(Math.abs(angle - x[i])).toBeLessThan(1e-12);
        expect(read.sigma && [...read.sigma]).toEqual(format === 'dat' || format === 'fxye' ? [...sigma] : null);
      }),
    );
  });

  it('points without a value are left out of columns', () => {
    const curve = { x: [1, 2, 3], y: [5, Number.NaN, 7], sigma: null };
    expect(formatPattern('xy', curve, header)).toBe('# run 34\n# two lines\n# 2th_deg intensity\n1 5\n3 7\n');
    expect(formatPattern('chi', curve, header)).toBe('run 34 two lines\n2th_deg\nintensity\n  2\n1 5\n3 7\n');
  });

  it('fxye is in hundredths of a degree, and refuses what it cannot hold', () => {
    const curve = { x: [1, 2, 3], y: [5, Number.NaN, 7], sigma: [1, Number.NaN, 2] };
    const lines = formatPattern('fxye', curve, header).split('\n');
    expect(lines.slice(0, 2).every((line) => line.length === 80)).toBe(true);
    expect(lines[1].trim()).toBe('BANK 1 3 3 CONS 100 100 0 0 FXYE');
    expect(lines.slice(2, 5)).toEqual(['100 5 1', '200 0 1', '300 7 2']);
    expect(() => formatPattern('fxye', curve, { ...header, unit: 'q_A^-1' })).toThrow(/2th_deg/);
    expect(() => formatPattern('fxye', { ...curve, sigma: null }, header)).toThrow(/error model/);
    expect(() => formatPattern('fxye', { ...curve, x: [1, 2, 4] }, header)).toThrow(/even steps/);
  });

  it.each([
    ['1 2\n3 x\n', /line 2: "3 x"/],
    ['# nothing\n', /no points/],
    ['title\nq\nI\n  3\n1 2\n2 3\n', /3 points are announced, there are 2/],
    ['1\n', /two or three numbers/],
  ])('%j is refused with its line', (text, message) => {
    expect(() => parsePattern(text, { path: 'a.xy' })).toThrow(message);
  });
});
