import { describe, expect, it } from 'vitest';
import { calibrantByName, calibrantRings } from '../../../detector/powder/calibrant.ts';
import { AMBIENT, birchMurnaghanPressure } from '../../../detector/powder/equation-of-state.ts';
import { phaseFromCell } from '../../../detector/powder/phase.ts';
import { cubicCell } from '../../../detector/powder/unit-cell.ts';
import type { PatternResult } from '../analysis-request.ts';
import type { BeforeAfter, Overlay } from './curve-store.ts';
import { angleAt, curveInUnit, PATTERN_UNITS, type PatternUnit, ringPlace } from './pattern-unit.ts';
import { phaseProblem, phaseSticks, ringMarks, ringPeak, showCurves } from './shown-curves.ts';

const experiment = { distance: 0.16, photonEnergyKeV: 9.3 };
const rings = calibrantRings(calibrantByName('LaB6'), 9.3, { count: 4 });
const x = Float64Array.from({ length: 800 }, (_, i) => 1 + i * 0.0025);
const pattern = (height: number, width: number): PatternResult => ({
  unit: 'q_A^-1',
  x,
  y: x.map((q) => 5 + rings.reduce((sum, ring) => sum + height * Math.exp(-0.5 * ((q - ring.q) / width) ** 2), 0)),
  sigma: new Float64Array(x.length).fill(0.1),
  azimuthRange: null,
});
const curves = (isProposal = false): BeforeAfter<readonly PatternResult[]> => ({
  before: [pattern(8, 0.02)],
  after: [pattern(10, 0.01)],
  made: { version: 3, picture: 'run 4', stem: 'r0004', unit: 'keV', how: 'pixels split: no' },
  isFinal: true,
  isProposal,
});
const overlay: Overlay = {
  id: 7,
  name: 'kept',
  unit: 'q_nm^-1',
  x: Float64Array.of(0, 90),
  y: Float64Array.of(1, 1),
  scale: 2,
  offset: 0.5,
  isShown: true,
  colour: '--c2',
};
const look = {
  curves: curves(),
  overlays: [] as readonly Overlay[],
  subtracted: null,
  waterfall: 0,
  background: { kind: 'none' },
  experiment,
} as const;

describe('curves on screen', () => {
  it('are before and after, and say which is a proposal', () => {
    expect(showCurves(look).curves.map(({ label, isDashed }) => [label, isDashed === true])).toEqual([
      ['as loaded', true],
      ['I(q)', false],
    ]);
    expect(showCurves({ ...look, curves: curves(true) }).curves.map(({ label }) => label)).toEqual(['now', 'proposed']);
  });

  it('overlays come in the axis of the curve, scaled, shifted and stepped', () => {
    const shown = showCurves({ ...look, overlays: [overlay, { ...overlay, id: 8 }], waterfall: 10 });
    expect(shown.curves[2].y[100]).toBeCloseTo(12.5, 9);
    expect(shown.curves[3].y[100]).toBeCloseTo(22.5, 9);
    const less = showCurves({ ...look, overlays: [overlay], subtracted: 7 });
    expect(less.curves).toHaveLength(2);
    expect(less.main.y[0]).toBeCloseTo(2.5, 6);
  });

  it('an automatic background takes the level away and leaves the peaks', () => {
    const background = { kind: 'auto', width: 0.1, iterations: 100, order: 0 } as const;
    const { main, x: q } = showCurves({ ...look, background });
    expect(Math.abs(main.y[10])).toBeLessThan(0.1);
    const top = main.y.reduce((best, value, i) => (value > main.y[best] ? i : best), 0);
    expect(Math.min(...rings.map((ring) => Math.abs(ring.q - q[top])))).toBeLessThan(0.003);
    expect(main.y[top]).toBeGreaterThan(9.5);
  });

  it('widths of a ring before and after are told', () => {
    const { main, before } = showCurves(look);
    const width = (y: Float64Array | null) => ringPeak({ x, y: y ?? [] }, rings, 1, 'q_A^-1', experiment)?.fwhm;
    expect(width(main.y)).toBeCloseTo(0.01 * 2.3548, 4);
    expect(width(before)).toBeCloseTo(0.02 * 2.3548, 4);
    expect(ringPeak({ x, y: main.y }, rings, 9, 'q_A^-1', experiment)).toBeNull();
  });
});

describe('places on an axis', () => {
  it.each(Object.keys(PATTERN_UNITS) as PatternUnit[])('are found and read back in %s', (unit) => {
    for (const { twoTheta } of rings)
      expect(angleAt(ringPlace(twoTheta, unit, experiment), unit, experiment)).toBeCloseTo(twoTheta, 9);
    expect(ringMarks(rings, unit, experiment)[1].label).toBe('110');
  });

  it('curves over d rise again, without the beam itself', () => {
    const turned = curveInUnit({ x: [0, 1, 2], y: [7, 8, 9] }, 'q_A^-1', 'd_A', experiment);
    expect(Array.from(turned.x)).toEqual([expect.closeTo(Math.PI, 9), expect.closeTo(2 * Math.PI, 9)]);
    expect(Array.from(turned.y)).toEqual([9, 8]);
  });

  it('lines of a stretched phase lie at smaller q', () => {
    const phase = phaseFromCell('gold', cubicCell(4.0782), 'F');
    const [line] = phaseSticks({ phase, stretch: 1, state: AMBIENT }, 'q_A^-1', experiment, 1);
    expect(line.hkl).toBe('1 1 1');
    expect(line.place).toBeCloseTo((2 * Math.PI * Math.sqrt(3)) / 4.0782, 6);
    const [longer] = phaseSticks({ phase, stretch: 1.01, state: AMBIENT }, 'q_A^-1', experiment, 1);
    expect(longer.place).toBeCloseTo(line.place / 1.01, 6);
    expect(longer.spacingAtRest).toBeCloseTo(line.spacing, 9);
  });

  it('pressure moves the lines of a phase, and one that it cannot bear takes them away with a reason', () => {
    const equation = { k0: 167, k0Prime: 5.5, dK0dT: 0, dK0PrimedT: 0, alphaT: 0, dAlphaTdT: 0 };
    const phase = { ...phaseFromCell('gold', cubicCell(4), 'F'), equation };
    const at = (pressureGPa: number) => ({ phase, stretch: 1, state: { ...AMBIENT, pressureGPa } });
    const pressure = birchMurnaghanPressure(0.9, 167, 5.5);
    const [line] = phaseSticks(at(pressure), 'd_A', experiment, 1);
    expect(line.place).toBeCloseTo((4 / Math.sqrt(3)) * Math.cbrt(0.9), 8);
    expect(line).toMatchObject({
      spacing: expect.closeTo(line.place, 9),
      spacingAtRest: expect.closeTo(4 / 3 ** 0.5, 9),
    });
    expect(line.q).toBeCloseTo((2 * Math.PI) / line.spacing, 9);
    expect(line.q).toBeCloseTo((4 * Math.PI * 9.3 * Math.sin((line.twoThetaDeg * Math.PI) / 360)) / 12.3984198, 5);
    expect(phaseProblem(at(pressure))).toBeNull();
    expect(phaseProblem(at(-500))).toMatch(/no volume/);
    expect(phaseSticks(at(-500), 'd_A', experiment, 1)).toEqual([]);
  });

  it('a cell with more lines than can be told apart, or with none, has a reason instead of lines', () => {
    const at = (a: number) => ({ phase: phaseFromCell('cell', cubicCell(a), 'P'), stretch: 1, state: AMBIENT });
    const reach = { photonEnergyKeV: 9.3, maxTwoTheta: 0.8 };
    for (const edge of [281, 1e5, 1e40]) {
      expect(phaseProblem(at(edge), reach)).toMatch(/too many lines down to 1\.71 Å/);
      expect(phaseSticks(at(edge), 'q_A^-1', experiment, 0.8)).toEqual([]);
    }
    // Far enough inwards a large cell has lines.
    expect(phaseSticks(at(281), 'q_A^-1', experiment, 0.05).length).toBeGreaterThan(50);
    expect(phaseProblem(at(20), reach)).toBeNull();
    expect(phaseProblem(at(0), reach)).toMatch(/No unit cell has edges 0/);
    expect(phaseSticks(at(0), 'q_A^-1', experiment, 0.8)).toEqual([]);
  });
});
