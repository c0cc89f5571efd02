import { describe, expect, it } from 'vitest';
import { LAB6, powderLines } from '../../example/powder.ts';
import { calibrantByName, calibrantRings } from './calibrant.ts';
import { atomicNumberOf } from './element.ts';
import { phaseFromCell, phaseFromCif, phaseLines } from './phase.ts';
import { parseSymmetryOperation } from './reflection-condition.ts';
import { cubicCell, planeFamilies } from './unit-cell.ts';

/** Fd-3m, origin on -3m, with generators multiplied out by hand would be 192 operations: enough of them for the absences. */
const SILICON = `data_Si
_chemical_name_mineral Silicon
_cell_length_a 5.4311946
_cell_length_b 5.4311946
_cell_length_c 5.4311946
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F d -3 m'
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Si1 0 0 0
Si2 0 .5 .5
Si3 .5 0 .5
Si4 .5 .5 0
Si5 .25 .25 .25
Si6 .25 .75 .75
Si7 .75 .25 .75
Si8 .75 .75 .25
`;

describe('phases', () => {
  it('a CIF with atoms has the lines of the calibrant; forbidden ones vanish with their structure factor', () => {
    const phase = phaseFromCif(SILICON);
    expect(phase.name).toBe('Silicon');
    expect(phase.atoms).toHaveLength(8);
    const lines = phaseLines(phase, 18, 0.6);
    const rings = calibrantRings(calibrantByName('Si'), 18, { maxTwoTheta: 0.6 });
    expect(lines.map(({ hkl }) => hkl)).toEqual(rings.map(({ hkl }) => hkl));
    expect(lines.map(({ twoTheta }) => twoTheta)).toEqual(rings.map(({ twoTheta }) => twoTheta));
    // ICDD 27-1402: 100, 55, 30, 6, 11 for 111, 220, 311, 400, 331 at 8.05 keV.
    const intensity = phaseLines(phase, 8.05, 1.4)
      .slice(0, 5)
      .map((line) => line.intensity);
    expect(intensity[0]).toBe(1);
    expect(intensity[1]).toBeGreaterThan(0.4);
    expect(intensity[1]).toBeLessThan(0.9);
    expect(intensity[2]).toBeLessThan(intensity[1]);
    expect(intensity[3]).toBeLessThan(intensity[2]);
  });

  it('symmetry operations place atoms once and forbid reflections', () => {
    const phase = phaseFromCif(`data_x
_cell_length_a 4
_cell_length_b 5
_cell_length_c 6
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_symmetry_equiv_pos_as_xyz
x,y,z
'-x, y+1/2, -z'
loop_
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Fe3+ 0 .1 0 .5
Xx . . . 1
`);
    expect(phase.atoms).toEqual([
      { position: [0, 0.1, 0], atomicNumber: 26, occupancy: 0.5 },
      { position: [0, 0.6, 0], atomicNumber: 26, occupancy: 0.5 },
    ]);
    // Screw axis along b: (0 k 0) only for even k.
    expect([1, 2, 3, 4].map((k) => phase.isPresent([0, k, 0]))).toEqual([false, true, false, true]);
    expect(phase.isPresent([1, 1, 0])).toBe(true);
  });

  it('agrees with the cubic powder of the example', () => {
    const lines = phaseLines(phaseFromCell('LaB6', cubicCell(LAB6.a), 'P'), 9.3, 0.9);
    const cubic = powderLines(LAB6, 9.3, 0.9);
    expect(lines.map(({ spacing }) => spacing.toFixed(9))).toEqual([
      ...new Set(cubic.map(({ spacing }) => spacing.toFixed(9))),
    ]);
  });

  it('reads operations and elements, and refuses others', () => {
    expect(parseSymmetryOperation('-y, x-y, z+1/3')).toEqual({
      rotation: [
        [0, -1, 0],
        [1, -1, 0],
        [0, 0, 1],
      ],
      translation: [0, 0, 1 / 3],
    });
    expect(() => parseSymmetryOperation('x,y')).toThrow(/no symmetry operation/);
    expect(() => parseSymmetryOperation('x,y,w')).toThrow(/no symmetry operation/);
    expect(['Si', 'fe3+', 'O1', 'Oh', 'D', '?'].map(atomicNumberOf)).toEqual([14, 26, 8, 8, 1, null]);
    expect(() => phaseFromCif('data_x\n_y 1')).toThrow(/needs its unit cell/);
    expect(() => phaseFromCell('x', cubicCell(4), 'Q')).toThrow(/no lattice centring/);
    expect(() => planeFamilies(cubicCell(-1), 1, () => true)).toThrow(/No unit cell has edges -1/);
    expect(() => planeFamilies(cubicCell(4000), 0.5, () => true)).toThrow(/is the cell in Angstrom/);
  });
});
