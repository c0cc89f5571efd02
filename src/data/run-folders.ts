import { isXfelError, RunNotFound, Usage } from '../core/errors.ts';
import type { FileStore } from './file-store.ts';

/** A run by proposal and number. */
export interface RunNumberTarget {
  /** 900001, '900001', 'p900001', or the path of a proposal folder. */
  readonly proposal: string | number;
  /** 34, '34' or 'r0034' */
  readonly run: string | number;
  /** Folder of all instruments: `<root>/<instrument>/<cycle>/p<6 digits>`. */
  readonly dataRoot: string;
}

/** Where a run's data may lie in its proposal, in the order of combining: sources of later ones replace equal ones. */
export interface RunOrigin {
  /** `raw`, `proc`, `scratch/test`, .. */
  readonly name: string;
  readonly folder: string;
  /** What to do if there is nothing. */
  readonly ifMissing: 'throw' | 'warn' | 'ignore';
}

/**
 * The folders of a run.
 * @param data `raw`, `proc` or another folder of the proposal; `default` (raw, and what only proc has) or `all` (proc, and
 * what only raw has); or a list of folders, later ones winning. Of several only the first must be there.
 * @throws Usage for an impossible name
 */
export function runOrigins(
  files: FileStore,
  proposalFolder: string,
  run: string | number,
  data: string | readonly string[],
): RunOrigin[] {
  const runFolder = `r${digits(run, 'r').padStart(4, '0')}`;
  const at = (name: string, ifMissing: RunOrigin['ifMissing']): RunOrigin => {
    if (name === '' || name.split(/[\\/]/).includes('..'))
      throw new Usage(`"${name}" is no folder of a proposal: give raw, proc, scratch/name, .., default or all.`, {
        name,
      });
    return { name, folder: files.join(proposalFolder, name, runFolder), ifMissing };
  };
  if (data === 'default') return [at('proc', 'ignore'), at('raw', 'throw')];
  if (data === 'all') return [at('raw', 'throw'), at('proc', 'warn')];
  const names = typeof data === 'string' ? [data] : data;
  if (names.length === 0) throw new Usage('No folder to open: give raw, proc, default or all.');
  return names.map((name, i) => at(name, i === 0 ? 'throw' : 'warn'));
}

/**
 * Folder of a proposal: `<root>/<instrument>/<cycle>/p<6 digits>`.
 * @param proposal 900001, '900001', 'p900001', or its path
 * @throws RunNotFound
 */
export async function findProposal(files: FileStore, dataRoot: string, proposal: string | number): Promise<string> {
  if (typeof proposal === 'string' && isProposalPath(proposal)) {
    if ((await files.entry(proposal))?.isFolder) return proposal.replace(/\/+$/, '');
    throw new RunNotFound(`There is no proposal folder ${proposal}.`, { proposal });
  }
  const name = `p${digits(proposal, 'p').padStart(6, '0')}`;
  for (const instrument of await files.list(dataRoot)) {
    const instrumentFolder = files.join(dataRoot, instrument);
    if (!(await files.entry(instrumentFolder))?.isFolder) continue;
    for (const cycle of await listIfAllowed(files, instrumentFolder)) {
      const folder = files.join(instrumentFolder, cycle, name);
      if ((await files.entry(folder))?.isFolder) return folder;
    }
  }
  throw new RunNotFound(`No proposal ${name} below ${dataRoot} (looked for ${dataRoot}/*/*/${name}).`, {
    proposal,
    dataRoot,
  });
}

/** Nothing for a folder that only others may list. */
async function listIfAllowed(files: FileStore, folder: string): Promise<readonly string[]> {
  try {
    return await files.list(folder);
  } catch (error) {
    if (isXfelError(error, 'RunNotFound')) return [];
    throw error;
  }
}

/** A path says so by a slash; `../x` and the like are no proposals. */
function isProposalPath(text: string): boolean {
  return /[\\/]p\d+[\\/]*$/.test(text.trim());
}

/** Instrument of a proposal folder: `SPB` of `<root>/SPB/<cycle>/p900001`. */
export function instrumentOf(proposalFolder: string): string {
  return proposalFolder.split(/[\\/]/).filter(Boolean).at(-3) ?? '';
}

function digits(value: string | number, prefix: string): string {
  const text = String(value).trim().toLowerCase();
  const number = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  if (!/^\d+$/.test(number))
    throw new Usage(`"${value}" is no ${prefix === 'p' ? 'proposal' : 'run'} number.`, { value });
  return number;
}
