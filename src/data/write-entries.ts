import type { KeyData } from './key-data.ts';
import type { RunFile } from './run-file.ts';

/** Entries of one train that lie together in a file. */
export interface TrainEntries {
  readonly file: RunFile;
  readonly first: number;
  readonly count: number;
  /** Of an entry that is a burst, only the frame at this place of its first axis; then `count` is 1. */
  readonly frame?: number;
}

/** Entries of an index group by train, in the order in which they are written: by train id. */
export type EntryTable = ReadonlyMap<number, readonly TrainEntries[]>;

/** A piece of entries that is together in its file and in what is written. */
export interface EntryRun extends TrainEntries {
  /** First entry in what is written. */
  readonly outEntry: number;
}

/**
 * Where the entries of a key lie, train by train. Trains that are out of order in a file, or in several pieces, are brought
 * together, so that INDEX can say where each starts (the original fails for them).
 */
export function entryTable(key: KeyData): EntryTable {
  const table = new Map<number, TrainEntries[]>(key.trainIds.map((trainId) => [trainId, []]));
  for (const { file, first, trains } of key.segments) {
    let entry = first;
    for (const [trainId, count] of trains) {
      table.get(trainId)?.push({ file, first: entry, count });
      entry += count;
    }
  }
  return table;
}

/** The pieces of a table in writing order, as long as possible. */
export function entryRuns(table: EntryTable): EntryRun[] {
  const runs: EntryRun[] = [];
  let outEntry = 0;
  for (const pieces of table.values()) {
    for (const piece of pieces) {
      const last = runs.at(-1);
      if (
        last &&
        piece.frame === undefined &&
        last.frame === undefined &&
        last.file === piece.file &&
        last.first + last.count === piece.first
      )
        runs[runs.length - 1] = { ...last, count: last.count + piece.count };
      else runs.push({ ...piece, outEntry });
      outEntry += piece.count;
    }
  }
  return runs;
}

/** Entries of a table. */
export function entryTotal(table: EntryTable): number {
  let total = 0;
  for (const pieces of table.values()) for (const { count } of pieces) total += count;
  return total;
}

/** Cuts pieces so that none of the batches has more than `most` entries; batches end at multiples of `most`. */
export function* entryBatches(runs: readonly EntryRun[], most: number): Iterable<readonly TrainEntries[]> {
  let batch: TrainEntries[] = [];
  let room = most;
  for (const { file, first, count, frame } of runs) {
    for (let done = 0; done < count; ) {
      const taken = Math.min(room, count - done);
      batch.push({ file, first: first + done, count: taken, ...(frame === undefined ? {} : { frame }) });
      done += taken;
      room -= taken;
      if (room > 0) continue;
      yield batch;
      batch = [];
      room = most;
    }
  }
  if (batch.length > 0) yield batch;
}
