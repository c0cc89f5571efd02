import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openFileShare } from './open-file-share.ts';

const line = (soft: string) =>
  `Limit   Soft Limit  Hard Limit  Units\nMax open files            ${soft}                 4096                 files\n`;

describe('share of the open files', () => {
  it.each([
    ['1024', 512],
    ['64', 32],
    ['1048576', 1024],
    ['unlimited', 128],
  ])('of %s allowed', (soft, share) => {
    expect(openFileShare(line(soft))).toBe(share);
  });

  it.skipIf(process.platform !== 'linux')('is kept while a run has more files (needs /proc)', () => {
    const program = `
      import { openRun } from ${JSON.stringify(fileURLToPath(new URL('./open-run.ts', import.meta.url)))};
      import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
      const folder = mkdtempSync('/tmp/hutch-many-');
      const source = ${JSON.stringify(fileURLToPath(new URL('../../../test/golden/extra-data/runs/validate/ok/RAW-R0017-DA01-S00000.h5', import.meta.url)))};
      for (let i = 0; i < 60; i++) cpSync(source, folder + '/RAW-R0017-DA' + String(i).padStart(2, '0') + '-S00000.h5');
      const runs = [];
      for (let i = 0; i < 60; i++) runs.push(await openRun({ path: folder + '/RAW-R0017-DA' + String(i).padStart(2, '0') + '-S00000.h5' }));
      for (const run of runs) for (const name of run.controlSources) run.source(name).keys();
      console.log(readdirSync('/proc/self/fd').length);
      for (const run of runs) await run.close();
      rmSync(folder, { recursive: true });
    `;
    const open = execFileSync(
      'sh',
      ['-c', `ulimit -n 80; exec "$0" --input-type=module -e "$1"`, process.execPath, program],
      { encoding: 'utf8' },
    );
    // Half of 80, and what Node itself has open.
    expect(Number(open.trim().split('\n').at(-1))).toBeLessThan(40 + 30);
  });
});
