import { createRunOpener, type OpenRun, type RunPorts } from '../../data/open-run.ts';
import { createRunLister } from '../../data/proposals.ts';
import { nodeFileStore } from './file-store.ts';
import { nodeHdf5Opener } from './hdf5-open.ts';

/** Run files of the local disk. */
export const nodeRunPorts: RunPorts = { files: nodeFileStore, hdf5: nodeHdf5Opener };

/** Opens runs from the local disk: `openRun({ path })` or `openRun({ proposal, run, dataRoot })`. */
export const openRun: OpenRun = createRunOpener(nodeRunPorts);

/** Lists the runs of a proposal on the local disk; see {@link createRunLister}. */
export const listRuns = createRunLister(nodeRunPorts);
