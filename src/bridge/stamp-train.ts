import type { Train, TrainSource, TrainValue } from '../core/train.ts';

/**
 * A train whose sources have a time: those without `timestamp` get it, its seconds and its fraction, as Karabo writes them.
 * Train ids are left alone. @param now ms since the epoch
 * @source karabo_bridge, serializer.py (`dummy_timestamps`)
 */
export function stampTrain(train: Train, now: number): Train {
  const sources = new Map<string, TrainSource>();
  for (const [name, source] of train.sources) {
    const isDated = source.metadata.has('timestamp');
    sources.set(name, isDated ? source : { ...source, metadata: stamped(source.metadata, now) });
  }
  return { ...train, sources };
}

function stamped(metadata: ReadonlyMap<string, TrainValue>, now: number): Map<string, TrainValue> {
  const { timestamp, sec, frac } = sendingTime(now);
  return new Map<string, TrainValue>([
    ...metadata,
    ['timestamp', timestamp],
    ['timestamp.sec', sec],
    ['timestamp.frac', frac],
  ]);
}

/** A time as Karabo writes it: s since the epoch, and its whole seconds and attoseconds (18 digits) as text. @param now ms */
export function sendingTime(now: number): { readonly timestamp: number; readonly sec: string; readonly frac: string } {
  return {
    timestamp: now / 1000,
    sec: String(Math.floor(now / 1000)),
    frac: `${String(Math.floor(now % 1000)).padStart(3, '0')}${'0'.repeat(15)}`,
  };
}
