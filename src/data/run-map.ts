import type { FileEntry, FileStore } from './file-store.ts';
import type { KnownFileIndex, RunFile } from './run-file.ts';
import { pathInProposal } from './run-path.ts';

/**
 * What a run map says of one file. The names are those of the JSON file that EXtra-data reads and writes, too.
 * @source EXtra-data run_files_map.py, `karabo_data_map.json`
 */
export interface RunMapEntry {
  readonly filename: string;
  /** s since the epoch, as Python has it */
  readonly mtime: number;
  readonly size: number;
  readonly train_ids: readonly number[];
  readonly control_sources: readonly string[];
  readonly instrument_sources: readonly string[];
  readonly legacy_sources: Readonly<Record<string, string>>;
  /** Positions in `train_ids`. */
  readonly suspect_train_indices: readonly number[];
}

/** Python's `st_mtime`: the float that the map holds. */
function pythonTime(ns: bigint): number {
  return Number(ns / 1_000_000_000n) + 1e-9 * Number(ns % 1_000_000_000n);
}

/** Entries by file name; what is not a proper entry is left out, and a text that is no map has none. */
export function parseRunMap(text: string): Map<string, RunMapEntry> {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    // A map is only a shortcut: a damaged one is as good as none, and is written anew.
    return new Map();
  }
  const entries = Array.isArray(list) ? list.filter(isEntry) : [];
  return new Map(entries.map((entry) => [entry.filename, entry]));
}

function isEntry(value: unknown): value is RunMapEntry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Record<string, unknown>;
  const legacy = entry['legacy_sources'];
  const trains = entry['train_ids'];
  const suspects = entry['suspect_train_indices'];
  return (
    typeof entry['filename'] === 'string' &&
    typeof entry['mtime'] === 'number' &&
    typeof entry['size'] === 'number' &&
    areTrainIds(trains) &&
    isListOf(suspects, (i) => Number.isInteger(i) && (i as number) >= 0 && (i as number) < trains.length) &&
    isListOf(entry['control_sources'], isText) &&
    isListOf(entry['instrument_sources'], isText) &&
    typeof legacy === 'object' &&
    legacy !== null &&
    Object.values(legacy).every(isText)
  );
}

const isText = (value: unknown) => typeof value === 'string';

/** A loop of its own: there may be a million of them. */
function areTrainIds(value: unknown): value is number[] {
  if (!Array.isArray(value)) return false;
  for (let i = 0; i < value.length; i++) if (!Number.isSafeInteger(value[i])) return false;
  return true;
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(isItem);
}

/** Whether an entry still tells of the file that is there. */
export function isCurrentEntry(entry: RunMapEntry, file: FileEntry): boolean {
  return entry.size === file.size && entry.mtime === pythonTime(file.modifiedNs);
}

/** What opening a file needs of its entry. */
export function toKnownIndex(entry: RunMapEntry): KnownFileIndex {
  const legacySources = new Map(Object.entries(entry.legacy_sources));
  let isSuspect: readonly boolean[] | undefined;
  return {
    trainIds: entry.train_ids,
    // Few ask for it, and there may be hundreds of files.
    get isSuspect() {
      isSuspect ??= suspectFlags(entry);
      return isSuspect;
    },
    controlSources: new Set(entry.control_sources),
    // Old names are listed there, too.
    instrumentSources: new Set(entry.instrument_sources.filter((name) => !legacySources.has(name))),
    legacySources,
  };
}

function suspectFlags({ train_ids, suspect_train_indices }: RunMapEntry): readonly boolean[] {
  const flags = new Array<boolean>(train_ids.length).fill(false);
  for (const i of suspect_train_indices) flags[i] = true;
  return flags;
}

/**
 * The entry of an opened file.
 * @param found what the folder said of it before it was opened
 */
export function toMapEntry(file: RunFile, found: FileEntry): RunMapEntry {
  const { trainIds, isSuspect, controlSources, instrumentSources, legacySources } = file.index;
  const legacy = [...legacySources].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    filename: file.name,
    mtime: pythonTime(found.modifiedNs),
    size: found.size,
    train_ids: trainIds,
    control_sources: [...controlSources].sort(),
    instrument_sources: [...instrumentSources, ...legacySources.keys()].sort(),
    legacy_sources: Object.fromEntries(legacy),
    suspect_train_indices: [...isSuspect.keys()].filter((i) => isSuspect[i]),
  };
}

/** Where the map of a run folder may lie: in it, or in the proposal's scratch folder if there is one. */
export async function runMapPaths(files: FileStore, folder: string): Promise<string[]> {
  const paths = [files.join(folder, 'karabo_data_map.json')];
  const place = await pathInProposal(files, folder);
  if (!place) return paths;
  const scratch = files.join(place.proposalFolder, 'scratch');
  if ((await files.entry(scratch))?.isFolder)
    paths.push(files.join(scratch, '.karabo_data_maps', `${place.storageClass}_${place.run}.json`));
  return paths;
}

/** The newest readable map of a run folder, or null; its entries need not be current. */
export async function findRunMap(
  files: FileStore,
  paths: readonly string[],
): Promise<{ readonly path: string; readonly entries: ReadonlyMap<string, RunMapEntry> } | null> {
  const found = await Promise.all(paths.map(async (path) => ({ path, entry: await files.entry(path) })));
  const newestFirst = found
    .filter(({ entry }) => entry !== null && !entry.isFolder)
    .sort((a, b) => (b.entry?.modifiedAt ?? 0) - (a.entry?.modifiedAt ?? 0));
  for (const { path } of newestFirst) {
    const text = await files.readText(path);
    const entries = text === null ? new Map<string, RunMapEntry>() : parseRunMap(text);
    if (entries.size > 0) return { path, entries };
  }
  return null;
}

/** Entries of {@link findRunMap}; none without a map. */
export async function readRunMap(
  files: FileStore,
  paths: readonly string[],
): Promise<ReadonlyMap<string, RunMapEntry>> {
  return (await findRunMap(files, paths))?.entries ?? new Map();
}

/** Writes a map at the first of the places where that is allowed; where it is nowhere, nothing happens. */
export async function writeRunMap(
  files: FileStore,
  paths: readonly string[],
  entries: Iterable<RunMapEntry>,
): Promise<void> {
  const sorted = [...entries].sort((a, b) => (a.filename < b.filename ? -1 : 1));
  // A line for each file: half the bytes to read of a text that is indented.
  const text = `[\n${sorted.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`;
  for (const path of paths) if (await files.writeText(path, text)) return;
}
