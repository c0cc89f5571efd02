import { describe, expect, it } from 'vitest';
import { phaseOfCell, readPhase } from './phase-file.ts';

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

describe('readPhase', () => {
  it('tells a CIF from a JCPDS card by its text', () => {
    const cif = `data_x\n${['a', 'b', 'c'].map((edge) => `_cell_length_${edge} 4`).join('\n')}\n${['alpha', 'beta', 'gamma'].map((angle) => `_cell_angle_${angle} 90`).join('\n')}\n`;
    expect(readPhase(cif, 'x.txt').cell.a).toBe(4);
    const card = 'VERSION: 4\nCOMMENT: Gold\nSYMMETRY: CUBIC\nA: 4.08\nDIHKL: 2.3556 100 1 1 1\n';
    expect(readPhase(card, 'x.jcpds')).toMatchObject({ name: 'Gold', cell: { b: 4.08 } });
    expect(() => readPhase('hello', 'x.jcpds')).toThrow(/x\.jcpds, line 1/);
  });
});
