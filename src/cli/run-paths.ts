import { RunNotFound } from '../core/errors.ts';
import type { FileStore } from '../data/file-store.ts';
import { findProposal, runOrigins } from '../data/run-folders.ts';
import { parseRunName } from './context.ts';

/** Where to look for a run by its name. */
export interface RunPathOptions {
  /** Folder of all proposals; without one names are paths. */
  readonly dataRoot: string | undefined;
  /** `raw`, `proc`, another folder of the proposal, or `default` and `all` for raw and proc, of which proc may be absent. */
  readonly origin?: string;
}

/**
 * The files or folders that a RUN argument of a command means, for commands that look at files rather than at the data of a
 * run: the path itself, or the folders of `pNNNNNN/rNNNN`, raw first.
 * @throws RunNotFound if there is no such proposal, or the run has no such folder; Usage for an impossible origin
 */
export async function findRunPaths(
  files: FileStore,
  text: string,
  { dataRoot, origin = 'default' }: RunPathOptions,
): Promise<readonly string[]> {
  const name = (await files.entry(text)) ? null : parseRunName(text);
  if (!name) return [text];
  if (dataRoot === undefined)
    throw new RunNotFound(
      `There is no file or folder ${text}. If it is a run's name, say where proposals are: --data-root DIR or $EXTRA_DATA_DATA_ROOT.`,
      { path: text },
    );
  const proposalFolder = await findProposal(files, dataRoot, name.proposal);
  const both = origin === 'default' || origin === 'all';
  const origins = runOrigins(files, proposalFolder, name.run, both ? ['raw', 'proc'] : origin);
  const found: string[] = [];
  for (const { folder } of origins) if (await files.entry(folder)) found.push(folder);
  if (found.length > 0) return found;
  const looked = origins.map(({ folder }) => folder).join(' and ');
  throw new RunNotFound(`There is no run ${text}: looked for ${looked}.`, { path: looked });
}
