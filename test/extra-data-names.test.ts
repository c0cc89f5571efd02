import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuxiliaryData } from '../src/data/auxiliary-data.ts';
import { MultiModule } from '../src/data/detectors/multi-module.ts';
import { openDetector } from '../src/data/detectors/open-detector.ts';
import { RunAliases } from '../src/data/run-aliases.ts';
import { openRun } from '../src/platform/node/open-run.ts';
import { GOLDEN } from './conformance/hdf5-run-expected.ts';

const ROOT = join(import.meta.dirname, '..');
const TEXT = readFileSync(join(ROOT, 'docs/extra-data-names.md'), 'utf8');
/** Cells of every row of every table. */
const rows = TEXT.split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| EXtra-data'))
  .map((line) =>
    line
      .slice(1, -1)
      .replaceAll('\\|', '/')
      .split('|')
      .map((cell) => cell.trim()),
  );

describe('docs/extra-data-names.md', () => {
  it('has no empty cell', () => {
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) {
      expect(row).toHaveLength(2);
      for (const cell of row) expect(cell, row.join(' | ')).not.toBe('');
    }
  });

  it('names what is there', async () => {
    await using run = await openRun({ path: `${GOLDEN}root/SPB/202301/p900001/raw/r0034` });
    const source = run.source('SPB_IRU_MOT/MOTOR/X1');
    const key = source.key('actualPosition');
    const det = openDetector(run, { isRaw: true });
    expect(det).toBeInstanceOf(MultiModule);
    expect([run.aliases instanceof RunAliases, run.auxiliary instanceof AuxiliaryData]).toEqual([true, true]);
    const objects: Readonly<Record<string, object>> = {
      run,
      source,
      key,
      det,
      'run.aliases': run.aliases,
      'run.auxiliary': run.auxiliary,
    };
    const missing: string[] = [];
    for (const [, ours] of rows) {
      // `.name` after `run.name` in one cell is of the same object.
      let owner: string | undefined;
      for (const [, code] of ours.matchAll(/`([^`]*)`/g)) {
        const [, named, name] = /^(run\.aliases|run\.auxiliary|run|source|key|det)?\.([a-z]\w*)/.exec(code) ?? [];
        if (name === undefined) continue;
        owner = named ?? owner;
        if (owner !== undefined && !(name in (objects[owner] as object))) missing.push(`${owner}.${name}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
