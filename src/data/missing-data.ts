import type { Run } from './run.ts';

/** Neighbouring trains, by position, that all have data or all have none: `[start, stop)`. */
export interface TrainBlock {
  readonly start: number;
  readonly stop: number;
  readonly hasData: boolean;
}

/** Where one source (or one index group of it) has data. */
export interface DataPresence {
  readonly source: string;
  /** null for all index groups together. */
  readonly group: string | null;
  /** The source's alias where it has one, else its name; with the index group, if any. */
  readonly label: string;
  /** Trains with data. */
  readonly trains: number;
  readonly percent: number;
  /** All trains of the run, cut where data begin or end. */
  readonly blocks: readonly TrainBlock[];
}

/** Which sources to list. */
export interface MissingDataOptions {
  /** Only sources with data in at most this percentage of trains. Default 95. */
  readonly minSavedPercent?: number;
  /** One row for each index group of an output channel. Default false: a train has data if any group has. */
  readonly expandInstrument?: boolean;
}

/**
 * Sources that lack data, most complete first: what a plot of missing data shows. Devices with run values only are left out.
 * @source EXtra-data DataCollection.plot_missing_data
 */
export function findMissingData(run: Run, options: MissingDataOptions = {}): DataPresence[] {
  const { minSavedPercent = 95, expandInstrument = false } = options;
  const aliases = new Map<string, string>();
  for (const [alias, { source, key }] of run.aliases.table.targets)
    if (key === null && !aliases.has(source)) aliases.set(source, alias);
  const rows: DataPresence[] = [];
  for (const name of run.sources) {
    const source = run.source(name);
    if (source.isRunOnly) continue;
    for (const group of expandInstrument && source.isInstrument ? source.indexGroups() : [null]) {
      const hasData = source.dataCounts(group ?? undefined).map((count) => count > 0);
      const trains = hasData.filter(Boolean).length;
      const percent = hasData.length === 0 ? 100 : (trains / hasData.length) * 100;
      const label = `${aliases.get(name) ?? name}${group === null ? '' : ` ${group}`}`;
      rows.push({ source: name, group, label, trains, percent, blocks: toBlocks(hasData) });
    }
  }
  return rows
    .filter((row) => row.percent <= minSavedPercent)
    .sort((a, b) => b.trains - a.trains || (a.label < b.label ? 1 : -1));
}

function toBlocks(hasData: readonly boolean[]): TrainBlock[] {
  const blocks: { start: number; stop: number; hasData: boolean }[] = [];
  for (const [i, has] of hasData.entries()) {
    const last = blocks.at(-1);
    if (last?.hasData === has) last.stop = i + 1;
    else blocks.push({ start: i, stop: i + 1, hasData: has });
  }
  return blocks;
}
