// What happens to people with bad files: on the terminal and over HTTP.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInfoSchema, runRowSchema } from '../src/api/run-contract.ts';
import { GOLDEN } from './conformance/hdf5-run-expected.ts';
import { goldenApp } from './server/golden-app.ts';
import { runHutch } from './server/hutch-process.ts';

const MOTOR = 'SPB_IRU_MOT/MOTOR/X1';
const GOOD = `${GOLDEN}runs/fmt12/RAW-R0009-DA01-S00000.h5`;
const good = readFileSync(GOOD);
/** Root may read everything: there the commands are run by nobody. */
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
/** Not in a checkout that is closed to others, such as one below /root. */
const canBeNobody =
  !isRoot ||
  spawnSync(process.execPath, ['-e', 'fs.accessSync(process.argv[1])', import.meta.filename], { uid: NOBODY })
    .status === 0;

/** Bad content, and what is said of it: what is wrong, then how to go on. */
const BAD: readonly (readonly [name: string, content: () => Uint8Array | string, reason: RegExp])[] = [
  ['zero-bytes', () => '', /is empty: the writer stored nothing\. Copy it again/],
  [
    'non-hdf5',
    () => 'a letter home, long enough to be looked at',
    /is not an HDF5 file.*Give a file of a raw or proc run/,
  ],
  ['signature-only', () => good.subarray(0, 8), /damaged HDF5 superblock.*Copy it again/],
  ['superblock-only', () => good.subarray(0, 96), /is cut off: 96 bytes of \d+\. It is still being written or copied/],
  ['half', () => good.subarray(0, good.length / 2), /is cut off: \d+ bytes of \d+\. It is still being written/],
  ['cut-in-dataset', () => good.subarray(0, good.length - 100), /is cut off: \d+ bytes of \d+\. It is still being/],
  [
    'zeroed-inside',
    () => Uint8Array.from(good, (byte, i) => (i > 100 && i < good.length - 100 ? 0 : byte)),
    /damaged|not a European XFEL file.*Give a file/,
  ],
  ['other-hdf5', () => readFileSync(`${GOLDEN}hdf5-types.h5`), /is HDF5 but not a European XFEL file/],
];

let root: string;
let raw: string;
const fileOf = (run: string) => join(raw, run, 'RAW-R0001-DA02-S00000.h5');

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hutch-bad-'));
  chmodSync(root, 0o755);
  raw = join(root, 'SPB', '202301', 'p900001', 'raw');
  const plant = (run: string, content: Uint8Array | string, besideGood: boolean) => {
    mkdirSync(join(raw, run), { recursive: true });
    writeFileSync(fileOf(run), content);
    if (besideGood) copyFileSync(GOOD, join(raw, run, 'RAW-R0001-DA01-S00000.h5'));
  };
  for (const [i, [, content]] of BAD.entries()) {
    plant(`r000${i + 1}`, content(), false);
    plant(`r010${i + 1}`, content(), true);
  }
  mkdirSync(join(raw, 'r0050'));
  plant('r0060', good, false);
  chmodSync(fileOf('r0060'), 0);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const expectPlain = (stderr: string) => {
  expect(stderr).toMatch(/^hutch: /);
  expect(stderr).not.toMatch(/\n\s+at |This is a bug|undefined|\[object/);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
};

describe('bad files on the terminal', () => {
  it.each(BAD.map(([name, , reason], i) => [name, i, reason] as const))('%s', async (_, i, reason) => {
    const file = fileOf(`r000${i + 1}`);
    const [get, ls, keys] = await Promise.all([
      runHutch(['get', file, MOTOR, 'actualPosition']),
      runHutch(['ls', join(raw, `r000${i + 1}`)]),
      runHutch(['keys', join(raw, `r010${i + 1}`), MOTOR, '--json']),
    ]);
    // The listing's heading names what is looked at before it is opened, as lsxfel prints it.
    expect(ls.stdout).toMatch(/^(r000\d+ : Run directory\n)?$/);
    for (const { code, stdout, stderr } of [get, { ...ls, stdout: '' }]) {
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(reason)]);
      expect(stderr).toContain('RAW-R0001-DA02-S00000.h5');
      expectPlain(stderr);
    }
    // Beside a good file it is left out.
    expect([keys.code, keys.stderr]).toEqual([0, '']);
    expect(JSON.parse(keys.stdout).keys.length).toBeGreaterThan(3);
  });

  it('names the files that were left out of a run', async () => {
    const { code, stdout } = await runHutch(['ls', join(raw, 'r0105')]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Skipped RAW-R0001-DA02-S00000\.h5: .* is cut off/)]);
  });

  it('missing paths, empty folders, a run without detector', async () => {
    const cases: readonly (readonly [string[], number, RegExp])[] = [
      [['get', '/no/such/run', MOTOR, 'actualPosition'], 1, /no file or folder \/no\/such\/run/],
      [['detector', '/no/such/run', '--json'], 1, /no file or folder \/no\/such\/run/],
      [['keys', join(raw, 'r0050'), MOTOR], 1, /No HDF5 files in .*r0050.*Give a run folder/],
      [['get', 'p900001/r0077', MOTOR, 'x', '--data-root', root], 1, /r0077.*no "raw" data/],
      [['get', 'p000001/r0001', MOTOR, 'x', '--data-root', root], 1, /No proposal p000001 below/],
      [['detector', join(raw, 'r0101'), '--json'], 1, /has no detector.*run\.sources/],
      [['get', join(raw, 'r0101'), 'NOPE', 'x'], 1, /NOPE.*nearest/],
    ];
    for (const [args, code, reason] of cases) {
      const ended = await runHutch(args);
      expect([args, ended.code, ended.stdout, ended.stderr]).toEqual([args, code, '', expect.stringMatching(reason)]);
      expectPlain(ended.stderr);
    }
    const debug = await runHutch(['--debug', 'get', '/no/such/run', MOTOR, 'x']);
    expect([debug.code, debug.stderr]).toEqual([1, expect.stringMatching(/\n\s+at /)]);
  });

  it.skipIf(!canBeNobody)('a file that may not be read', async () => {
    const { code, stderr } = await runHutch(['get', fileOf('r0060'), MOTOR, 'actualPosition'], {
      uid: isRoot ? NOBODY : undefined,
    });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/RAW-R0001-DA02.*: permission denied.*Ask/)]);
    expectPlain(stderr);
  });
});

describe('bad files over HTTP', () => {
  let app: FastifyInstance;
  let close: () => Promise<void>;
  let faults: unknown[];
  beforeAll(async () => {
    ({ app, close, faults } = await goldenApp({ dataRoot: root }));
  });
  afterAll(async () => {
    expect(faults).toEqual([]);
    await close();
  });

  it.each(BAD.map(([name, , reason], i) => [name, i, reason] as const))('%s', async (_, i, reason) => {
    const alone = await app.inject({ url: `/api/runs/p900001/${i + 1}?data=raw` });
    expect([alone.statusCode, alone.json()]).toEqual([
      422,
      { error: 'FileUnreadable', message: expect.stringMatching(reason), details: expect.any(Object) },
    ]);
    const beside = await app.inject({ url: `/api/runs/p900001/10${i + 1}?data=raw` });
    expect(beside.statusCode).toBe(200);
    expect(runInfoSchema.parse(beside.json()).skippedFiles).toEqual([
      { file: fileOf(`r010${i + 1}`), reason: expect.stringMatching(reason) },
    ]);
  });

  it('the list of runs names the problems, and shows the rest', async () => {
    const reply = await app.inject({ url: '/api/proposals/p900001/runs' });
    expect(reply.statusCode).toBe(200);
    const rows = runRowSchema.array().parse(reply.json());
    expect(rows).toHaveLength(2 * BAD.length + 2);
    for (const [i, [, , reason]] of BAD.entries()) {
      const [alone, beside] = [i + 1, 101 + i].map((number) => rows.find((row) => row.run === number));
      expect(alone).toMatchObject({ trains: 0, problems: [expect.stringMatching(reason)] });
      expect(beside?.problems).toEqual([expect.stringMatching(reason)]);
    }
    expect(rows.find((row) => row.run === 50)?.problems).toEqual(['The run has no files.']);
    const empty = await app.inject({ url: '/api/runs/p900001/50?data=raw' });
    expect([empty.statusCode, empty.json().error]).toEqual([404, 'NoData']);
  });

  it('a file that was mended is read again', async () => {
    const mended = join(raw, 'r0900');
    mkdirSync(mended);
    const file = join(mended, 'RAW-R0900-DA01-S00000.h5');
    writeFileSync(file, good.subarray(0, 3000));
    const ask = async () => (await app.inject({ url: '/api/runs/p900001/900?data=raw' })).statusCode;
    expect(await ask()).toBe(422);
    writeFileSync(file, good);
    expect(await ask()).toBe(200);
  });
});
