// Builds the pages into dist/app when a source is newer.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, runBin } from './process.ts';

const folders = [
  ...['app', 'explore', 'display', 'api', 'core', 'detector', 'kernels', 'data', 'calib', 'formats'].map(
    (folder) => `src/${folder}`,
  ),
  'src/platform/browser',
];

function newest(folder: string): number {
  const times = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(0, ...times);
}

/** Builds the pages unless they are up to date; returns the exit status of the build. */
export function buildPages(): number {
  const built = join(root, 'dist', 'app', 'index.html');
  const changed = Math.max(
    ...folders.map((folder) => newest(join(root, folder))),
    statSync(join(root, 'vite.config.ts')).mtimeMs,
  );
  if (existsSync(built) && statSync(built).mtimeMs >= changed) return 0;
  // Whatever the caller's shell says (vitest says "test"): otherwise React's slow development build would be shipped.
  return runBin('vite/bin/vite.js', ['build', '--logLevel', 'warn'], { ...process.env, NODE_ENV: 'production' });
}
