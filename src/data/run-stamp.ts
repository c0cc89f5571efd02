import type { FileStore } from './file-store.ts';
import { findProposal, type RunNumberTarget, runOrigins } from './run-folders.ts';

/**
 * Names, sizes and times of change of a run's files as one text: another text means that the run should be opened again.
 * Costs a look at each file, none is opened.
 * @param data as `OpenRunOptions` has it
 * @throws RunNotFound if there is no such proposal
 */
export async function stampOfRun(
  files: FileStore,
  { proposal, run, dataRoot }: RunNumberTarget,
  data: string | readonly string[] = 'default',
): Promise<string> {
  const proposalFolder = await findProposal(files, dataRoot, proposal);
  const found: string[] = [];
  for (const { folder } of runOrigins(files, proposalFolder, run, data)) {
    if (!(await files.entry(folder))?.isFolder) continue;
    const names = (await files.list(folder)).filter((name) => name.endsWith('.h5'));
    const entries = await Promise.all(names.map((name) => files.entry(files.join(folder, name))));
    found.push(folder, ...names.map((name, i) => `${name} ${entries[i]?.size} ${entries[i]?.modifiedAt}`));
  }
  return found.join('\n');
}
