import type { FileStore } from './file-store.ts';

/** Where dCache has a file: quickly at hand, only on tape, nowhere now; `unknown` for words that we do not know. */
export type FilePlace = 'disk' | 'tape' | 'unavailable' | 'unknown';

/** Where one file is. */
export interface FileLocality {
  readonly path: string;
  /** dCache's word (`ONLINE`, `NEARLINE`, ..), or `NOT_ON_DCACHE`. */
  readonly locality: string;
  readonly place: FilePlace;
}

/** A file that is on disk and on tape is quick to read. */
const PLACES: Readonly<Record<string, FilePlace>> = {
  UNAVAILABLE: 'unavailable',
  NEARLINE: 'tape',
  ONLINE: 'disk',
  ONLINE_AND_NEARLINE: 'disk',
  NOT_ON_DCACHE: 'disk',
};

/** Answers that are awaited at the same time: each may take a while on a busy dCache. */
const AT_ONCE = 16;

/**
 * Where dCache has a file; it says so in the hidden file `.(get)(NAME)(locality)` beside it. Without one, the file is on an
 * ordinary disk.
 * @source EXtra-data locality.py
 */
export async function readLocality(files: FileStore, path: string): Promise<FileLocality> {
  const at = path.lastIndexOf('/') + 1;
  const text = await files.readText(`${path.slice(0, at)}.(get)(${path.slice(at)})(locality)`);
  const locality = text === null ? 'NOT_ON_DCACHE' : text.trim();
  return { path, locality, place: Object.hasOwn(PLACES, locality) ? PLACES[locality] : 'unknown' };
}

/**
 * Where files are, in the given order.
 * @param onFile called after each file
 */
export async function readLocalities(
  files: FileStore,
  paths: readonly string[],
  options: { readonly signal?: AbortSignal; readonly onFile?: (file: FileLocality) => void } = {},
): Promise<FileLocality[]> {
  const found: FileLocality[] = [];
  let next = 0;
  const work = async () => {
    while (next < paths.length) {
      options.signal?.throwIfAborted();
      const i = next++;
      found[i] = await readLocality(files, paths[i]);
      options.onFile?.(found[i]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, paths.length) }, work));
  return found;
}

/**
 * A `fileFilter` for opening runs that keeps files by their place, so that nothing waits for a tape.
 * @param places what to keep
 * @param onSkip told of each file that is left out
 */
export function localityFilter(
  files: FileStore,
  places: readonly FilePlace[],
  onSkip: (file: FileLocality) => void = () => undefined,
): (paths: readonly string[]) => Promise<readonly string[]> {
  return async (paths) => {
    const found = await readLocalities(files, paths);
    for (const file of found) if (!places.includes(file.place)) onSkip(file);
    return found.filter((file) => places.includes(file.place)).map((file) => file.path);
  };
}
