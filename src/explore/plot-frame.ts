import type { Frame } from '../api/frames.ts';
import type { Reduction } from '../api/run-calls.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { PlannedTrains } from './train-values.ts';

/** What all plots say of their key. */
export function plotMeta({ key, field, reduction }: PlannedTrains, changes: Partial<Reduction> = {}) {
  return {
    source: key.source,
    key: key.key,
    field,
    units: field === '' ? key.units : '',
    entryShape: [...key.entryShape],
    reduction: { ...reduction, ...changes },
  };
}

/** A frame of named columns, float64 (n). */
export function columnFrame<Meta>(
  kind: string,
  meta: Meta,
  columns: Readonly<Record<string, Float64Array | null>>,
): Frame<Meta> {
  const arrays = new Map<string, NdArray>();
  for (const [name, data] of Object.entries(columns))
    if (data) arrays.set(name, ndarray('float64', [data.length], data));
  return { kind, meta, arrays };
}
