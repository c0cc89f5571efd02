// Joins the modules of the program into few files (dist/cli): a start then loads tens of files less, which is most of its time.
import { join, relative } from 'node:path';
import { build } from 'vite';
import { root } from './process.ts';

const lib = join(root, 'dist', 'lib');

/**
 * Bundles dist/lib/cli/main.js, libraries left out. Modules keep thinking that they are where they were in dist/lib, so that
 * workers and assets are found from there.
 */
export async function buildCli(): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [
      {
        name: 'keep-place',
        transform(code, id) {
          if (!id.startsWith(lib) || !code.includes('import.meta.url')) return null;
          const place = JSON.stringify(`../lib/${relative(lib, id).replaceAll('\\', '/')}`);
          return code.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`);
        },
      },
    ],
    build: {
      ssr: join(lib, 'cli', 'main.js'),
      outDir: join(root, 'dist', 'cli'),
      target: 'node20',
      minify: false,
      copyPublicDir: false,
      // All in one folder: places are relative to it.
      rolldownOptions: { output: { entryFileNames: 'main.js', chunkFileNames: '[name]-[hash].js' } },
    },
  });
}
