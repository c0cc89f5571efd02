import { FormatInvalid } from '../../core/errors.ts';
import type { KeyData } from '../key-data.ts';
import type { RunFile } from '../run-file.ts';

/** Where the entries of one module in one train start. */
export interface TrainRows {
  readonly file: RunFile;
  readonly first: number;
}

/** Per train: entries of a module, and where those of each module lie. Modules without entries are left out. */
export type FrameTable = ReadonlyMap<number, { readonly count: number; readonly rows: ReadonlyMap<number, TrainRows> }>;

/**
 * Aligns the modules of a detector by train.
 * @param keys module number -> a key of the index group in question
 * @throws FormatInvalid if two modules have different numbers of entries in a train
 */
export function frameTable(keys: ReadonlyMap<number, KeyData>): FrameTable {
  const table = new Map<number, { count: number; rows: Map<number, TrainRows> }>();
  for (const [module, key] of keys) {
    for (const { file, first, trains } of key.segments) {
      let row = first;
      for (const [trainId, count] of trains) {
        const known = table.get(trainId) ?? { count, rows: new Map<number, TrainRows>() };
        table.set(trainId, known);
        if (known.count !== count) {
          throw new FormatInvalid(
            `Inconsistent frame counts for train ${trainId}: ${count} of ${key.source}, ${known.count} of another module. Leave the train or the module out.`,
            { trainId, source: key.source },
          );
        }
        known.rows.set(module, { file, first: row });
        row += count;
      }
    }
  }
  return table;
}
