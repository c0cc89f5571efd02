import { isAbsolute, resolve } from 'node:path';
import type { Hdf5File, Hdf5Opener } from '../../formats/hdf5.ts';
import { FallbackHdf5File } from '../../formats/hdf5-fallback.ts';
import { ReaderHdf5File } from '../../formats/hdf5-reader/reader-file.ts';
import { nodeDecoders } from './chunk-decoders.ts';
import { ChunkPool } from './chunk-pool.ts';
import { DiskBytes } from './disk-bytes.ts';

/** Shared by all files of the program; its threads start with the first large compressed read. */
const threads = new ChunkPool();

/** The library is large, and few files need it. */
async function loadLibrary() {
  const { loadWasmHdf5 } = await import('../../formats/hdf5-wasm.ts');
  return loadWasmHdf5();
}

/** Opens a file of the local disk with our own reader alone. @throws FileUnreadable */
export function openReaderFile(path: string): ReaderHdf5File {
  const source = new DiskBytes(resolve(path));
  try {
    return new ReaderHdf5File(source, nodeDecoders);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Opens HDF5 files of the local disk: our own reader, and the library for what that cannot read. @throws FileUnreadable */
export const nodeHdf5Opener: Hdf5Opener = {
  async open(path: string): Promise<Hdf5File> {
    const file = withFallback(path);
    file.reader; // opened now, so that what is wrong with the file is said now
    return file;
  },

  async openLater(path: string): Promise<Hdf5File> {
    return withFallback(path);
  },
};

/** Opens HDF5 files of the local disk with the library alone, for comparisons. @throws FileUnreadable */
export const libraryHdf5Opener: Hdf5Opener = {
  async open(path: string): Promise<Hdf5File> {
    openReaderFile(path).close(); // empty, foreign and cut-off files are refused with their own reason
    return (await loadLibrary()).open(resolve(path));
  },
};

function withFallback(path: string): FallbackHdf5File {
  const absolute = isAbsolute(path) ? path : resolve(path);
  return new FallbackHdf5File(
    absolute,
    () => openReaderFile(absolute),
    async () => (await loadLibrary()).open(absolute),
    threads,
  );
}
