import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { TrainSource, TrainValue } from '../core/train.ts';
import type { KeyData } from './key-data.ts';
import type { SourceData } from './source-data.ts';

/** What the sources say in one train, as a {@link Train} holds it. Sources without entries have metadata only. */
export async function readTrainSources(
  sources: readonly SourceData[],
  trainId: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, TrainSource>> {
  const found = new Map<string, TrainSource>();
  for (const whole of sources) {
    signal?.throwIfAborted();
    const source = whole.selectTrains({ by: 'id', ids: [trainId] });
    const data = new Map<string, TrainValue>();
    for (const name of source.keys()) {
      const value = await readValue(source.key(name), source.kind === 'control', signal);
      if (value !== undefined) data.set(name, value);
    }
    found.set(source.name, {
      data,
      metadata: new Map<string, TrainValue>([
        ['source', source.name],
        ['timestamp.tid', BigInt(trainId)],
      ]),
    });
  }
  return found;
}

async function readValue(
  key: KeyData,
  isControl: boolean,
  signal: AbortSignal | undefined,
): Promise<TrainValue | undefined> {
  if (key.shape[0] === 0) return undefined;
  if (key.dtype === 'record') {
    const fields = await key.readFields();
    return new Map([...fields].map(([name, array]) => [name, dropSingle(array, isControl)]));
  }
  return dropSingle(await key.read({ signal }), isControl);
}

/** One entry loses its axis; of a control source only the first entry counts, because it has one value a train. */
function dropSingle(array: NdArray, isControl: boolean): TrainValue {
  const [entries, ...entryShape] = array.shape;
  if (entries !== 1 && !isControl) return array;
  const size = array.data.length / entries;
  const data = entries === 1 ? array.data : array.data.slice(0, size);
  const entry = ndarray(array.dtype, entryShape, data as typeof array.data);
  return entry.dtype === 'string' && entryShape.length === 0 ? (entry.data[0] as string) : entry;
}
