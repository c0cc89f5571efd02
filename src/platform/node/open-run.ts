import type { AliasTable } from '../../data/alias-table.ts';
import { readAliasFile } from '../../data/open-aliases.ts';
import { OpenFileLimit } from '../../data/open-file-limit.ts';
import { createRunOpener, type OpenRunOptions, type RunPorts, type RunTarget } from '../../data/open-run.ts';
import { createRunLister } from '../../data/proposals.ts';
import type { Run } from '../../data/run.ts';
import { nodeFileStore } from './file-store.ts';
import { nodeHdf5Opener } from './hdf5-open.ts';
import { openFileShare } from './open-file-share.ts';

/** Run files of the local disk. Settings of the facility come from the environment, as for EXtra-data. */
export const nodeRunPorts: RunPorts = {
  files: nodeFileStore,
  hdf5: nodeHdf5Opener,
  softwareRoot: process.env['EXTRA_DATA_SW_ROOT'] ?? '/gpfs/exfel/sw',
  onWarning: ({ kind, message }) => {
    // Old names are for old programs: who wants to know of them asks with `onWarning`.
    if (kind !== 'legacy-name') process.emitWarning(message, { type: 'HutchWarning', code: kind });
  },
};

const open = createRunOpener(nodeRunPorts, new OpenFileLimit(openFileShare()));

/** Where proposals are if nobody says: `$EXTRA_DATA_DATA_ROOT`, or the facility's folder. */
function defaultDataRoot(): string {
  return process.env['EXTRA_DATA_DATA_ROOT'] ?? '/gpfs/exfel/exp';
}

/** A run by proposal and number; without `dataRoot` below `$EXTRA_DATA_DATA_ROOT`. */
type NodeRunTarget =
  | RunTarget
  | { readonly proposal: string | number; readonly run: string | number; readonly dataRoot?: string };

/**
 * Opens a run from the local disk: `openRun(900001, 34)`, `openRun({ proposal: 900001, run: 34, dataRoot })`, or a run folder
 * or single file, `openRun({ path })`. Close it when done, best with `await using`.
 * @throws as `createRunOpener` says
 */
export function openRun(proposal: string | number, run: string | number, options?: OpenRunOptions): Promise<Run>;
export function openRun(target: NodeRunTarget, options?: OpenRunOptions): Promise<Run>;
export function openRun(
  target: NodeRunTarget | string | number,
  runOrOptions?: string | number | OpenRunOptions,
  options?: OpenRunOptions,
): Promise<Run> {
  if (typeof target === 'object') {
    const found = 'path' in target ? target : { ...target, dataRoot: target.dataRoot ?? defaultDataRoot() };
    return open(found, runOrOptions as OpenRunOptions | undefined);
  }
  return open({ proposal: target, run: runOrOptions as string | number, dataRoot: defaultDataRoot() }, options);
}

/** Reads an alias file of the local disk, for `run.withAliases`. @throws FileUnreadable, FormatInvalid, SelectionInvalid */
export function readAliases(path: string): Promise<AliasTable> {
  return readAliasFile(nodeFileStore, path);
}

/** Lists the runs of a proposal on the local disk; see {@link createRunLister}. */
export const listRuns = createRunLister(nodeRunPorts);
