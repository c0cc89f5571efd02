import { createRunOpener, type OpenRun } from '../../data/open-run.ts';
import { nodeFileStore } from './file-store.ts';
import { nodeHdf5Opener } from './hdf5-open.ts';

/** Opens runs from the local disk: `openRun({ path })` or `openRun({ proposal, run, dataRoot })`. */
export const openRun: OpenRun = createRunOpener({ files: nodeFileStore, hdf5: nodeHdf5Opener });
