import type { FileStore } from './file-store.ts';

/** Where a run folder lies in its proposal. */
export interface RunPlace {
  /** `<root>/<instrument>/<cycle>/p<6 digits>` */
  readonly proposalFolder: string;
  readonly storageClass: 'raw' | 'proc';
  /** `r0034` */
  readonly run: string;
}

/** The experiment tree of the Maxwell cluster, whose raw and proc folders are links to other file systems. */
const EXPERIMENT_ROOT = '/gpfs/exfel/exp';

/**
 * The proposal that a run folder belongs to, by its path without links; null for a folder elsewhere.
 * @source EXtra-data run_files_map.py: `<class>/<instrument>/<cycle>/p<n>/r<n>` on Maxwell and in the archive,
 * `<instrument>/<cycle>/p<n>/<class>/r<n>` elsewhere
 */
export async function pathInProposal(files: FileStore, folder: string): Promise<RunPlace | null> {
  const path = (await files.realPath(folder)).replaceAll('\\', '/');
  const archived = /\/(raw|proc)\/(\w+)\/(\w+)\/(p\d+)\/(r\d+)\/?$/.exec(path);
  if (archived) {
    const [, storageClass, instrument, cycle, proposal, run] = archived;
    const proposalFolder = files.join(EXPERIMENT_ROOT, instrument, cycle, proposal);
    return { proposalFolder, storageClass: storageClass as RunPlace['storageClass'], run };
  }
  const online = /^(.+\/\w+\/\w+\/p\d+)\/(raw|proc)\/(r\d+)\/?$/.exec(path);
  if (!online) return null;
  return { proposalFolder: online[1], storageClass: online[2] as RunPlace['storageClass'], run: online[3] };
}
