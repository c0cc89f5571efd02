import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { RunFile } from './run-file.ts';

/** A value that the DAQ stored once at the start of a run: a scalar, or an array of several. */
export type RunValue = number | bigint | string | NdArray;

const groupOf = (source: string) => `/RUN/${source}`;
const pathOf = (source: string, key: string) => `${groupOf(source)}/${key.replaceAll('.', '/')}`;

/** Keys of the run values of a control source (`classId.value`), sorted. */
export function runValueKeys(file: RunFile, source: string): string[] {
  return [...file.keysBelow(groupOf(source))].sort();
}

/** One run value; undefined for types we cannot read. */
export function readRunValue(file: RunFile, source: string, key: string): RunValue | undefined {
  const { hdf5 } = file;
  const path = pathOf(source, key);
  if (hdf5.datasetInfo(path).type.kind !== 'plain') return undefined;
  const array = hdf5.read(path);
  if (array.shape[0] !== 1) return array.shape.length === 0 ? array.data[0] : array;
  const entry = ndarray(array.dtype, array.shape.slice(1), array.data);
  return entry.shape.length === 0 ? entry.data[0] : entry;
}

/** Element type and shape of a run value, without reading it; `unknown` for types we cannot read. */
export function runValueType(
  file: RunFile,
  source: string,
  key: string,
): { readonly dtype: string; readonly shape: readonly number[] } {
  const { type, shape } = file.hdf5.datasetInfo(pathOf(source, key));
  const dtype = type.kind === 'plain' ? type.dtype : type.kind === 'record' ? 'record' : 'unknown';
  return { dtype, shape: shape[0] === 1 ? shape.slice(1) : shape };
}
