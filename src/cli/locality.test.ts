import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN, readExpected } from '../../test/conformance/hdf5-run-expected.ts';
import { runHere } from '../../test/server/hutch-in-process.ts';
import { localityFilter } from '../data/locality.ts';
import { nodeFileStore } from '../platform/node/file-store.ts';
import { openRun } from '../platform/node/open-run.ts';
import { addLocalityCommand } from './commands/locality.ts';

const RAW = `${GOLDEN}root/SPB/202301/p900001/raw/r0034`;
const locality = (...args: string[]) => runHere(addLocalityCommand, ['locality', ...args]);
const folder = mkdtempSync(join(tmpdir(), 'hutch-locality-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder as dCache shows it: each file has a hidden one that says where it is. */
const WORDS = ['ONLINE', 'ONLINE_AND_NEARLINE', 'NEARLINE', 'UNAVAILABLE', 'LOST\n'];
const paths = WORDS.map((_, i) => join(folder, `RAW-R0017-DA0${i}-S00000.h5`));
beforeAll(() => {
  for (const [i, path] of paths.entries()) {
    copyFileSync(`${GOLDEN}runs/validate/ok/RAW-R0017-DA01-S00000.h5`, path);
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(path.replace(/(RAW.*)$/, '.(get)($1)(locality)'), WORDS[i]);
  }
});

describe('hutch locality', () => {
  it('prints like extra-data-locality: the last count only, since progress has no place in a pipe', async () => {
    const expected = readExpected('locality');
    const { code, stdout } = await locality(RAW);
    const last = (text: string) =>
      text
        .replace(/.*\r(?=.)/g, '')
        .replace(/ +\r?$/gm, '')
        .replaceAll(GOLDEN, '<FIXTURE>/');
    // The original had 14 files there: its own map of the run beside the 13 of the run.
    expect([code, last(stdout)]).toEqual([0, last(expected.stdout).replaceAll('14', '13')]);
    const named = await locality('p900001/r0034', '--data-root', `${GOLDEN}root`, '--json');
    expect(JSON.parse(named.stdout).files).toHaveLength(13 + 6);
    const noRun = await locality('p900001/r0099', '--data-root', `${GOLDEN}root`, '--json');
    expect([noRun.code, JSON.parse(noRun.stdout)]).toEqual([255, { path: 'p900001/r0099', files: null }]);
    const missing = await locality(`${GOLDEN}nope`);
    expect(missing).toEqual({
      code: expected.missing.exit,
      stdout: expected.missing.stdout.replace('<FIXTURE>/', GOLDEN),
      stderr: '',
    });
  });

  it('names what is not on disk, and ends with the sum of the reasons', async () => {
    const { code, stdout } = await locality(folder);
    expect(code).toBe(7);
    // The hidden files are files, too; of dCache they cannot be listed.
    expect(stdout).toContain(
      `7 on disk, 1 only on tape, 1 unavailable\nOnly on tape:\n  ${paths[2]}\nUnavailable:\n  ${paths[3]}\n`,
    );
    expect(stdout).toMatch(/Unknown locality: LOST\n$/);
    expect((await locality(paths[2])).code).toBe(1);
    const { files } = JSON.parse((await locality(paths[1], '--json')).stdout);
    expect(files).toEqual([{ path: paths[1], locality: 'ONLINE_AND_NEARLINE', place: 'disk' }]);
  });
});

describe('filters of run files', () => {
  it('keep what is on disk, or what can be had', async () => {
    const skipped: string[] = [];
    const onDisk = localityFilter(nodeFileStore, ['disk'], (file) => skipped.push(file.locality));
    expect(await onDisk(paths)).toEqual(paths.slice(0, 2));
    expect(skipped).toEqual(['NEARLINE', 'UNAVAILABLE', 'LOST']);
    const available = localityFilter(nodeFileStore, ['disk', 'tape']);
    expect(await available(paths)).toEqual(paths.slice(0, 3));
    const run = await openRun({ path: folder }, { fileFilter: (all) => available(all.slice(2, 4)) });
    expect(run.files).toEqual([paths[2]]);
    await run.close();
  });
});
