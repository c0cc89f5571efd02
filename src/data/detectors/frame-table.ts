import { FormatInvalid } from '../../core/errors.ts';
import type { EntryBlock, KeyData } from '../key-data.ts';
import type { RunFile } from '../run-file.ts';

/** Where the entries of one module in one train start. */
export interface TrainRows {
  readonly file: RunFile;
  readonly first: number;
}

/** Per train: entries of a module, and where those of each module lie. Modules without entries are left out. */
export type FrameTable = ReadonlyMap<number, { readonly count: number; readonly rows: ReadonlyMap<number, TrainRows> }>;

/** Chosen entries by train: positions in it, in reading order. */
export type ChosenFrames = ReadonlyMap<number, readonly number[]>;

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

/** What a row of one module's part of a stack is. */
export const ROW = { padding: 0, missing: 1, present: 2 } as const;

/** Where the chosen frames of one module come from and go to. */
export interface ModulePlan {
  /** Pieces that are consecutive both in the file and in the stack. */
  readonly blocks: readonly EntryBlock[];
  /** One of {@link ROW} for each row of the stack. */
  readonly rows: Uint8Array;
}

/**
 * Plans the reading of one module.
 * @param module number, or null for a module of the detector that the run does not have
 * @param places row of each chosen frame in the stack; default one after the other
 * @param rowCount rows of the stack
 */
export function planModule(
  module: number | null,
  table: FrameTable,
  chosen: ChosenFrames,
  rowCount: number,
  places?: readonly number[],
): ModulePlan {
  const blocks: EntryBlock[] = [];
  const rows = new Uint8Array(rowCount);
  let frame = 0;
  for (const [trainId, positions] of chosen) {
    const start = module === null ? undefined : table.get(trainId)?.rows.get(module);
    for (const position of positions) {
      const outEntry = places ? places[frame] : frame;
      frame++;
      rows[outEntry] = start ? ROW.present : ROW.missing;
      if (!start) continue;
      const first = start.first + position;
      const last = blocks.at(-1);
      const isNext =
        last?.file === start.file && last.first + last.count === first && last.outEntry + last.count === outEntry;
      if (last && isNext) blocks[blocks.length - 1] = { ...last, count: last.count + 1 };
      else blocks.push({ file: start.file, first, count: 1, outEntry });
    }
  }
  return { blocks, rows };
}
