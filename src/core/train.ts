import type { NdArray } from './ndarray.ts';

/**
 * One value of a key in one train. Integers are `bigint` and floats are `number`, so that neither loses its kind on the
 * way from a message to a file; arrays and 0-d arrays are {@link NdArray}; bytes stay bytes.
 */
export type TrainValue =
  | NdArray
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | null
  | readonly TrainValue[]
  | ReadonlyMap<string, TrainValue>;

/** What one source (a device or an output channel) says in one train. */
export interface TrainSource {
  /** Key name (`image.data`, `actualPosition.value`) -> value. */
  readonly data: ReadonlyMap<string, TrainValue>;
  /** `source`, `timestamp`, `timestamp.sec`, `timestamp.frac`, `timestamp.tid` where the sender gave them. */
  readonly metadata: ReadonlyMap<string, TrainValue>;
}

/**
 * Everything known of one train, wherever it came from: a run, a bridge, a simulator, a recording.
 * Arrays may sit in recycled memory: they are valid until `release` is called (or for ever if there is none).
 */
export interface Train {
  /** Train id of the machine; 0 when the sender gave none. */
  readonly trainId: number;
  readonly sources: ReadonlyMap<string, TrainSource>;
  /** When the train reached this program, ms since the epoch; undefined for files. */
  readonly receivedAt?: number;
  /** Hands the memory of the arrays back; call it once, when done with the train. */
  readonly release?: () => void;
}

/** A train selection by machine train id (half-open) or by position in the run (half-open, with step). */
export type TrainRange =
  | { readonly by: 'id'; readonly ids: readonly number[] }
  | { readonly by: 'id-range'; readonly start?: number; readonly stop?: number; readonly step?: number }
  | { readonly by: 'index'; readonly start?: number; readonly stop?: number; readonly step?: number };
