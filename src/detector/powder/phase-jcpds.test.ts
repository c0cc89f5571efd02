import { describe, expect, it } from 'vitest';
import { parseJcpds } from '../../formats/jcpds.ts';
import { birchMurnaghanPressure } from './equation-of-state.ts';
import { phaseAt, phaseFromCell, phaseLines } from './phase.ts';
import { jcpdsOfPhase, phaseFromJcpds } from './phase-jcpds.ts';
import { cubicCell } from './unit-cell.ts';

const ALUMINA = `VERSION: 4
COMMENT: Alumina (JCPDS 0-173, EOS n/a)
K0:          194.000
K0P:           5.000
SYMMETRY: HEXAGONAL
A:            4.758
C:            12.99
VOLUME:      22.0640
ALPHAT:    2.000e-6
DIHKL:       3.4790      75.0   0   1   2
DIHKL:       2.5520      90.0   1   0   4
DIHKL:       2.0850     100.0   1   1   3
`;
const OLD = `3
Gold, an old card
1 166.65 5.4823
4.07860

d I/I0 h k l
2.3550 100.0 1 1 1
2.0390 52.0 2 0 0
1.4420 32.0 2 2 0
`;

describe('JCPDS cards', () => {
  it('version 4: cell, equation and lines, which lie where the cell says', () => {
    const phase = phaseFromJcpds(ALUMINA);
    expect(phase).toMatchObject({
      name: 'Alumina (JCPDS 0-173, EOS n/a)',
      cell: { a: 4.758, b: 4.758, c: 12.99, gammaDeg: 120 },
      equation: { k0: 194, k0Prime: 5, dK0dT: 0, alphaT: 2e-6 },
    });
    expect(phase.remark).toBeUndefined();
    const lines = phaseLines(phase, 20, 1);
    expect(lines.map(({ hkl }) => hkl)).toEqual([
      [0, 1, 2],
      [1, 0, 4],
      [1, 1, 3],
    ]);
    // 1/d^2 = 4/3 (h^2 + hk + k^2)/a^2 + l^2/c^2.
    expect(lines[0].spacing).toBeCloseTo((4 / 3 / 4.758 ** 2 + 4 / 12.99 ** 2) ** -0.5, 10);
    expect(lines.map(({ intensity }) => intensity)).toEqual([0.75, 0.9, 1]);
    expect(phaseLines(phase, 20, 0.2)).toHaveLength(1);
  });

  it('version 3: the same numbers by their places', () => {
    const phase = phaseFromJcpds(OLD);
    expect(phase).toMatchObject({
      name: 'Gold, an old card',
      cell: { a: 4.0786, c: 4.0786, alphaDeg: 90 },
      equation: { k0: 166.65, k0Prime: 5.4823, alphaT: 0 },
    });
    expect(phaseLines(phase, 20, 1).map(({ spacing }) => spacing)).toEqual(
      [3, 4, 8].map((sum) => expect.closeTo(4.0786 / Math.sqrt(sum), 10)),
    );
    const six = OLD.replace('1 166.65', '5 166.65').replace('4.07860', '5 6 7 90 101.5 90');
    expect(parseJcpds(six)).toMatchObject({ symmetry: 'MONOCLINIC', cell: { a: 5, b: 6, c: 7, betaDeg: 101.5 } });
    expect(parseJcpds(six.replace('90 101.5 90', '101.5')).cell).toEqual(parseJcpds(six).cell);
  });

  it('version 1: fewer numbers, in other places, and no line that says the version', () => {
    const gold = phaseFromJcpds(
      'Gold, the oldest card\n1, 4.0786, 166.65, 5.4823, 1\n d I h k l\n2.355 100 1 1 1\n2.039 52 2 0 0\n',
    );
    expect(gold).toMatchObject({ name: 'Gold, the oldest card', cell: { a: 4.0786, c: 4.0786, gammaDeg: 90 } });
    expect(gold.equation).toMatchObject({ k0: 166.65, k0Prime: 5.4823 });
    expect(gold.remark).toBeUndefined();
    const hexagonal = parseJcpds(`x\n2 3 100 4 1.6\nd\n2.6 100 1 0 0\n`);
    expect(hexagonal).toMatchObject({ version: 1, symmetry: 'HEXAGONAL', cell: { b: 3, gammaDeg: 120 } });
    expect(hexagonal.cell?.c).toBeCloseTo(4.8, 12);
    expect(() => parseJcpds('x\n2 3 100 4\nd\n2.6 100 1 0 0\n')).toThrow(/line 2: .*c\/a/);
    expect(() => parseJcpds('x\n4 3 100 4 1\nd\n2.6 100 1 0 0\n')).toThrow(/line 2: crystal system 4/);
  });

  it('version 2 is read as version 3 where its spacings fit its cell', () => {
    expect(phaseFromJcpds(OLD.replace('3\n', '2\n'))).toMatchObject({ cell: { a: 4.0786 } });
    const other = OLD.replace('3\n', '2\n').replace('4.07860', '5.4');
    expect(() => phaseFromJcpds(other, 'x')).toThrow(/x: version 2 .* do not fit its cell, such as d = 2.355/);
  });

  it('pressure moves the lines as the equation says', () => {
    const ratio = 0.9;
    const pressureGPa = birchMurnaghanPressure(ratio, 166.65, 5.4823);
    const [first] = phaseLines(phaseAt(phaseFromJcpds(OLD), { pressureGPa, temperatureK: 298 }), 20, 1);
    expect(first.spacing).toBeCloseTo((4.0786 / Math.sqrt(3)) * 0.9 ** (1 / 3), 8);
    expect(() => phaseAt(phaseFromCell('x', cubicCell(4), 'P'), { pressureGPa, temperatureK: 298 })).toThrow(
      /no equation of state/,
    );
  });

  it('lines without indices or cell keep their listed spacing, stretched with the volume', () => {
    const phase = phaseFromJcpds(
      'VERSION: 4\nSYMMETRY: MANUAL\nK0: 100\nK0P: 4\nDIHKL: 2.5 10 0 0 0\nDIHKL: 1.5 5 0 0 0\n',
    );
    expect(phaseLines(phase, 20, 1).map(({ spacing }) => spacing)).toEqual([2.5, 1.5]);
    const pressureGPa = birchMurnaghanPressure(0.8, 100, 4);
    const [line] = phaseLines(phaseAt(phase, { pressureGPa, temperatureK: 298 }), 20, 1);
    expect(line.spacing).toBeCloseTo(2.5 * 0.8 ** (1 / 3), 8);
  });

  it('a card that is written is the same phase again', () => {
    for (const phase of [phaseFromJcpds(ALUMINA), phaseFromJcpds(OLD)]) {
      const again = phaseFromJcpds(jcpdsOfPhase(phase));
      expect(again).toMatchObject({ name: phase.name, cell: phase.cell, equation: phase.equation });
      expect(again.listed).toEqual(phase.listed);
    }
    const cell = phaseFromJcpds(jcpdsOfPhase(phaseFromCell('bcc', cubicCell(3), 'I')));
    expect(cell.listed?.slice(0, 2).map(({ hkl }) => hkl)).toEqual([
      [1, 1, 0],
      [2, 0, 0],
    ]);
    expect(jcpdsOfPhase(phaseFromCell('r', { ...cubicCell(4), alphaDeg: 80, betaDeg: 80, gammaDeg: 80 }, 'P'))).toMatch(
      /SYMMETRY: RHOMBOHEDRAL\nA: 4\nALPHA: 80\nALPHAT/,
    );
  });

  it('tells spacings that do not fit, and what is wrong with a card, with its line', () => {
    expect(phaseFromJcpds(ALUMINA.replace('3.4790', '3.9')).remark).toMatch(/1 of 3 .* d = 3.9 Å of \(0 1 2\)/);
    const fails: [string, RegExp][] = [
      [ALUMINA.replace('194.000', 'soft'), /line 3: "soft" is no number/],
      [ALUMINA.replace('HEXAGONAL', 'ROUND'), /line 5: "ROUND" is no crystal system/],
      [ALUMINA.replace(/A: .*\n/, ''), /HEXAGONAL cell needs A/],
      [ALUMINA.replace(/DIHKL.*\n/g, ''), /no reflections/],
      [ALUMINA.replace('75.0   0   1   2', '75.0   0   1'), /line 10: .* is not d, intensity, h, k, l/],
      [OLD.replace('1 166.65', '9 166.65'), /line 3: crystal system 9/],
      [OLD.replace('4.07860', ''), /line 4: a CUBIC cell needs A/],
      ['hello', /line 1: .*no JCPDS card/],
      ['', /no JCPDS card/],
    ];
    for (const [text, message] of fails) expect(() => phaseFromJcpds(text, 'x.jcpds'), text).toThrow(message);
  });
});
