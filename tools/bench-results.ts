// bench/results.json: the figures of all benches, with the machine and the commit they were measured on.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { BenchResult } from './measure.ts';
import { root } from './process.ts';

/** A figure with the name of its bench. */
export interface StoredResult extends BenchResult {
  readonly bench: string;
}

/** Writes the figures; those of benches that were not run this time are kept. Returns the file's path. */
export function storeResults(results: readonly StoredResult[]): string {
  const path = join(root, 'bench', 'results.json');
  const run = new Set(results.map((result) => result.bench));
  const document = {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30) },
    node: process.version,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    date: new Date().toISOString().slice(0, 10),
    results: [...keptResults(path, run), ...results].sort((a, b) => a.bench.localeCompare(b.bench)),
  };
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
  return path;
}

function keptResults(path: string, run: ReadonlySet<string>): StoredResult[] {
  try {
    const stored: { results: StoredResult[] } = JSON.parse(readFileSync(path, 'utf8'));
    return stored.results.filter((result) => !run.has(result.bench));
  } catch {
    return []; // first run
  }
}
