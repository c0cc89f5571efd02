import { describe, expect, it } from 'vitest';
import { phaseOfCell } from './phase-file.ts';

describe('phaseOfCell', () => {
  it('reads a cubic cell, three edges, and angles', () => {
    expect(phaseOfCell('gold 4.078 F').phase).toMatchObject({
      name: 'gold',
      cell: { a: 4.078, c: 4.078, gammaDeg: 90 },
    });
    expect(phaseOfCell('gold 4.078 F').phase?.isPresent([1, 0, 0])).toBe(false);
    const quartz = phaseOfCell('alpha quartz 4.913 4.913 5.405 90 90 120').phase;
    expect(quartz).toMatchObject({ name: 'alpha quartz', cell: { c: 5.405, gammaDeg: 120 } });
    expect(quartz?.isPresent([1, 0, 0])).toBe(true);
    expect(phaseOfCell('3.2').phase?.name).toBe('cell');
  });

  it('says what is wrong', () => {
    expect(phaseOfCell('gold').problem).toMatch(/edges are missing/);
    expect(phaseOfCell('gold 4 5 F').problem).toMatch(/three edges/);
    expect(phaseOfCell('x 4 5 6 170 90 10').problem).toMatch(/No unit cell/);
    expect(phaseOfCell('x 0 P').problem).toMatch(/one edge/);
  });
});
