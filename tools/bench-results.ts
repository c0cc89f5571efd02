// bench/results.json: the last run of each bench on each machine, with the commit it was measured on.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { BenchResult } from './measure.ts';
import { root } from './process.ts';

/** A figure with the name of its bench. */
export interface StoredResult extends BenchResult {
  readonly bench: string;
}

interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
}

interface BenchRun {
  readonly bench: string;
  readonly machine: Machine;
  readonly node: string;
  readonly commit: string;
  readonly date: string;
  readonly results: readonly BenchResult[];
}

/** Writes the figures; runs of other benches, and of these on other machines, are kept. Returns the file's path. */
export function storeResults(results: readonly StoredResult[]): string {
  const path = join(root, 'bench', 'results.json');
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const date = new Date().toISOString().slice(0, 10);
  const runs = Map.groupBy(results, ({ bench }) => bench);
  const measured = [...runs].map(
    ([bench, figures]): BenchRun => ({
      bench,
      machine,
      node: process.version,
      commit,
      date,
      results: figures.map(({ bench: _, ...figure }) => figure),
    }),
  );
  const isSame = (run: BenchRun) =>
    runs.has(run.bench) && run.machine.cpu === machine.cpu && run.machine.cores === machine.cores;
  const stored: readonly BenchRun[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).runs : [];
  const kept = stored.filter((run) => !isSame(run));
  const sorted = [...kept, ...measured].sort(
    (a, b) => a.bench.localeCompare(b.bench) || a.machine.cores - b.machine.cores,
  );
  writeFileSync(path, `${JSON.stringify({ runs: sorted }, null, 2)}\n`);
  return path;
}
