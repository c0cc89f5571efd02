import { FileUnreadable, isXfelError, NoData, RunNotFound, Usage } from '../core/errors.ts';
import type { Hdf5Opener } from '../formats/hdf5.ts';
import type { FileStore } from './file-store.ts';
import { toNamePattern } from './name-pattern.ts';
import { OpenFileLimit } from './open-file-limit.ts';
import { checkConflicts, Run, type SkippedFile, type SourceEntry } from './run.ts';
import { RunFile } from './run-file.ts';

/** Which run: a run folder or a single file, or a proposal and run number below a data root. */
export type RunTarget =
  | { readonly path: string }
  | { readonly proposal: string | number; readonly run: string | number; readonly dataRoot: string };

/** How to open a run. */
export interface OpenRunOptions {
  /**
   * For proposal and run: `raw`, `proc`, another folder of the proposal, `default` (raw with what only proc has) or
   * `all` (proc with what only raw has). Default `default`.
   */
  readonly data?: string;
  /** Shell pattern of file names. */
  readonly include?: string;
  /** Keep trains that the DAQ, or their order, marks as doubtful. Default true. */
  readonly includeSuspectTrains?: boolean;
  readonly signal?: AbortSignal;
}

/** Opens runs. */
export type OpenRun = (target: RunTarget, options?: OpenRunOptions) => Promise<Run>;

/** What opening runs needs. */
export interface RunPorts {
  readonly files: FileStore;
  readonly hdf5: Hdf5Opener;
}

/**
 * Makes the call that opens runs with the given ports. One call shares one limit of open files.
 *
 * The opened call throws RunNotFound (no such folder or proposal), NoData (no HDF5 file there), FileUnreadable or
 * FormatInvalid (a single file, or all files, cannot be used), FormatInvalid (a source has the same train twice).
 * Files of a folder that cannot be used are left out and listed in `run.skippedFiles`.
 */
export function createRunOpener(ports: RunPorts, limit = new OpenFileLimit()): OpenRun {
  return async (target, options = {}) => {
    if ('path' in target) return new Run(await openPath(ports, limit, target.path, options));
    const folders = await findRunFolders(ports.files, target, options.data ?? 'default');
    let combined = await openPath(ports, limit, folders[0], options);
    for (const folder of folders.slice(1)) combined = combine(combined, await openPath(ports, limit, folder, options));
    return new Run(combined);
  };
}

type Opened = ConstructorParameters<typeof Run>[0];

async function openPath(ports: RunPorts, limit: OpenFileLimit, path: string, options: OpenRunOptions): Promise<Opened> {
  const entry = await ports.files.entry(path);
  if (!entry) throw new RunNotFound(`There is no file or folder ${path}.`, { path });
  const isSuspectKept = options.includeSuspectTrains ?? true;
  if (!entry.isFolder) return collect(path, [new RunFile(await ports.hdf5.open(path), limit, isSuspectKept)], []);

  const isWanted = toNamePattern(options.include ?? '*');
  const names = (await ports.files.list(path)).filter(
    (name) => name.endsWith('.h5') && name.toLowerCase() !== 'overview.h5' && isWanted.test(name),
  );
  if (names.length === 0) {
    throw new NoData(
      `No HDF5 files in ${path}${options.include ? ` match "${options.include}"` : ''}. Give a run folder (raw/r0001).`,
      {
        path,
      },
    );
  }
  const files: RunFile[] = [];
  const skipped: SkippedFile[] = [];
  for (const name of names) {
    options.signal?.throwIfAborted();
    const file = ports.files.join(path, name);
    try {
      files.push(new RunFile(await ports.hdf5.open(file), limit, isSuspectKept));
    } catch (error) {
      if (!isXfelError(error)) throw error;
      skipped.push({ file, reason: error.message });
    }
  }
  if (files.length === 0) {
    throw new FileUnreadable(
      `None of the ${names.length} HDF5 files in ${path} can be used. First: ${skipped[0].reason}`,
      {
        path,
        skipped,
      },
    );
  }
  return collect(path, files, skipped);
}

/** Sorts the files by name so that nothing depends on the order of a folder. */
function collect(path: string, files: RunFile[], skippedFiles: readonly SkippedFile[]): Opened {
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  const sources = new Map<string, SourceEntry & { files: RunFile[] }>();
  const legacy = new Map<string, SourceEntry & { files: RunFile[] }>();
  const add = (to: typeof sources, name: string, canonicalName: string, kind: SourceEntry['kind'], file: RunFile) => {
    const known = to.get(name);
    if (known) known.files.push(file);
    else to.set(name, { kind, canonicalName, files: [file], keys: null });
  };
  const trainIds = new Set<number>();
  for (const file of files) {
    const { index } = file;
    for (const [i, id] of index.trainIds.entries()) if (file.isUsable[i]) trainIds.add(id);
    for (const name of index.controlSources) add(sources, name, name, 'control', file);
    for (const name of index.instrumentSources) add(sources, name, name, 'instrument', file);
    for (const [name, canonical] of index.legacySources) add(legacy, name, canonical, 'instrument', file);
  }
  try {
    checkConflicts(sources);
  } catch (error) {
    for (const file of files) file.close();
    throw error;
  }
  return { path, files, skippedFiles, trainIds: [...trainIds].sort((a, b) => a - b), sources, legacy };
}

/** Sources of `later` replace equal ones of `base`, also under old names; the trains are those of both. */
function combine(base: Opened, later: Opened): Opened {
  const sources = new Map([...base.sources, ...later.sources]);
  for (const name of later.legacy.keys()) if (!later.sources.has(name)) sources.delete(name);
  // An old name must not mix two origins: modules that only `base` has would appear among those of `later`.
  const prefixes = new Set([...later.sources.keys()].map(detectorPrefix).filter((prefix) => prefix !== undefined));
  const kept = [...base.legacy].filter(([name]) => !sources.has(name) && !prefixes.has(detectorPrefix(name) ?? ''));
  return {
    path: later.path,
    files: [...base.files, ...later.files],
    skippedFiles: [...base.skippedFiles, ...later.skippedFiles],
    trainIds: [...new Set([...base.trainIds, ...later.trainIds])].sort((a, b) => a - b),
    sources,
    legacy: new Map([...kept, ...later.legacy]),
  };
}

function detectorPrefix(source: string): string | undefined {
  return source.match(/^(.+\/DET\/)\d+CH/)?.[1];
}

/**
 * The folders of a run in the order of combining. Of the two of `default` and `all`, the second gives its sources
 * precedence; `proc` may be absent, `raw` not.
 * @throws RunNotFound
 */
async function findRunFolders(
  files: FileStore,
  target: { readonly proposal: string | number; readonly run: string | number; readonly dataRoot: string },
  data: string,
): Promise<string[]> {
  const proposal = await findProposal(files, target.dataRoot, target.proposal);
  const run = `r${digits(target.run, 'r').padStart(4, '0')}`;
  const raw = files.join(proposal, 'raw', run);
  const proc = files.join(proposal, 'proc', run);
  const wanted = data === 'default' ? [proc, raw] : data === 'all' ? [raw, proc] : [files.join(proposal, data, run)];
  const found: string[] = [];
  for (const folder of wanted) {
    if (await files.entry(folder)) found.push(folder);
    else if (folder !== proc || wanted.length === 1) {
      throw new RunNotFound(
        `There is no ${folder}: run ${run} has no "${data === 'default' || data === 'all' ? 'raw' : data}" data.`,
        {
          proposal: target.proposal,
          run: target.run,
        },
      );
    }
  }
  return found;
}

/**
 * Folder of a proposal: `<root>/<instrument>/<cycle>/p<6 digits>`.
 * @param proposal 900001, '900001' or 'p900001'
 * @throws RunNotFound
 */
export async function findProposal(files: FileStore, dataRoot: string, proposal: string | number): Promise<string> {
  const name = `p${digits(proposal, 'p').padStart(6, '0')}`;
  for (const instrument of await files.list(dataRoot)) {
    const instrumentFolder = files.join(dataRoot, instrument);
    if (!(await files.entry(instrumentFolder))?.isFolder) continue;
    for (const cycle of await files.list(instrumentFolder)) {
      const folder = files.join(instrumentFolder, cycle, name);
      if ((await files.entry(folder))?.isFolder) return folder;
    }
  }
  throw new RunNotFound(`No proposal ${name} below ${dataRoot} (looked for ${dataRoot}/*/*/${name}).`, {
    proposal,
    dataRoot,
  });
}

function digits(value: string | number, prefix: string): string {
  const text = String(value).trim().toLowerCase();
  const number = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  if (!/^\d+$/.test(number))
    throw new Usage(`"${value}" is no ${prefix === 'p' ? 'proposal' : 'run'} number.`, { value });
  return number;
}
