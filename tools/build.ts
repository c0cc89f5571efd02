// npm run build: dist/ with JavaScript and types (dist/lib), the program in few files (dist/cli), the kernels and the pages.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildCli } from './build-cli.ts';
import { buildPages } from './build-pages.ts';
import { buildWasm } from './build-wasm.ts';
import { root, runBin } from './process.ts';

const wasm = await buildWasm();
rmSync(join(root, 'dist'), { recursive: true, force: true });
mkdirSync(join(root, 'dist'));
copyFileSync(wasm, join(root, 'dist', 'kernels.wasm'));
let status = runBin('typescript7/bin/tsc', ['-p', 'tsconfig.build.json']);
if (status === 0) {
  await buildCli();
  status = buildPages();
}
if (status === 0) console.log('built dist/: lib, cli, kernels.wasm, app');
process.exit(status);
