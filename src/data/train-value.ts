import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { TrainValue } from '../core/train.ts';

/**
 * Entries of one train as trains hold them: one entry loses its axis, and a single text is text.
 * @param isControl only the first entry counts, because a property has one value a train
 * @param keepDims keep the axis of entries (not of properties)
 */
export function dropSingleEntry(array: NdArray, isControl: boolean, keepDims: boolean): TrainValue {
  const [entries, ...entryShape] = array.shape;
  if (!isControl && (keepDims || entries !== 1)) return array;
  const size = array.data.length / entries;
  const data = entries === 1 ? array.data : array.data.slice(0, size);
  const entry = ndarray(array.dtype, entryShape, data as typeof array.data);
  return entry.dtype === 'string' && entryShape.length === 0 ? (entry.data[0] as string) : entry;
}
