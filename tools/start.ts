// npm start: builds what is stale and serves the pages with the embedded demo beamline.
import { join } from 'node:path';
import { buildPages } from './build-pages.ts';
import { buildWasm } from './build-wasm.ts';
import { root } from './process.ts';

await buildWasm();
if (buildPages() !== 0) process.exit(1);
// The program runs in this process, so that a signal meant for it finds it.
const program = join(root, 'src', 'cli', 'main.ts');
process.argv = [process.execPath, program, 'serve', '--demo', ...process.argv.slice(2)];
await import(program);
