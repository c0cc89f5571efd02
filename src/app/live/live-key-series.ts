import { create } from 'zustand';
import { decodeFloat16, lanesOf } from '../../core/dtype.ts';
import { isNdArray } from '../../core/ndarray.ts';
import type { TrainValue } from '../../core/train.ts';
import { serverTrains } from '../server-trains.ts';

/** A key that is plotted live. */
export interface PlottedKey {
  readonly source: string;
  readonly key: string;
}

/** What was received of it: values of a scalar by train, or the last curve. */
export type KeySeries =
  | { readonly kind: 'scalar'; readonly trainIds: readonly number[]; readonly values: readonly number[] }
  | { readonly kind: 'curve'; readonly trainId: number; readonly values: Float64Array }
  /** It cannot be plotted here. */
  | { readonly kind: 'other'; readonly trainId: number; readonly text: string };

interface PlottedSeries {
  readonly plotted: PlottedKey | null;
  readonly series: KeySeries | null;
  /** Why nothing comes. */
  readonly error: string | null;
  plot(key: PlottedKey | null): void;
}

/** Trains of a scalar that are kept. */
const HISTORY = 1000;
/** Longer arrays are told by their shape only. */
const LONGEST_CURVE = 100_000;
/** Drawn at most this often, ms. */
const PERIOD_MS = 90;

/** The key that the live plot shows. */
export const usePlottedKey = create<PlottedSeries>((set) => ({
  plotted: null,
  series: null,
  error: null,
  plot: (plotted) => set({ plotted, series: null, error: null }),
}));

/** Receives a key for the plot until the signal. */
export async function receiveKey({ source, key }: PlottedKey, signal: AbortSignal): Promise<void> {
  let trainIds: number[] = [];
  let values: number[] = [];
  let drawnAt = 0;
  try {
    for await (const train of serverTrains({ source: plain(source), key: plain(key), signal })) {
      const value = train.sources.get(source)?.data.get(key);
      if (value === undefined) continue;
      const read = readValue(value);
      if (read.kind === 'scalar') {
        // A replay that begins again begins a new curve.
        if (trainIds.length > 0 && train.trainId < trainIds[trainIds.length - 1]) [trainIds, values] = [[], []];
        trainIds.push(train.trainId);
        values.push(read.value);
      }
      const now = performance.now();
      if (now - drawnAt < PERIOD_MS) continue;
      drawnAt = now;
      if (read.kind === 'scalar') {
        trainIds = trainIds.slice(-HISTORY);
        values = values.slice(-HISTORY);
        usePlottedKey.setState({
          series: { kind: 'scalar', trainIds: [...trainIds], values: [...values] },
          error: null,
        });
      } else usePlottedKey.setState({ series: { ...read, trainId: train.trainId }, error: null });
    }
  } catch (error) {
    if (!signal.aborted) usePlottedKey.setState({ error: error instanceof Error ? error.message : String(error) });
  }
}

type ReadValue =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'curve'; readonly values: Float64Array }
  | { readonly kind: 'other'; readonly text: string };

/** A value as what can be plotted of it. */
export function readValue(value: TrainValue): ReadValue {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return { kind: 'scalar', value: Number(value) };
  if (typeof value === 'string') return { kind: 'other', text: value };
  if (!isNdArray(value)) return { kind: 'other', text: 'It is neither a number nor an array of numbers.' };
  const { dtype, shape, data } = value;
  if (dtype === 'string' || lanesOf(dtype) > 1)
    return { kind: 'other', text: `Arrays of ${dtype === 'string' ? 'text' : dtype} are not plotted.` };
  const toNumber = dtype === 'float16' ? (each: unknown) => decodeFloat16(each as number) : Number;
  if (data.length === 1) return { kind: 'scalar', value: toNumber(data[0]) };
  const long = shape.filter((length) => length !== 1);
  if (long.length !== 1 || data.length > LONGEST_CURVE || data.length === 0)
    return { kind: 'other', text: `${dtype} [${shape.join(', ')}]: numbers and curves are plotted here.` };
  return { kind: 'curve', values: Float64Array.from(data as ArrayLike<unknown> as ArrayLike<number>, toNumber) };
}

/** Names are patterns for the server: their own pattern characters are put in brackets. */
function plain(name: string): string {
  return name.replace(/[*?[]/g, '[$&]');
}
