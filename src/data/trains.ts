import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import type { SourceData } from './source-data.ts';

/** How to read trains. */
export interface TrainOptions {
  /** Keep the axis of entries of output channels even where there is one entry. */
  readonly keepDims?: boolean;
  readonly signal?: AbortSignal;
}

/** What the sources say in one train, as a {@link Train} holds it. Sources without entries have metadata only. */
export async function readTrainSources(
  sources: readonly SourceData[],
  trainId: number,
  options: TrainOptions = {},
): Promise<ReadonlyMap<string, TrainSource>> {
  const found = new Map<string, TrainSource>();
  for (const whole of sources) {
    options.signal?.throwIfAborted();
    const source = whole.selectTrains({ by: 'id', ids: [trainId] });
    const data = new Map<string, TrainValue>();
    for (const name of source.keys()) {
      const value = await source.key(name).readTrainValue(trainId, options);
      if (value !== null) data.set(name, value);
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

/** One value of a train with its two names; the key `metadata` holds a source's metadata. */
export type FlatTrainEntry = readonly [source: string, key: string, value: TrainValue];

/** The values of a train in one list, each source's metadata under the key `metadata`. */
export function flattenTrain(train: Train): FlatTrainEntry[] {
  return [...train.sources].flatMap(([source, { data, metadata }]): FlatTrainEntry[] => [
    ...[...data].map(([key, value]): FlatTrainEntry => [source, key, value]),
    [source, 'metadata', metadata],
  ]);
}
