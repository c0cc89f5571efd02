import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import type { KeyData } from './key-data.ts';
import type { SourceData } from './source-data.ts';

/** How to read trains. */
export interface TrainOptions {
  /** Keep the axis of entries of output channels even where there is one entry. */
  readonly keepDims?: boolean;
  readonly signal?: AbortSignal;
}

/** A source and its keys, looked up once for all trains. */
export interface TrainReader {
  readonly source: string;
  readonly keys: readonly KeyData[];
}

/** Looks the keys of sources up. */
export function toTrainReaders(sources: readonly SourceData[]): TrainReader[] {
  return sources.map((source) => ({ source: source.name, keys: source.keys().map((name) => source.key(name)) }));
}

/** What the sources say in one train, as a {@link Train} holds it. Sources without entries have metadata only. */
export async function readTrainSources(
  readers: readonly TrainReader[],
  trainId: number,
  options: TrainOptions = {},
): Promise<ReadonlyMap<string, TrainSource>> {
  const found = new Map<string, TrainSource>();
  for (const { source, keys } of readers) {
    options.signal?.throwIfAborted();
    const data = new Map<string, TrainValue>();
    for (const key of keys) {
      const value = await key.readTrainValue(trainId, options);
      if (value !== null) data.set(key.key, value);
    }
    found.set(source, {
      data,
      metadata: new Map<string, TrainValue>([
        ['source', source],
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
