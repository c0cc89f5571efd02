import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { runHere } from '../../test/server/hutch-in-process.ts';
import { addReadableCommand } from './commands/readable.ts';

const readable = (...args: string[]) => runHere(addReadableCommand, ['readable', ...args]);
const MAKE_PIPE = '/usr/bin/mkfifo';
const folder = mkdtempSync(join(tmpdir(), 'hutch-readable-'));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  const good = `${GOLDEN}runs/validate/ok/RAW-R0017-DA01-S00000.h5`;
  mkdirSync(at('sub/deeper'), { recursive: true });
  for (const name of ['good.h5', 'tape.h5', 'away.h5', 'sub/deeper/low.h5']) copyFileSync(good, at(name));
  writeFileSync(at('text.h5'), 'no HDF5');
  writeFileSync(at('.(get)(tape.h5)(locality)'), 'NEARLINE\n');
  writeFileSync(at('.(get)(away.h5)(locality)'), 'UNAVAILABLE\n');
  // A pipe that nobody writes to hangs whoever opens it, as a dead file system does.
  expect(spawnSync(MAKE_PIPE, [at('hangs.h5')]).status).toBe(0);
});

describe('hutch readable', () => {
  it('tells what can be read, what fails, what is away and what hangs', async () => {
    const { code, stdout } = await readable(folder, '--timeout', '6');
    const [signs, times, ...rest] = stdout.split('\n');
    expect([code, [...signs].sort().join('')]).toEqual([1, '.ETXX']);
    expect(times).toMatch(/^average access time: [\d.]+s, max access time: [\d.]+s$/);
    expect(rest).toEqual([
      `${at('away.h5')}     dCache reports unavailable`,
      `${at('hangs.h5')}    file on GPFS but read attempt hangs`,
      `${at('tape.h5')}     dCache reports tape only`,
      `${at('text.h5')}     file on GPFS but read attempt raises FileUnreadable`,
      '',
    ]);
  });

  it('looks into folders below, names all, and prints JSON', async () => {
    const shallow = await readable(at('sub'));
    expect([shallow.code, shallow.stdout]).toEqual([0, 'No HDF5 files to check\n']);
    const all = await readable(at('sub'), at('good.h5'), '-r');
    expect([all.code, all.stdout]).toEqual([0, expect.stringMatching(/^\.\.\naverage.*\nall files readable\n$/)]);
    expect((await readable(at('good.h5'), '-a')).stdout).toMatch(/good\.h5 {4}readable\n$/);
    const named = await readable('p900001/r0034', '--data-root', `${GOLDEN}root`, '--origin', 'proc', '--json');
    expect(JSON.parse(named.stdout)).toHaveLength(6);
    expect(JSON.parse(named.stdout)[0].path).toContain('/SPB/202301/p900001/proc/r0034/CORR-R0034-');
    const [file] = JSON.parse((await readable(at('good.h5'), '--json')).stdout);
    expect(file).toMatchObject({ path: at('good.h5'), state: 'readable', accessTime: expect.any(Number) });
    expect((await readable(folder, '--timeout', 'soon')).code).toBe(2);
  });
});
