import type { Reduction } from '../api/run-calls.ts';
import { sleep } from '../core/cancel.ts';
import { type DType, decodeFloat16, itemSizeOf, lanesOf } from '../core/dtype.ts';
import { SelectionInvalid } from '../core/errors.ts';
import { elementCount, type NdArray } from '../core/ndarray.ts';
import type { KeyData } from '../data/key-data.ts';
import { byId } from '../data/train-selection.ts';

/** A plot of more data than this takes every n-th train. */
const MOST_BYTES = 512 * 2 ** 20;
/** Read at once. */
const PIECE_BYTES = 16 * 2 ** 20;

/** The numbers of one train: all entries one after the other. Valid until the next one. */
export interface TrainNumbers {
  readonly trainId: number;
  readonly values: ArrayLike<number>;
}

/** What a plot reads: the key's trains with data, thinned out where there is too much. */
export interface PlannedTrains {
  readonly key: KeyData;
  /** Field of a record; '' for plain data. */
  readonly field: string;
  readonly trainIds: readonly number[];
  /** Values of the longest train. */
  readonly length: number;
  /** Whether all trains have one value. */
  readonly isScalar: boolean;
  readonly reduction: Reduction;
}

/** @throws SelectionInvalid for text and for a record without the name of a field */
export function planTrains(key: KeyData, field: string): PlannedTrains {
  const dtype = plottedType(key, field);
  const elements = elementCount(key.entryShape);
  const counts = key.dataCounts();
  const present = key.trainIds.filter((_, i) => counts[i] > 0);
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const bytes = counts.reduce((a, b) => a + b, 0) * elements * itemSizeOf(dtype);
  const step = Math.max(1, Math.ceil(bytes / MOST_BYTES));
  const trainIds = present.filter((_, i) => i % step === 0);
  return {
    key,
    field,
    trainIds,
    length: most * elements,
    isScalar: most * elements === 1,
    reduction: { trains: present.length, trainsRead: trainIds.length, trainsPerPoint: 1, elementsPerPoint: 1 },
  };
}

function plottedType(key: KeyData, field: string): DType {
  const name = `${key.source} ${key.key}`;
  if (!key.isReadable) throw new SelectionInvalid(`${name} is unreadable: it cannot be plotted.`, { key: key.key });
  const { dtype } = key;
  if (dtype === 'string')
    throw new SelectionInvalid(`${name} is string: it cannot be plotted. Look at its changes.`, { key: key.key });
  if (dtype !== 'record') return dtype;
  const found = key.fields.find((each) => each.name === field);
  const names = key.fields.map((each) => each.name).join(', ');
  if (!found)
    throw new SelectionInvalid(
      field === ''
        ? `${name} is record: it cannot be plotted as a whole. Choose one of its fields: ${names}.`
        : `${name} has no field "${field}". It has ${names}.`,
      { key: key.key, field },
    );
  return found.dtype;
}

/** Reads the planned trains one after the other, a few megabytes at once. */
export async function* readTrains(plan: PlannedTrains, signal?: AbortSignal): AsyncIterable<TrainNumbers> {
  const { key, field, trainIds } = plan;
  const width = elementCount(key.entryShape);
  const trainBytes = Math.max(1, key.byteSize / Math.max(1, plan.reduction.trains));
  const atOnce = Math.max(1, Math.floor(PIECE_BYTES / trainBytes));
  for (let start = 0; start < trainIds.length; start += atOnce) {
    signal?.throwIfAborted();
    // A worker hears of an abort only when it waits.
    if (start > 0) await sleep(0, signal);
    const part = key.selectTrains(byId(trainIds.slice(start, start + atOnce)));
    const array = field === '' ? await part.read({ signal }) : (await part.readFields()).get(field);
    if (!array) return;
    const values = toNumbers(array);
    const { starts, stops } = part.trainIndexBounds();
    for (const [i, trainId] of part.trainIds.entries())
      yield { trainId, values: values.subarray(starts[i] * width, stops[i] * width) };
  }
}

type Numbers =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Elements as numbers: 64-bit integers and half floats are converted, complex ones become their size. */
export function toNumbers({ dtype, data }: NdArray): Numbers {
  if (dtype === 'int64' || dtype === 'uint64') return Float64Array.from(data as BigInt64Array, Number);
  if (dtype === 'float16') return Float32Array.from(data as Uint16Array, decodeFloat16);
  if (lanesOf(dtype) === 2) {
    const pairs = data as Float64Array;
    return Float64Array.from({ length: pairs.length / 2 }, (_, i) => Math.hypot(pairs[2 * i], pairs[2 * i + 1]));
  }
  return data as Numbers;
}
