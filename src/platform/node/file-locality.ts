import { type FileLocality, localityFilter } from '../../data/locality.ts';
import { nodeFileStore } from './file-store.ts';

const warn = ({ path, locality }: FileLocality) =>
  process.emitWarning(`${path} is left out: dCache says ${locality}.`, {
    type: 'HutchWarning',
    code: 'file-not-on-disk',
  });

/** `fileFilter` that keeps files on disk: those that would be fetched from tape are left out, with a warning. */
export const keepOnDisk = localityFilter(nodeFileStore, ['disk'], warn);

/** `fileFilter` that keeps files on disk and on tape: those that dCache cannot reach are left out, with a warning. */
export const keepAvailable = localityFilter(nodeFileStore, ['disk', 'tape'], warn);
