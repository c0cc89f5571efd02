import { isXfelError } from '../core/errors.ts';
import type { Hdf5File, Hdf5Opener } from '../formats/hdf5.ts';
import type { FileStore } from './file-store.ts';
import { pathInProposal } from './run-path.ts';

/** The layout of overview files that we know. */
const VERSION = 1;

/**
 * The overview file of a run folder: one file of virtual datasets over all others, made by EXtra-data's voview. One that does
 * not fit the files that are there is ignored.
 * @param names of the run's files, without the overview
 * @returns the opened file, or null
 * @source EXtra-data voview.py
 */
export async function openOverview(
  files: FileStore,
  hdf5: Hdf5Opener,
  folder: string,
  names: readonly string[],
): Promise<Hdf5File | null> {
  for (const path of await overviewPaths(files, folder)) {
    const entry = await files.entry(path);
    if (!entry || entry.isFolder) continue;
    let file: Hdf5File;
    try {
      file = await hdf5.open(path);
    } catch (error) {
      // An overview is a shortcut: one that cannot be read is as good as none.
      if (isXfelError(error)) continue;
      throw error;
    }
    if (await isCurrent(files, file, folder, names)) return file;
    file.close();
  }
  return null;
}

async function overviewPaths(files: FileStore, folder: string): Promise<string[]> {
  const paths = [files.join(folder, 'overview.h5')];
  const place = await pathInProposal(files, folder);
  if (place) {
    const name = `${place.storageClass.toUpperCase()}-${place.run.toUpperCase()}-OVERVIEW.h5`;
    paths.push(files.join(place.proposalFolder, 'usr', '.extra_data', name));
  }
  return paths;
}

async function isCurrent(files: FileStore, file: Hdf5File, folder: string, names: readonly string[]): Promise<boolean> {
  if (file.kindOf('/.source_files/names') !== 'dataset' || file.kindOf('/.source_files/sizes') !== 'dataset')
    return false;
  if (Number(file.attributes('/').get('virtual_overview_version')) !== VERSION) return false;
  const known = file.read('/.source_files/names').data as readonly string[];
  const sizes = Array.from(file.read('/.source_files/sizes').data as ArrayLike<number | bigint>, Number);
  if (known.length !== names.length || sizes.length !== known.length) return false;
  const here = new Set(names);
  if (!known.every((name) => here.has(name))) return false;
  const found = await Promise.all(known.map((name) => files.entry(files.join(folder, name))));
  return found.every((entry, i) => entry?.size === sizes[i]);
}
