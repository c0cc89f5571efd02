import { NoData } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import type { FileStore } from './file-store.ts';
import type { Run } from './run.ts';
import type { WriteRunOptions, WrittenRun } from './write-run.ts';
import type { WriteTarget } from './write-target.ts';
import { writeVirtual } from './write-virtual.ts';

/** Version of the layout that EXtra-data knows. */
const VERSION = 1;

/**
 * Writes the overview of a run: a virtual file of everything, with the names and sizes of the files it was made of, by which
 * readers see whether it still fits. Opening it takes the place of opening all files.
 * @param run all of the run, not opened through an overview
 * @throws NoData for a run without files; FileUnreadable if the place cannot be written
 * @source EXtra-data 1.24 voview.py
 */
export async function writeOverview(
  run: Run,
  target: WriteTarget,
  files: FileStore,
  options: Omit<WriteRunOptions, 'compression' | 'chooseEntries'> = {},
): Promise<WrittenRun> {
  if (run.files.length === 0) throw new NoData(`${run.path} has no files to make an overview of.`);
  // A file without sources is part of the run, too.
  const folder = run.path;
  const names = (await files.list(folder)).filter(
    (name) => name.endsWith('.h5') && name.toLowerCase() !== 'overview.h5',
  );
  const sizes = await Promise.all(names.map(async (name) => (await files.entry(files.join(folder, name)))?.size ?? 0));
  return writeVirtual(run, target, options, (writer) => {
    writer.attributes('/', { virtual_overview_version: ndarray('int64', [], BigInt64Array.of(BigInt(VERSION))) });
    writer.write('/.source_files/names', ndarray('string', [names.length], [...names]));
    writer.write('/.source_files/sizes', ndarray('uint64', [sizes.length], BigUint64Array.from(sizes, BigInt)));
  });
}
