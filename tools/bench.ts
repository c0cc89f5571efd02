// npm run bench [NAME ..]: runs the benches (src/**/*.bench.ts, bench/*.bench.ts), prints a table, writes bench/results.json.
// A bench exports `bench(report)`. It first checks its fast version against the plain one and throws if they differ.
import { globSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type StoredResult, storeResults } from './bench-results.ts';
import { buildWasm } from './build-wasm.ts';
import type { BenchReport } from './measure.ts';

/** Whether a value is within a limit such as `>= 500`. */
function isWithin(value: number, limit: string): boolean {
  const match = /^(>=|<=)\s*([\d.]+)$/.exec(limit);
  if (!match) throw new Error(`"${limit}" is no limit: write ">= 500" or "<= 1"`);
  return match[1] === '>=' ? value >= Number(match[2]) : value <= Number(match[2]);
}

async function main(wanted: readonly string[]): Promise<void> {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  await buildWasm();
  const files = globSync(['src/**/*.bench.ts', 'bench/*.bench.ts'], { cwd: root }).sort();
  const chosen = files.filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)));
  if (chosen.length === 0) throw new Error(`No bench matches ${wanted.join(', ')}; there are ${files.join(', ')}`);
  const results: StoredResult[] = [];
  for (const file of chosen) {
    const name = basename(file, '.bench.ts');
    const module: { bench(report: BenchReport): Promise<void> } = await import(pathToFileURL(join(root, file)).href);
    console.log(`\n${relative('.', file)}`);
    await module.bench((result) => {
      const mark = result.limit === undefined ? ' ' : isWithin(result.value, result.limit) ? '+' : '-';
      const value = result.value.toPrecision(4).padStart(9);
      const limit = (result.limit ?? '').padEnd(9);
      console.log(`  ${mark} ${result.name.padEnd(58)}${value} ${result.unit.padEnd(9)} ${limit} ${result.note ?? ''}`);
      results.push({ bench: name, ...result });
    });
  }
  console.log(`\nwritten to ${relative('.', storeResults(results))}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
