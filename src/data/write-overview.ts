import { NoData } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import type { Hdf5Opener } from '../formats/hdf5.ts';
import type { FileStore } from './file-store.ts';
import type { Run } from './run.ts';
import type { WriteFileOptions, WrittenRun } from './write-file.ts';
import type { WriteTarget } from './write-target.ts';
import { writeVirtual } from './write-virtual.ts';

/** Version of the layout that EXtra-data knows. */
const VERSION = 1;

/**
 * Writes the overview of a run: a virtual file of everything but auxiliary sources (readers take those from the files), with the names and sizes of the files it was made of, by which
 * readers see whether it still fits. Opening it takes the place of opening all files.
 * @param run all of the run, not opened through an overview
 * @throws NoData for a run without files; FileUnreadable if the place cannot be written
 * @source EXtra-data 1.24 voview.py
 */
export async function writeOverview(
  run: Run,
  target: WriteTarget,
  files: FileStore,
  options: Omit<WriteFileOptions, 'chooseEntries' | 'hasAuxiliary'> = {},
): Promise<WrittenRun> {
  if (run.files.length === 0) throw new NoData(`${run.path} has no files to make an overview of.`);
  const sizesOf = await listFiles(files, run.path);
  const [names, sizes] = [[...sizesOf.keys()], [...sizesOf.values()]];
  return writeVirtual(run, target, { ...options, hasAuxiliary: false }, (writer) => {
    writer.attributes('/', { virtual_overview_version: ndarray('int64', [], BigInt64Array.of(BigInt(VERSION))) });
    writer.write('/.source_files/names', ndarray('string', [names.length], names));
    writer.write('/.source_files/sizes', ndarray('uint64', [sizes.length], BigUint64Array.from(sizes, BigInt)));
  });
}

/** Sizes of a run's files by name, those without sources, too. */
async function listFiles(files: FileStore, folder: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const name of await files.list(folder)) {
    if (!name.endsWith('.h5') || name.toLowerCase() === 'overview.h5') continue;
    found.set(name, (await files.entry(files.join(folder, name)))?.size ?? 0);
  }
  return found;
}

/**
 * Whether an overview file still fits a run.
 * @param folder of the run
 * @returns what is wrong, or null
 * @throws FileUnreadable if there is no such file
 */
export async function checkOverview(
  path: string,
  folder: string,
  files: FileStore,
  opener: Hdf5Opener,
): Promise<string | null> {
  const here = await listFiles(files, folder);
  const overview = await opener.open(path);
  try {
    const version = overview.attributes('/').get('virtual_overview_version');
    if (overview.kindOf('/.source_files/names') !== 'dataset' || version === undefined)
      return 'It is no overview file.';
    if (Number(version) !== VERSION) return `It is an overview of version ${version}, which is unknown.`;
    const names = overview.read('/.source_files/names').data as readonly string[];
    const sizes = Array.from(overview.read('/.source_files/sizes').data as ArrayLike<number | bigint>, Number);
    const changed = names.filter((name, i) => here.get(name) !== sizes[i]);
    const added = [...here.keys()].filter((name) => !names.includes(name));
    if (changed.length === 0 && added.length === 0) return null;
    const list = (what: string, which: readonly string[]) => (which.length > 0 ? [`${what}: ${which.join(', ')}`] : []);
    return `Source files do not match. ${[...list('changed or gone', changed), ...list('new', added)].join('; ')}`;
  } finally {
    overview.close();
  }
}
