// Compiles the AssemblyScript kernels to build/kernels.wasm when a source is newer. Also the tests' global set-up.
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'src', 'kernels', 'assembly');
const output = join(root, 'build', 'kernels.wasm');

function isStale(): boolean {
  if (!existsSync(output)) return true;
  const built = statSync(output).mtimeMs;
  return [...readdirSync(folder).map((name) => join(folder, name)), fileURLToPath(import.meta.url)].some(
    (path) => statSync(path).mtimeMs > built,
  );
}

/** Compiles the kernels unless they are up to date; returns the path of the WebAssembly file. */
export async function buildWasm(): Promise<string> {
  if (!isStale()) return output;
  mkdirSync(dirname(output), { recursive: true });
  const asc = await import('assemblyscript/asc');
  const aside = `${output}.${process.pid}`;
  const { error, stderr } = await asc.main([
    join(folder, 'index.ts'),
    ...['--outFile', aside, '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--enable', 'threads'],
    // Workers share one memory, made by the program; 65536 pages are the 4 GiB that a 32-bit module can see.
    ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536', '--use', 'abort='],
  ]);
  if (error) throw new Error(`The kernels do not compile: ${stderr.toString()}`, { cause: error });
  renameSync(aside, output);
  return output;
}

/** Global set-up of the tests. */
export async function setup(): Promise<void> {
  await buildWasm();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await buildWasm());
