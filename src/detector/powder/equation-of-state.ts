import { StateInvalid } from '../../core/errors.ts';

/** How a crystal's volume follows pressure and temperature. What is not known of it is 0. */
export interface EquationOfState {
  /** Bulk modulus without pressure at {@link REFERENCE_KELVIN}, GPa. */
  readonly k0: number;
  /** How it grows with pressure, without unit; 4 = second order. */
  readonly k0Prime: number;
  /** How `k0` changes with temperature, GPa/K. */
  readonly dK0dT: number;
  /** How `k0Prime` changes with temperature, 1/K. */
  readonly dK0PrimedT: number;
  /** Thermal expansion of the volume at {@link REFERENCE_KELVIN}, 1/K. */
  readonly alphaT: number;
  /** How it changes with temperature, 1/K^2. */
  readonly dAlphaTdT: number;
}

/** Pressure and temperature of a sample. */
export interface SampleState {
  readonly pressureGPa: number;
  readonly temperatureK: number;
}

/** Temperature at which volumes and moduli of a file hold, K. */
export const REFERENCE_KELVIN = 298;
/** At no pressure, at the temperature that files hold for. */
export const AMBIENT: SampleState = { pressureGPa: 0, temperatureK: REFERENCE_KELVIN };

/** The linear compression that is looked for, (V0/V)^(1/3): half to three times the volume. */
const COMPRESSIONS = [0.8, 1.5] as const;
/** Of the search for the right side of the curve's top, and of the halving after it. */
const STEP = 1e-3;
const HALVINGS = 60;

/**
 * Third-order Birch-Murnaghan pressure at a volume, GPa.
 * @param volumeRatio V/V0 @param k0 GPa
 * @source F. Birch, Phys. Rev. 71 (1947) 809
 */
export function birchMurnaghanPressure(volumeRatio: number, k0: number, k0Prime: number): number {
  return pressureAt(volumeRatio ** (-1 / 3), k0, k0Prime);
}

/** @param x (V0/V)^(1/3) */
function pressureAt(x: number, k0: number, k0Prime: number): number {
  const square = x * x;
  return 1.5 * k0 * (x ** 7 - x ** 5) * (1 + 0.75 * (k0Prime - 4) * (square - 1));
}

/**
 * Volume at a pressure and a temperature, as a share of that without pressure at 298 K. Heat acts as a pressure of
 * alpha * K * (T - 298) that the sample has in it, so that without outer pressure the volume grows by alpha for each kelvin;
 * alpha, K and K' are those of the temperature.
 * @throws StateInvalid for impossible numbers, and where the equation has no volume: it is torn apart, or bends back
 * @source M. Rivers, JCPDS files version 4 (fields and their use); F. Birch, Phys. Rev. 71 (1947) 809
 */
export function volumeRatioAt(equation: EquationOfState, { pressureGPa, temperatureK }: SampleState): number {
  const fail = (field: string, message: string) => new StateInvalid(`Equation of state: ${message}.`, { field });
  if (!(temperatureK >= 0 && temperatureK < 1e6)) throw fail('temperatureK', `${temperatureK} K is no temperature`);
  if (!Number.isFinite(pressureGPa)) throw fail('pressureGPa', `${pressureGPa} GPa is no pressure`);
  const heat = temperatureK - REFERENCE_KELVIN;
  const k = equation.k0 + equation.dK0dT * heat;
  const kPrime = equation.k0Prime + equation.dK0PrimedT * heat;
  const alpha = equation.alphaT + equation.dAlphaTdT * heat;
  if (!(k > 0 && Number.isFinite(k)))
    throw fail('k0', `the bulk modulus is ${k} GPa at ${temperatureK} K; it must be above 0`);
  if (!Number.isFinite(kPrime) || !Number.isFinite(alpha)) throw fail('k0Prime', 'a number is missing');
  const pressure = pressureGPa - alpha * k * heat;
  const side = Math.sign(pressure);
  if (side === 0) return 1;
  // Away from the volume without pressure until the pressure is reached; where it turns round before, there is no such volume.
  let [near, far, last] = [1, 1, 0];
  for (;;) {
    near = far;
    far += side * STEP;
    const now = pressureAt(far, k, kPrime);
    if (side * (now - pressure) >= 0) break;
    if (far < COMPRESSIONS[0] || far > COMPRESSIONS[1] || side * (now - last) <= 0)
      throw fail(
        'pressureGPa',
        `with K0 = ${k} GPa and K0' = ${kPrime} there is no volume at ${pressureGPa} GPa and ${temperatureK} K; it ends at ${last.toPrecision(4)} GPa`,
      );
    last = now;
  }
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (near + far) / 2;
    if (side * (pressureAt(middle, k, kPrime) - pressure) < 0) near = middle;
    else far = middle;
  }
  return ((near + far) / 2) ** -3;
}
