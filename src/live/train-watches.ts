import { byteSizeOf, isNdArray, type NdArray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import type { TrainFilter, WatchedTrain } from './engine.ts';

/** A copy for a watcher, and the memory that may be handed over with it. */
export interface WatchedCopy {
  readonly watched: WatchedTrain;
  readonly buffers: readonly ArrayBuffer[];
}

interface Watch {
  readonly filter: TrainFilter;
  isReady: boolean;
}

/** More is not sent to one who watches, bytes: whoever wants whole detectors ten times a second reads the bridge itself. */
const MAX_BYTES = 256 * 2 ** 20;

/** Who wants trains as they are received. Costs nothing while nobody does; a copy is made only for who is ready for it. */
export class TrainWatches {
  readonly #watches = new Map<number, Watch>();
  readonly #send: (id: number, copy: WatchedCopy) => void;

  /** @param send takes a copy to the watcher of that id */
  constructor(send: (id: number, copy: WatchedCopy) => void) {
    this.#send = send;
  }

  /** Adds a watcher, who is ready at once. */
  add(id: number, filter: TrainFilter): void {
    this.#watches.set(id, { filter, isReady: true });
  }

  /** The watcher has dealt with its last train. */
  ready(id: number): void {
    const watch = this.#watches.get(id);
    if (watch) watch.isReady = true;
  }

  /** Takes a watcher away. */
  remove(id: number): void {
    this.#watches.delete(id);
  }

  /** Hands a train to those who are ready for it and want something of it. */
  offer(train: Train): void {
    for (const [id, watch] of this.#watches) {
      if (!watch.isReady) continue;
      const copy = copyOfTrain(train, watch.filter, MAX_BYTES);
      if (!copy) continue;
      watch.isReady = false;
      this.#send(id, copy);
    }
  }
}

/**
 * A copy of what fits the filter, in memory of its own; null if nothing does.
 * @param maxBytes of all arrays together; beyond that the copy is refused in words
 */
export function copyOfTrain(train: Train, { source, key }: TrainFilter, maxBytes: number): WatchedCopy | null {
  const chosen: (readonly [string, TrainSource, readonly (readonly [string, TrainValue])[]])[] = [];
  let bytes = 0;
  for (const [name, each] of train.sources) {
    if (!source.test(name)) continue;
    const values = [...each.data].filter(([keyName]) => key.test(keyName));
    if (values.length === 0 && each.data.size > 0) continue;
    for (const [, value] of values) if (isNdArray(value) && value.dtype !== 'string') bytes += byteSizeOf(value);
    chosen.push([name, each, values]);
  }
  if (chosen.length === 0) return null;
  if (bytes > maxBytes) {
    const [asked, most] = [bytes, maxBytes].map((value) => Math.ceil(value / 2 ** 20));
    const refused = `What is asked for takes ${asked} MiB in a train, more than ${most} MiB. Ask for fewer sources or keys.`;
    return { watched: { refused }, buffers: [] };
  }
  const buffers: ArrayBuffer[] = [];
  const sources = new Map<string, TrainSource>();
  for (const [name, { metadata }, values] of chosen)
    sources.set(name, { data: copyOfMap(values, buffers), metadata: copyOfMap(metadata, buffers) });
  const { trainId, receivedAt } = train;
  return { watched: { train: { trainId, sources, receivedAt } }, buffers };
}

function copyOfMap(values: Iterable<readonly [string, TrainValue]>, buffers: ArrayBuffer[]): Map<string, TrainValue> {
  const copy = new Map<string, TrainValue>();
  for (const [key, value] of values) copy.set(key, copyOf(value, buffers));
  return copy;
}

/** Views would take their whole memory along, which is shared with the threads. */
function copyOf(value: TrainValue, buffers: ArrayBuffer[]): TrainValue {
  if (isNdArray(value)) {
    const data = value.data.slice();
    if (!Array.isArray(data)) buffers.push((data as Uint8Array<ArrayBuffer>).buffer);
    return { dtype: value.dtype, shape: [...value.shape], data } as NdArray;
  }
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map((each: TrainValue) => copyOf(each, buffers));
  if (value instanceof Map) return copyOfMap(value, buffers);
  return value;
}
