import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileUnreadable } from '../../core/errors.ts';

/** The package folder: four levels up from the build, three from the source. */
const here = dirname(fileURLToPath(import.meta.url));
const isBuild = import.meta.url.endsWith('.js');
const packageRoot = isBuild ? join(here, '..', '..', '..', '..') : join(here, '..', '..', '..');

function firstExisting(what: string, candidates: readonly string[]): string {
  const found = candidates.find((path) => existsSync(path));
  if (!found)
    throw new FileUnreadable(`${what} is missing (${candidates.join(' or ')}). Run "npm run build".`, {
      path: candidates[0],
    });
  return found;
}

/** The compiled kernels. @throws FileUnreadable if they were not built */
export function kernelsWasmPath(): string {
  const folders = isBuild ? ['dist', 'build'] : ['build', 'dist'];
  return firstExisting(
    'The compiled kernels',
    folders.map((folder) => join(packageRoot, folder, 'kernels.wasm')),
  );
}

/** Folder of the built pages, or null if they were not built. */
export function appRoot(): string | null {
  const folder = join(packageRoot, 'dist', 'app');
  return existsSync(join(folder, 'index.html')) ? folder : null;
}

/** The package's own `package.json`. */
export function packageJsonPath(): string {
  return join(packageRoot, 'package.json');
}
