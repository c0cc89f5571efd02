import { isXfelError, RunNotFound } from '../core/errors.ts';
import { NO_ALIASES } from './alias-table.ts';
import type { WarningCallback } from './data-warning.ts';
import { type AliasChoice, openAliases } from './open-aliases.ts';
import { OpenFileLimit } from './open-file-limit.ts';
import { type OpenFolderOptions, openFiles, type RunPorts } from './open-folder.ts';
import { Run } from './run.ts';
import { findProposal, type RunNumberTarget, type RunOrigin, runOrigins } from './run-folders.ts';
import { ascending, type RunParts, tabulateFiles, usedFiles } from './run-parts.ts';

export type { RunPorts } from './open-folder.ts';
export { findProposal } from './run-folders.ts';

/** Which run: a run folder or a single file, or a proposal and run number below a data root. */
export type RunTarget = { readonly path: string } | RunNumberTarget;

/** How to open a run. */
export interface OpenRunOptions extends OpenFolderOptions {
  /**
   * For proposal and run: `raw`, `proc`, another folder of the proposal, `default` (raw with what only proc has),
   * `all` (proc with what only raw has), or a list of folders of which later ones win. Default `default`.
   */
  readonly data?: string | readonly string[];
  /** Short names of sources and keys. Default: those of the proposal; none for a path. */
  readonly aliases?: AliasChoice;
  readonly onWarning?: WarningCallback;
}

/** Opens runs. */
export type OpenRun = (target: RunTarget, options?: OpenRunOptions) => Promise<Run>;

/**
 * Makes the call that opens runs with the given ports. One call shares one limit of open files.
 *
 * The opened call throws RunNotFound (no such folder or proposal), NoData (no HDF5 file there), FileUnreadable or
 * FormatInvalid (a single file, or all files, cannot be used), FormatInvalid (a source has the same train twice), and the
 * errors of alias files. Files of a folder that cannot be used are left out and listed in `run.skippedFiles`.
 */
export function createRunOpener(ports: RunPorts, limit = new OpenFileLimit()): OpenRun {
  return async (target, options = {}) => {
    const warn = options.onWarning ?? ports.onWarning ?? (() => undefined);
    if ('path' in target) {
      const aliases = await openAliases(ports, target.path, options.aliases ?? null);
      return new Run({ ...(await openPath(ports, limit, target.path, options, warn)), aliases });
    }
    const proposalFolder = await findProposal(ports.files, target.dataRoot, target.proposal);
    const origins = runOrigins(ports.files, proposalFolder, target.run, options.data ?? 'default');
    const aliases = await openAliases(ports, proposalFolder, options.aliases);
    const opened: RunParts[] = [];
    try {
      for (const origin of origins) {
        const parts = await openOrigin(ports, limit, origin, options, warn);
        if (parts) opened.push(parts);
      }
    } catch (error) {
      for (const file of opened.flatMap((parts) => parts.files)) file.close();
      throw error;
    }
    return new Run({ ...opened.reduce(combine), aliases });
  };
}

async function openPath(
  ports: RunPorts,
  limit: OpenFileLimit,
  path: string,
  options: OpenRunOptions,
  warn: WarningCallback,
): Promise<RunParts> {
  const { files, filesBehind, skippedFiles } = await openFiles(ports, limit, path, options, warn);
  try {
    return {
      path,
      ...tabulateFiles(files),
      filesBehind,
      skippedFiles,
      isSingleRun: true,
      isOpened: true,
      aliases: NO_ALIASES,
      warn,
    };
  } catch (error) {
    for (const file of [...files, ...(filesBehind ?? [])]) file.close();
    throw error;
  }
}

/** One of a run's folders, or null if it has nothing and need not. */
async function openOrigin(
  ports: RunPorts,
  limit: OpenFileLimit,
  { name, folder, ifMissing }: RunOrigin,
  options: OpenRunOptions,
  warn: WarningCallback,
): Promise<RunParts | null> {
  try {
    if (await ports.files.entry(folder)) return await openPath(ports, limit, folder, options, warn);
    if (ifMissing === 'throw')
      throw new RunNotFound(`There is no ${folder}: this run has no "${name}" data.`, { path: folder });
  } catch (error) {
    if (ifMissing === 'throw' || !isXfelError(error, 'NoData')) throw error;
  }
  if (ifMissing === 'warn')
    warn({ kind: 'origin-missing', message: `No data available for this run at origin ${name}` });
  return null;
}

/** Sources of `later` replace equal ones of `base`, also under old names; the trains are those of both. */
function combine(base: RunParts, later: RunParts): RunParts {
  const sources = new Map([...base.sources, ...later.sources]);
  for (const name of later.legacy.keys()) if (!later.sources.has(name)) sources.delete(name);
  // An old name must not mix two origins: modules that only `base` has would appear among those of `later`.
  const prefixes = new Set([...later.sources.keys()].map(detectorPrefix).filter((prefix) => prefix !== undefined));
  const kept = [...base.legacy].filter(([name]) => !sources.has(name) && !prefixes.has(detectorPrefix(name) ?? ''));
  const legacy = new Map([...kept, ...later.legacy]);
  const all = { files: [...base.files, ...later.files], sources, legacy };
  const files = usedFiles(all);
  for (const file of all.files) if (!files.includes(file)) file.close();
  const auxiliary = [base, later].map((parts) => parts.filesBehind);
  return {
    ...later,
    files,
    sources,
    legacy,
    filesBehind: auxiliary.some(Boolean)
      ? [base, later].flatMap((parts) => parts.filesBehind ?? parts.files.filter((file) => files.includes(file)))
      : undefined,
    skippedFiles: [...base.skippedFiles, ...later.skippedFiles],
    trainIds: ascending([...base.trainIds, ...later.trainIds]),
  };
}

function detectorPrefix(source: string): string | undefined {
  return source.match(/^(.+\/DET\/)\d+CH/)?.[1];
}
