import { decodeFloat16, isFloatDType } from '../../../core/dtype.ts';
import { SelectionInvalid, Unsupported } from '../../../core/errors.ts';
import { type NdArray, ndarray } from '../../../core/ndarray.ts';

/** Where a trace is quiet, and what its level there is to be. */
export interface BaselineOptions {
  /**
   * Samples `[start, stop)` without signal. Default the first 1000.
   * @source EXtra AdqRawChannel: default of `baseline`
   */
  readonly baseline?: readonly [start: number, stop: number];
  /**
   * Fast digitizers read a channel with several converters in turn, each with a level of its own: every how many samples the
   * same one comes again. 1 for one level of the whole trace.
   */
  readonly period?: number;
  /** Level that the quiet part gets, ADC units. Default 0. */
  readonly level?: number;
}

/** Samples at the start of a trace that are quiet unless somebody says otherwise. */
export const DEFAULT_BASELINE = [0, 1000] as const;

/**
 * Subtracts from each trace its mean level in the quiet part, for each of the converters that take turns.
 * @param traces (train, sample), any real dtype, ADC units
 * @param quiet (train, sample) the quiet part of the same trains
 * @param place.first number of the first sample of `traces` in the whole trace, `place.step` distance of its samples
 * @param place.quietFirst number of the first sample of `quiet`
 * @returns (train, sample) float32, ADC units
 * @throws SelectionInvalid if the quiet part is too short to have each converter, Unsupported for text and complex numbers
 */
export function subtractBaseline(
  traces: NdArray,
  quiet: NdArray,
  place: { readonly first: number; readonly step: number; readonly quietFirst: number },
  { period = 1, level = 0 }: Pick<BaselineOptions, 'period' | 'level'> = {},
): NdArray<'float32'> {
  const [trains, length] = traces.shape;
  const [, quietLength] = quiet.shape;
  if (!Number.isInteger(period) || period < 1)
    throw new SelectionInvalid(`A period of ${period} samples is none: give a whole number above 0.`, { period });
  if (quietLength < period)
    throw new SelectionInvalid(
      `The baseline has ${quietLength} samples, less than the period of ${period} in which the converters take turns. Give a longer one.`,
      { baseline: quietLength, period },
    );
  const [values, quietValues] = [realValues(traces), realValues(quiet)];
  const out = new Float32Array(trains * length);
  const [sums, counts] = [new Float64Array(period), new Float64Array(period)];
  for (let train = 0; train < trains; train++) {
    sums.fill(0);
    counts.fill(0);
    for (let i = 0; i < quietLength; i++) {
      const phase = (place.quietFirst + i) % period;
      sums[phase] += quietValues(train * quietLength + i);
      counts[phase]++;
    }
    for (let phase = 0; phase < period; phase++) sums[phase] = sums[phase] / counts[phase] - level;
    for (let i = 0; i < length; i++) {
      const at = train * length + i;
      out[at] = values(at) - sums[(place.first + i * place.step) % period];
    }
  }
  return ndarray('float32', [trains, length], out);
}

function realValues({ dtype, data }: NdArray): (index: number) => number {
  if (dtype === 'string' || dtype.startsWith('complex'))
    throw new Unsupported(`Traces of ${dtype} have no baseline.`, { dtype });
  if (dtype === 'float16') return (index) => decodeFloat16((data as Uint16Array)[index]);
  const numbers = data as ArrayLike<number | bigint>;
  return isFloatDType(dtype) ? (index) => numbers[index] as number : (index) => Number(numbers[index]);
}
