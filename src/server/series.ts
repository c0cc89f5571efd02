import type { SeriesMeta } from '../api/run-contract.ts';
import { SelectionInvalid } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import type { KeyData } from '../data/key-data.ts';

/** Entries of more elements are pictures, not curves. */
const MAX_ELEMENTS = 100_000;
/** Elements read at once. */
const ELEMENTS_AT_ONCE = 4_000_000;

/**
 * One value for each entry of a key: the value itself, or the mean of its elements with their 16 % and 84 % quantiles.
 * @returns arrays `trainId`, `value` (and `low`, `high`), all (entries) float64
 * @throws SelectionInvalid for text and for pictures
 */
export async function summariseSeries(
  key: KeyData,
  signal: AbortSignal,
): Promise<{ meta: SeriesMeta; arrays: Map<string, NdArray> }> {
  const elements = elementCount(key.entryShape);
  if (!key.isReadable || key.dtype === 'string' || key.dtype === 'record') {
    throw new SelectionInvalid(
      `${key.source} ${key.key} is ${key.isReadable ? key.dtype : 'unreadable'}: it cannot be plotted.`,
      { key: key.key },
    );
  }
  if (elements > MAX_ELEMENTS) {
    throw new SelectionInvalid(
      `${key.source} ${key.key} has ${elements} elements an entry: it is a picture, not a curve.`,
      { key: key.key },
    );
  }
  const trainIds = key.trainIdCoordinates();
  const entries = trainIds.length;
  const value = new Float64Array(entries);
  const low = new Float64Array(elements > 1 ? entries : 0);
  const high = new Float64Array(elements > 1 ? entries : 0);
  const allTrains = key.trainIds;
  const trainsAtOnce = Math.max(1, Math.floor(ELEMENTS_AT_ONCE / elements));
  let entry = 0;
  for (let start = 0; start < allTrains.length; start += trainsAtOnce) {
    signal.throwIfAborted();
    const part = await key.selectTrains({ by: 'index', start, stop: start + trainsAtOnce }).read({ signal });
    const data = part.data as ArrayLike<number | bigint>;
    for (let from = 0; from < data.length; from += elements, entry++) {
      if (elements === 1) {
        value[entry] = Number(data[from]);
        continue;
      }
      const sorted = Float64Array.from({ length: elements }, (_, i) => Number(data[from + i]))
        .filter((v) => !Number.isNaN(v))
        .sort();
      value[entry] = sorted.reduce((sum, v) => sum + v, 0) / sorted.length;
      low[entry] = sorted[Math.floor(0.16 * (sorted.length - 1))] ?? Number.NaN;
      high[entry] = sorted[Math.ceil(0.84 * (sorted.length - 1))] ?? Number.NaN;
    }
  }
  const column = (data: Float64Array) => ndarray('float64', [data.length], data);
  const arrays = new Map<string, NdArray>([
    ['trainId', column(Float64Array.from(trainIds))],
    ['value', column(value)],
  ]);
  if (elements > 1) {
    arrays.set('low', column(low));
    arrays.set('high', column(high));
  }
  return { meta: { source: key.source, key: key.key, units: key.units, entryShape: [...key.entryShape] }, arrays };
}
