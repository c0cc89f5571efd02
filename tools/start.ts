// npm start: builds what is stale and serves the pages with the embedded demo beamline.
import { join } from 'node:path';
import { buildPages } from './build-pages.ts';
import { buildWasm } from './build-wasm.ts';
import { root, run } from './process.ts';

await buildWasm();
if (buildPages() !== 0) process.exit(1);
process.exit(
  run(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join(root, 'src', 'cli', 'main.ts'),
    'serve',
    '--demo',
    ...process.argv.slice(2),
  ]),
);
