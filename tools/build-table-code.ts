// Compiles the AssemblyScript kernels that set integration tables up, and keeps them in the source as text:
// they are small, and pages, workers and the library need them at once, without a file beside them.
// Run it after changes in src/kernels/assembly/tables; test/table-code.test.ts says when that was forgotten.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './process.ts';

/** The source file that holds the compiled kernels. */
export const TABLE_CODE = join(root, 'src', 'kernels', 'table-code.ts');

/** Compiles the kernels; returns the text of {@link TABLE_CODE}. */
export async function compileTableCode(): Promise<string> {
  const asc = await import('assemblyscript/asc');
  const aside = join(tmpdir(), `table-kernels-${process.pid}.wasm`);
  try {
    const { error, stderr } = await asc.main([
      join(root, 'src', 'kernels', 'assembly', 'tables', 'index.ts'),
      ...['--outFile', aside, '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
      ...['--importMemory', '--initialMemory', '1', '--use', 'abort='],
    ]);
    if (error) throw new Error(`The kernels do not compile: ${stderr.toString()}`, { cause: error });
    const code = readFileSync(aside).toString('base64');
    return `// Written by tools/build-table-code.ts from src/kernels/assembly/tables: do not edit.

/** WebAssembly of {@link TableKernels}, base64. */
export const TABLE_CODE =
  '${code}';
`;
  } finally {
    rmSync(aside, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TABLE_CODE, await compileTableCode());
  console.log(TABLE_CODE);
}
