import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { runHutch, startHutch } from '../../test/server/hutch-process.ts';

const RAW = `${GOLDEN}root/SPB/202301/p900001/raw/r0034`;
const MOTOR = 'SPB_IRU_MOT/MOTOR/X1';
const folder = mkdtempSync(join(tmpdir(), 'hutch-command-line-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every command and the options of its contract (spec/cli.md) that are built. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  serve: ['--data-root', '--host', '--port', '--bridge', '--geometry', '--demo'],
  integrate: [
    '--geometry',
    '--poni',
    '--method',
    '--bins',
    '--unit',
    '--2d',
    '--azimuth-range',
    '--per-pulse',
    '--output',
  ],
  example: ['--detector', '--trains', '--pulses', '--modules', '--seed'],
  ls: ['--source', '--detail', '--counts', '--no-group', '--aggregators', '--auxiliary', '--json'],
  keys: ['--json', '--data-root'],
  get: ['--trains', '--train-ids', '--roi', '--format', '--output', '--json', '--no-data'],
  glance: ['--attrs', '--depth', '--slice', '--pager', '--no-pager', '--json'],
  validate: ['--skip', '--list', '--json'],
  locality: ['--json'],
  readable: ['--all', '--recursive', '--timeout', '--json'],
  detector: ['--name', '--key', '--trains', '--pulses', '--raw', '--fill', '--output', '--json'],
};

describe('help', () => {
  it.each(Object.entries(COMMANDS))('hutch %s --help shows all options and two examples', async (command, options) => {
    const { code, stdout, stderr } = await runHutch([command, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')[0]).toMatch(new RegExp(`^Usage: hutch ${command} `));
    for (const option of options) expect(stdout).toMatch(new RegExp(`(^|\\s|, )${option}[ \\n]`, 'm'));
    const examples = stdout.slice(stdout.indexOf('Examples:')).match(new RegExp(`^  hutch ${command} `, 'gm'));
    expect(examples?.length ?? 0).toBeGreaterThanOrEqual(2);
    // What the examples use exists.
    for (const [, used] of stdout.slice(stdout.indexOf('Examples:')).matchAll(/ (--[\w-]+)/g))
      expect(stdout.slice(0, stdout.indexOf('Examples:'))).toContain(used);
  });

  it('hutch --help lists every command, and no other', async () => {
    const { code, stdout } = await runHutch(['--help']);
    expect(code).toBe(0);
    const listed = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    for (const command of Object.keys(COMMANDS)) expect(listed).toContain(command);
  });
});

describe('wrong calls end with 2 and say what may be meant', () => {
  it.each([
    [['exmaple'], /unknown command 'exmaple'\s+\(Did you mean example\?\)/],
    [['get', RAW, MOTOR, 'actualPosition', '--jsn'], /unknown option '--jsn'\s+\(Did you mean --json\?\)/],
    [['get', RAW], /missing required argument 'source'/],
    [['keys', RAW, MOTOR, 'more'], /too many arguments/],
    [['get', RAW, MOTOR, 'actualPosition', '--train-ids', 'x'], /--train-ids needs ids separated by commas, got "x"/],
    [['get', RAW, MOTOR, 'actualPosition', '--roi', '0:4:x'], /--roi: "0:4:x" is not a range/],
    [['detector', RAW], /Say where to write with -o FILE\.npy/],
    [['detector', RAW, '--json', '--fill', 'x'], /--fill needs a number, got "x"/],
    [['example', join(folder, 'x'), '--pulses', '-1'], /--pulses/],
    [['example', join(folder, 'x'), '--pulses', '100000'], /pulses/],
    [['example', join(folder, 'x'), '--modules', '99'], /module/],
    [[], /Usage: hutch/],
  ])('%j', async (args, reason) => {
    const { code, stdout, stderr } = await runHutch(args);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(reason)]);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
});

describe('output', () => {
  it('has no colours and no progress in a pipe', async () => {
    const env = { FORCE_COLOR: '1', NO_COLOR: undefined };
    const outputs = await Promise.all([
      runHutch(['ls', RAW], { env }),
      runHutch(['nope'], { env: { NO_COLOR: '1' } }),
      runHutch(['example', join(folder, 'quiet'), '--modules', '3', '--trains', '1', '--dark-trains', '3'], { env }),
    ]);
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain('\u001b');
    expect(outputs[2].stderr).toBe('');
  });

  const script = '/usr/bin/script';
  it.skipIf(!existsSync(script))('shows progress on a terminal (needs /usr/bin/script)', () => {
    const main = join(import.meta.dirname, 'main.ts');
    const call = (quiet: string) =>
      `${process.execPath} ${main} ${quiet} example ${join(folder, 'shown')} --modules 3 --trains 1 --dark-trains 3`;
    const shown = spawnSync(script, ['-qec', call(''), '/dev/null'], { encoding: 'utf8' });
    expect([shown.status, shown.stdout]).toEqual([0, expect.stringMatching(/\r *\d+ % /)]);
    expect(spawnSync(script, ['-qec', call('--quiet'), '/dev/null'], { encoding: 'utf8' }).stdout).not.toMatch(/%/);
  });

  it('warnings are one line, and silent with --quiet', async () => {
    const args = ['get', `${GOLDEN}runs/fmt11`, MOTOR, 'actualPosition', '--no-data'];
    const { code, stdout, stderr } = await runHutch(args);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^hutch: 2 files are of format 1\.1.*\n$/)]);
    expect(await runHutch(['--quiet', ...args])).toEqual({ code: 0, stdout, stderr: '' });
  });

  it('a reader that goes away early is no error', async () => {
    const main = join(import.meta.dirname, 'main.ts');
    const { status, stderr } = spawnSync(
      'bash',
      [
        '-c',
        'set -o pipefail; "$0" "$1" get "$2" SPB_DET_AGIPD1M-1/DET/0CH0:xtdf image.data | head -c 10',
        process.execPath,
        main,
        RAW,
      ],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
  });

  it('a place that cannot be written is said plainly', async () => {
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'folder.npy'));
    for (const [target, reason] of [
      [join(folder, 'file', 'x.npy'), /file cannot be written|cannot be written \(a part of the path/],
      [join(folder, 'folder.npy'), /cannot be written \(it is a folder\)/],
    ] as const) {
      const { code, stderr } = await runHutch(['get', RAW, MOTOR, 'actualPosition', '-o', target]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(reason)]);
      expect(stderr).not.toMatch(/bug of Hutch/);
    }
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  const partsBelow = (path: string) =>
    existsSync(path)
      ? readdirSync(path, { recursive: true })
          .map(String)
          .filter((name) => /\.part|p700000/.test(name))
      : [];

  it('leaves no half-written example', async () => {
    const out = join(folder, 'interrupted');
    const { child, ended } = startHutch(['example', out]);
    await expect.poll(() => partsBelow(out).some((name) => name.endsWith('.h5')), { timeout: 20_000 }).toBe(true);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: '' });
    expect(partsBelow(out)).toEqual([]);
  });

  it('leaves no half-written array, whenever it comes', async () => {
    for (const wait of [500, 1200, 2500]) {
      const out = join(folder, `stack-${wait}`, 'stack.npy');
      const { child, ended } = startHutch(['detector', RAW, '--raw', '--module-gaps', '-o', out]);
      setTimeout(() => child.kill('SIGINT'), wait);
      const { code, stderr } = await ended;
      // Before the program listens the system ends it (null); later it cleans up; or it was done already.
      expect([0, 130, null]).toContain(code);
      expect(stderr).toBe('');
      const found = existsSync(join(out, '..')) ? readdirSync(join(out, '..')) : [];
      expect(found).toEqual(code === 0 ? ['stack.npy'] : []);
    }
  }, 90_000);
});

describe.skipIf(process.platform === 'win32')('bin/hutch in a checkout', () => {
  it('hands signals on, so that nothing goes on without it', async () => {
    const bin = join(import.meta.dirname, '..', '..', 'bin', 'hutch');
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, [bin, 'serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const address = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk) => /Hutch is at (\S+)/.test(chunk) && resolve(/at (\S+)/.exec(chunk)?.[1] ?? ''));
      child.once('exit', () => reject(new Error('it ended')));
    });
    expect((await fetch(`${address}/api/status`)).status).toBe(200);
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    await expect(fetch(`${address}/api/status`)).rejects.toThrow();
  });
});
