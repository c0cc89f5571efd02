import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AMBIENT, birchMurnaghanPressure, type EquationOfState, volumeRatioAt } from './equation-of-state.ts';

const GOLD: EquationOfState = { k0: 167, k0Prime: 5.5, dK0dT: 0, dK0PrimedT: 0, alphaT: 4.24e-5, dAlphaTdT: 0 };

describe('Birch-Murnaghan', () => {
  it('has the pressures of the equation, worked out by hand', () => {
    // x = (V0/V)^(1/3). V/V0 = 1/8: x = 2, x^7 - x^5 = 96, x^2 - 1 = 3: P = 1.5 * 96 K (1 + 2.25 (K' - 4)).
    expect(birchMurnaghanPressure(1 / 8, 10, 4)).toBeCloseTo(1440, 9);
    expect(birchMurnaghanPressure(1 / 8, 10, 5)).toBeCloseTo(1440 * 3.25, 9);
    // V/V0 = 0.9 of MgO (K = 160.2, K' = 3.99): f = ((V0/V)^(2/3) - 1)/2, P = 3 K f (1 + 2f)^(5/2) (1 + 1.5 (K' - 4) f).
    const f = (0.9 ** (-2 / 3) - 1) / 2;
    const inStrain = 3 * 160.2 * f * (1 + 2 * f) ** 2.5 * (1 + 1.5 * (3.99 - 4) * f);
    expect(birchMurnaghanPressure(0.9, 160.2, 3.99)).toBeCloseTo(inStrain, 10);
  });

  it('is turned round: any volume from its pressure', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.55, max: 1.02, noNaN: true }),
        fc.double({ min: 1, max: 900, noNaN: true }),
        fc.double({ min: 3, max: 8, noNaN: true }),
        (ratio, k0, k0Prime) => {
          const state = { ...AMBIENT, pressureGPa: birchMurnaghanPressure(ratio, k0, k0Prime) };
          expect(volumeRatioAt({ ...GOLD, k0, k0Prime }, state)).toBeCloseTo(ratio, 9);
        },
      ),
    );
    expect(volumeRatioAt(GOLD, AMBIENT)).toBe(1);
  });

  it('heat widens by alpha for each kelvin, and pressure takes it back', () => {
    const hot = volumeRatioAt(GOLD, { pressureGPa: 0, temperatureK: 308 });
    expect(hot - 1).toBeCloseTo(10 * GOLD.alphaT, 5);
    const heatPressure = GOLD.alphaT * GOLD.k0 * 1000;
    expect(volumeRatioAt(GOLD, { pressureGPa: heatPressure, temperatureK: 1298 })).toBeCloseTo(1, 12);
    // Softer and wider when hot: dK/dT and d alpha/dT come in with (T - 298).
    const soft = { ...GOLD, dK0dT: -0.02, dK0PrimedT: 1e-4, dAlphaTdT: 1e-9 };
    const state = { pressureGPa: 30, temperatureK: 1298 };
    const same = { ...GOLD, k0: 147, k0Prime: 5.6, alphaT: 4.24e-5 + 1e-6 };
    expect(volumeRatioAt(soft, state)).toBeCloseTo(volumeRatioAt(same, state), 12);
  });

  it('says where there is no volume', () => {
    const at = (change: Partial<EquationOfState>, pressureGPa: number, temperatureK = 298) =>
      volumeRatioAt({ ...GOLD, ...change }, { pressureGPa, temperatureK });
    expect(() => at({}, -200)).toThrow(/no volume at -200 GPa .* ends at -\d/);
    expect(() => at({ k0Prime: 1 }, 1e4)).toThrow(/no volume/);
    expect(() => at({ k0: 0 }, 1)).toThrow(/bulk modulus is 0 GPa/);
    expect(() => at({ dK0dT: -1 }, 1, 1000)).toThrow(/bulk modulus is -535 GPa at 1000 K/);
    expect(() => at({}, 1, -1)).toThrow(/no temperature/);
    expect(() => at({}, Number.NaN)).toThrow(/no pressure/);
  });
});
