import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Usage } from '../../core/errors.ts';
import type { WriteTarget } from '../../data/write-target.ts';
import { nodeHdf5Creator } from './hdf5-create.ts';

/**
 * A place for a new file on the local disk.
 * @param inputs files that are read for it
 * @throws Usage if the new file would replace one of them
 */
export function nodeWriteTarget(path: string, inputs: Iterable<string> = []): WriteTarget {
  const absolute = resolve(path);
  const real = realPath(absolute);
  for (const input of inputs) {
    if (realPath(resolve(input)) === real) {
      throw new Usage(`${absolute} is read for the new file, so it cannot be replaced by it. Choose another name.`, {
        path: absolute,
      });
    }
  }
  const folder = dirname(real);
  return {
    path: absolute,
    creator: nodeHdf5Creator,
    relativeName(file) {
      // Seen from the real folder, because `..` leads out of that one. Of the two names of a file, as it was given and
      // without symbolic links, the nearer one: that survives when a tree is moved.
      const names = [resolve(file), realPath(resolve(file))].map((name) => relative(folder, name));
      const steps = names.map((name) => name.split(sep).length);
      return names[steps[1] < steps[0] ? 1 : 0].split(sep).join('/');
    },
  };
}

/** The path without symbolic links, also for a file that does not exist yet. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPath(parent), basename(path));
}

/** Path of a file that a virtual dataset names: relative names start at the folder of the file that has the dataset. */
export function besideFile(virtualFile: string, name: string): string {
  return resolve(dirname(realPath(resolve(virtualFile))), name);
}
