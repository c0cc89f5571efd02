import { FileUnreadable, isXfelError, NoData, RunNotFound } from '../core/errors.ts';
import type { Hdf5Opener } from '../formats/hdf5.ts';
import type { DataWarning, WarningCallback } from './data-warning.ts';
import type { FileStore } from './file-store.ts';
import { toNamePattern } from './name-pattern.ts';
import type { OpenFileLimit } from './open-file-limit.ts';
import { openOverview } from './overview.ts';
import { RunFile } from './run-file.ts';
import {
  isCurrentEntry,
  type RunMapEntry,
  readRunMap,
  runMapPaths,
  toKnownIndex,
  toMapEntry,
  writeRunMap,
} from './run-map.ts';
import type { SkippedFile } from './run-parts.ts';

/** What opening runs needs. */
export interface RunPorts {
  readonly files: FileStore;
  readonly hdf5: Hdf5Opener;
  /** Folder with each instrument's default aliases, `<instrument>/extra-data-aliases-default.yml`. */
  readonly softwareRoot?: string;
  /** Receives warnings where the caller gives no `onWarning`. */
  readonly onWarning?: WarningCallback;
}

/** Which files of a folder to open, and how. */
export interface OpenFolderOptions {
  /** Shell pattern of file names. */
  readonly include?: string;
  /** Takes the paths of all files that match `include`, gives those to open. */
  readonly fileFilter?: (paths: readonly string[]) => readonly string[] | Promise<readonly string[]>;
  /** Keep trains that the DAQ, or their order, marks as doubtful. Default true. */
  readonly includeSuspectTrains?: boolean;
  /**
   * The map of the run's files (`karabo_data_map.json`), which saves opening them: `write` also keeps it up to date, in large
   * folders where that is allowed. Default `write`.
   */
  readonly runMap?: 'write' | 'read' | 'ignore';
  /** Use an overview file that fits the folder. Default true. */
  readonly useOverview?: boolean;
  readonly signal?: AbortSignal;
}

/** Smaller folders open quicker than a map is worth: nothing is written into them. */
const LEAST_FILES_TO_MAP = 16;

/** Files that were opened, and those that could not be. */
export interface OpenedFiles {
  readonly files: readonly RunFile[];
  readonly filesBehind?: readonly RunFile[];
  readonly skippedFiles: readonly SkippedFile[];
}

/**
 * Opens a run folder or a single file.
 * @throws RunNotFound, NoData if no file is chosen, FileUnreadable or FormatInvalid if none of them can be used
 */
export async function openFiles(
  ports: RunPorts,
  limit: OpenFileLimit,
  path: string,
  options: OpenFolderOptions,
  warn: WarningCallback,
): Promise<OpenedFiles> {
  const entry = await ports.files.entry(path);
  if (!entry) throw new RunNotFound(`There is no file or folder ${path}. Check the path.`, { path });
  const isSuspectKept = options.includeSuspectTrains ?? true;
  if (!entry.isFolder) {
    const file = await openRunFile(ports, limit, path, isSuspectKept);
    warnOfFlags([file], warn);
    return { files: [file], skippedFiles: [] };
  }
  const { names, isWhole } = await chooseNames(ports.files, path, options);
  if (isWhole && options.useOverview !== false) {
    const overview = await openOverview(ports.files, ports.hdf5, path, names);
    if (overview) {
      const files = [new RunFile(overview, limit, isSuspectKept)];
      return { files, filesBehind: await openLater(ports, limit, path, names, isSuspectKept), skippedFiles: [] };
    }
  }
  return openNames(ports, limit, path, names, options, warn);
}

async function chooseNames(
  files: FileStore,
  folder: string,
  { include, fileFilter }: OpenFolderOptions,
): Promise<{ names: readonly string[]; isWhole: boolean }> {
  const all = (await files.list(folder)).filter((name) => name.endsWith('.h5') && name.toLowerCase() !== 'overview.h5');
  const isWanted = toNamePattern(include ?? '*');
  let names: readonly string[] = all.filter((name) => isWanted.test(name));
  if (fileFilter && names.length > 0) {
    const byPath = new Map(names.map((name) => [files.join(folder, name), name]));
    const kept = new Set(await fileFilter([...byPath.keys()]));
    names = [...byPath].filter(([path]) => kept.has(path)).map(([, name]) => name);
  }
  if (names.length > 0) return { names, isWhole: names.length === all.length };
  throw new NoData(
    `No HDF5 files in ${folder}${include ? ` match "${include}"` : ''}${fileFilter ? ' and pass the filter' : ''}. Give a run folder (raw/r0001).`,
    { path: folder },
  );
}

async function openNames(
  ports: RunPorts,
  limit: OpenFileLimit,
  folder: string,
  names: readonly string[],
  options: OpenFolderOptions,
  warn: WarningCallback,
): Promise<OpenedFiles> {
  const isSuspectKept = options.includeSuspectTrains ?? true;
  const usesMap = options.runMap !== 'ignore' && ports.hdf5.openLater !== undefined;
  const mapPaths = usesMap ? await runMapPaths(ports.files, folder) : [];
  const map = await readRunMap(ports.files, mapPaths);
  const files: RunFile[] = [];
  const opened: RunFile[] = [];
  const skippedFiles: SkippedFile[] = [];
  const entries = new Map<string, RunMapEntry>();
  const paths = names.map((name) => ports.files.join(folder, name));
  const facts = await Promise.all(paths.map((path) => (usesMap ? ports.files.entry(path) : null)));
  for (const [i, name] of names.entries()) {
    options.signal?.throwIfAborted();
    const [path, found, known] = [paths[i], facts[i], map.get(name)];
    try {
      if (known && found && ports.hdf5.openLater && isCurrentEntry(known, found)) {
        entries.set(name, known);
        files.push(new RunFile(await ports.hdf5.openLater(path), limit, isSuspectKept, toKnownIndex(known)));
      } else {
        const file = await openRunFile(ports, limit, path, isSuspectKept);
        files.push(file);
        opened.push(file);
        if (found) entries.set(name, toMapEntry(file, found));
      }
    } catch (error) {
      if (!isXfelError(error)) throw error;
      skippedFiles.push({ file: path, reason: error.message });
    }
  }
  if (files.length === 0) {
    throw new FileUnreadable(
      `None of the ${names.length} HDF5 files in ${folder} can be used. First: ${skippedFiles[0].reason}`,
      {
        path: folder,
        skipped: skippedFiles,
      },
    );
  }
  if (opened.length > 0 && (options.runMap ?? 'write') === 'write' && entries.size >= LEAST_FILES_TO_MAP) {
    // Files that were not asked for this time keep their entries.
    await writeRunMap(ports.files, mapPaths, new Map([...map, ...entries]).values());
  }
  warnOfFlags(opened, warn);
  return { files, skippedFiles };
}

async function openRunFile(ports: RunPorts, limit: OpenFileLimit, path: string, isSuspectKept: boolean) {
  const hdf5 = await ports.hdf5.open(path);
  try {
    return new RunFile(hdf5, limit, isSuspectKept);
  } catch (error) {
    limit.forget(hdf5);
    hdf5.close();
    throw error;
  }
}

async function openLater(
  { files, hdf5 }: RunPorts,
  limit: OpenFileLimit,
  folder: string,
  names: readonly string[],
  isSuspectKept: boolean,
): Promise<RunFile[]> {
  const found: RunFile[] = [];
  for (const name of names) {
    const file = await hdf5.openLater?.(files.join(folder, name));
    if (file) found.push(new RunFile(file, limit, isSuspectKept, 'later'));
  }
  return found;
}

function warnOfFlags(files: readonly RunFile[], warn: WarningCallback): void {
  // The files of one aggregator were written by one process: the first of them tells for all.
  const isOdd = new Map<string, boolean>();
  const odd = files.filter((file) => {
    const { aggregator } = file;
    const answer = isOdd.get(aggregator) ?? file.index.formatVersion === '1.1';
    if (aggregator !== '') isOdd.set(aggregator, answer);
    return answer;
  });
  if (odd.length === 0) return;
  const warning: DataWarning = {
    kind: 'flag-is-index',
    message: `${odd.length} files are of format 1.1 (first: ${odd[0].name}), whose train flags have another meaning: check which trains are marked as doubtful.`,
  };
  warn(warning);
}
