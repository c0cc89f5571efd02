import { decodeFloat16, isBigIntDType, lanesOf } from '../core/dtype.ts';
import { NoData, SelectionInvalid, Unsupported } from '../core/errors.ts';
import { elementCount, entryView, type NdArray, ndarray } from '../core/ndarray.ts';

/** How many values become one. */
export interface SingleValueOptions {
  /** Allowed deviation relative to the single value. Default 1e-5. */
  readonly rtol?: number;
  /** Allowed absolute deviation. Default 0. */
  readonly atol?: number;
  /** Default `median`. A function gets the values of one element over all trains. */
  readonly reduceBy?: 'median' | 'mean' | 'min' | 'max' | 'first' | ((values: Float64Array) => number);
}

const REDUCERS: Readonly<Record<'median' | 'mean' | 'min' | 'max', (values: Float64Array) => number>> = {
  median(values) {
    if (values.some(Number.isNaN)) return Number.NaN;
    const sorted = values.toSorted();
    const middle = Math.floor(sorted.length / 2);
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  },
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: (values) => values.reduce((a, b) => Math.min(a, b)),
  max: (values) => values.reduce((a, b) => Math.max(a, b)),
};

/**
 * The one value that all entries agree on.
 * @param array (entries, ...entryShape)
 * @param label for messages: source and key
 * @returns a number or text for scalar entries, else an array of the entry's shape (float64, or the dtype for `first`)
 * @throws NoData without entries, SelectionInvalid if the entries differ by more than the tolerance
 * @source EXtra-data KeyData.as_single_value
 */
export function toSingleValue(
  array: NdArray,
  label: string,
  options: SingleValueOptions = {},
): number | bigint | string | NdArray {
  const { rtol = 1e-5, atol = 0, reduceBy = 'median' } = options;
  const [entries, ...entryShape] = array.shape;
  if (entries === 0) throw new NoData(`${label} has no data in the selected trains.`);
  if (lanesOf(array.dtype) > 1) throw new Unsupported(`${label} is complex: it has no order to reduce by.`);
  if (array.dtype === 'string' || reduceBy === 'first' || isBigIntDType(array.dtype)) {
    const first = entryView(array, 0);
    if (allEqual(array, elementCount(entryShape))) return entryShape.length === 0 ? first.data[0] : first;
    if (array.dtype === 'string') {
      const texts = new Set(array.data as string[]);
      throw new SelectionInvalid(`${label} has ${texts.size} different texts in the selected trains.`, { label });
    }
  }
  return reduceNumbers(array, label, rtol, atol, reduceBy);
}

function reduceNumbers(
  array: NdArray,
  label: string,
  rtol: number,
  atol: number,
  reduceBy: NonNullable<SingleValueOptions['reduceBy']>,
): number | bigint | NdArray {
  const [entries, ...entryShape] = array.shape;
  const size = elementCount(entryShape);
  const reduce =
    typeof reduceBy === 'function' ? reduceBy : reduceBy === 'first' ? (v: Float64Array) => v[0] : REDUCERS[reduceBy];
  const toNumber = array.dtype === 'float16' ? (bits: number | bigint) => decodeFloat16(Number(bits)) : Number;
  const values = Float64Array.from(array.data as ArrayLike<number | bigint>, toNumber);
  const result = new Float64Array(size);
  let [absolute, relative, isWithin] = [0, 0, true];
  for (let element = 0; element < size; element++) {
    const column = Float64Array.from({ length: entries }, (_, entry) => values[entry * size + element]);
    const value = reduce(column);
    result[element] = value;
    for (const entry of column) {
      const deviation = Math.abs(entry - value);
      if (deviation > absolute) absolute = deviation;
      if (deviation / Math.abs(value) > relative) relative = deviation / Math.abs(value);
      // Written so that NaN counts as a deviation.
      if (!(deviation <= atol + rtol * Math.abs(value))) isWithin = false;
    }
  }
  if (!isWithin) {
    throw new SelectionInvalid(
      `${label}: data values are not within tolerance (absolute: ${short(absolute)}, relative: ${short(relative)}). Select trains where it is steady, or give rtol or atol.`,
      { absolute, relative },
    );
  }
  if (reduceBy === 'first') {
    const first = entryView(array, 0);
    return entryShape.length === 0 ? (first.data[0] as number | bigint) : first;
  }
  return entryShape.length === 0 ? result[0] : ndarray('float64', entryShape, result);
}

/** Three digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function allEqual(array: NdArray, size: number): boolean {
  const data = array.data as ArrayLike<number | bigint | string>;
  for (let i = size; i < data.length; i++) if (data[i] !== data[i - size]) return false;
  return true;
}
