import { resolve } from 'node:path';
import type { Hdf5File, Hdf5Opener } from '../../formats/hdf5.ts';
import { readSuperblock } from '../../formats/hdf5-superblock.ts';
import { loadWasmHdf5 } from '../../formats/hdf5-wasm.ts';
import { openFileBytes } from './file-store.ts';

/** Opens HDF5 files of the local disk; each is checked by its superblock first. @throws FileUnreadable */
export const nodeHdf5Opener: Hdf5Opener = {
  async open(path: string): Promise<Hdf5File> {
    const absolute = resolve(path);
    const bytes = await openFileBytes(absolute);
    try {
      await readSuperblock(bytes);
    } finally {
      await bytes.close();
    }
    return (await loadWasmHdf5()).open(absolute);
  },

  async openLater(path: string): Promise<Hdf5File> {
    return (await loadWasmHdf5()).openLater(resolve(path));
  },
};
