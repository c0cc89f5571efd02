import { isXfelError } from '../core/errors.ts';
import type { Hdf5File } from '../formats/hdf5.ts';
import type { DataProblem } from './data-problem.ts';
import type { FileEntry } from './file-store.ts';
import { OpenFileLimit } from './open-file-limit.ts';
import type { RunPorts } from './open-folder.ts';
import { RunFile } from './run-file.ts';
import { findRunMap, isCurrentEntry, type RunMapEntry, runMapPaths, toMapEntry } from './run-map.ts';
import { FILE_CHECK_NAMES, validateFile } from './validate-file.ts';

/** Names of all checks, in the order in which they run; each can be left out. */
export const CHECK_NAMES: readonly string[] = [...FILE_CHECK_NAMES, 'run_json_cache'];

/** How to validate. */
export interface ValidationOptions {
  /** Names of checks to leave out; see {@link CHECK_NAMES}. */
  readonly skip?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  /** Called after each file. */
  readonly onProgress?: (progress: ValidationProgress) => void;
}

/** How far the validation of a run is. */
export interface ValidationProgress {
  readonly done: number;
  readonly files: number;
  readonly problems: number;
  /** Files with problems, by name. */
  readonly badFiles: readonly string[];
}

/** What validating one file gave. */
interface CheckedFile {
  readonly problems: readonly DataProblem[];
  /** What a run map should say of the file; null if it cannot be used. */
  readonly entry: RunMapEntry | null;
}

/** What is wrong with a single file, or with the first that keeps it from being opened. */
export async function validateDataFile(
  ports: RunPorts,
  path: string,
  { skip }: ValidationOptions = {},
): Promise<{ readonly problems: readonly DataProblem[]; readonly isUsable: boolean }> {
  const { problems, entry } = await checkFile(ports, path, skip);
  return { problems, isUsable: entry !== null };
}

/**
 * What is wrong with the files of a run folder, and with its map of files.
 * @throws RunNotFound if the folder cannot be listed
 * @source EXtra-data validation.py, RunValidator
 */
export async function validateRun(
  ports: RunPorts,
  folder: string,
  { skip, signal, onProgress }: ValidationOptions = {},
): Promise<DataProblem[]> {
  const names = (await ports.files.list(folder)).filter((name) => name.endsWith('.h5'));
  const problems: DataProblem[] = [];
  const badFiles: string[] = [];
  const entries: RunMapEntry[] = [];
  for (const [i, name] of names.entries()) {
    signal?.throwIfAborted();
    const checked = await checkFile(ports, ports.files.join(folder, name), skip);
    problems.push(...checked.problems);
    if (checked.problems.length > 0) badFiles.push(name);
    if (checked.entry) entries.push(checked.entry);
    onProgress?.({ done: i + 1, files: names.length, problems: problems.length, badFiles });
  }
  if (entries.length === 0) problems.push({ msg: 'No usable files found', facts: { directory: folder } });
  if (!skip?.has('run_json_cache')) problems.push(...(await checkRunMap(ports, folder, entries)));
  return problems;
}

async function checkFile(ports: RunPorts, path: string, skip?: ReadonlySet<string>): Promise<CheckedFile> {
  const found = await ports.files.entry(path);
  const unusable = (msg: string, error: string): CheckedFile => ({
    problems: [{ msg, facts: { error, file: path } }],
    entry: null,
  });
  let file: RunFile;
  try {
    const hdf5 = await ports.hdf5.open(path);
    try {
      const missing = missingPart(hdf5);
      if (missing) {
        hdf5.close();
        return unusable('Could not open HDF5 file', missing);
      }
      file = new RunFile(hdf5, new OpenFileLimit(), true);
    } catch (error) {
      hdf5.close();
      throw error;
    }
  } catch (error) {
    if (!isXfelError(error)) throw error;
    // What the file system refuses has its own reason; what HDF5 says of it would confuse.
    const isSystem = typeof (error.cause as { code?: unknown } | undefined)?.code === 'string';
    return unusable(isSystem ? 'Could not access file' : 'Could not open HDF5 file', error.message);
  }
  try {
    return { problems: validateFile(file, skip), entry: toMapEntry(file, found as FileEntry) };
  } finally {
    file.close();
  }
}

/** What keeps a file from being one of the European XFEL, in the words of the original; null if nothing does. */
function missingPart(hdf5: Hdf5File): string | null {
  const has = (path: string) => hdf5.kindOf(path) === 'dataset';
  if (!has('/INDEX/trainId')) return 'INDEX/trainId dataset not found';
  const list = 'dataSourceId';
  if (has(`/METADATA/dataSources/${list}`) || has(`/METADATA/${list}`)) return null;
  return `METADATA/dataSources/${list} not found`;
}

/** Entries that are said to be current but tell of other trains or sources. Outdated ones are no problem: nobody uses them. */
async function checkRunMap(
  { files }: RunPorts,
  folder: string,
  entries: readonly RunMapEntry[],
): Promise<DataProblem[]> {
  const map = await findRunMap(files, await runMapPaths(files, folder));
  if (!map) return [];
  const problems: DataProblem[] = [];
  for (const now of entries) {
    const path = files.join(folder, now.filename);
    const known = map.entries.get(now.filename);
    const found = await files.entry(path);
    if (!known || !found || !isCurrentEntry(known, found) || isSameEntry(known, now)) continue;
    problems.push({ msg: 'Incorrect data map cache entry', facts: { cache_file: map.path, data_file: path } });
  }
  return problems;
}

function isSameEntry(a: RunMapEntry, b: RunMapEntry): boolean {
  const facts = (entry: RunMapEntry) => [
    entry.train_ids,
    [...entry.control_sources].sort(),
    // Whether old names are among the sources differs from version to version of the original.
    [...new Set([...entry.instrument_sources, ...Object.keys(entry.legacy_sources)])].sort(),
  ];
  return JSON.stringify(facts(a)) === JSON.stringify(facts(b));
}
