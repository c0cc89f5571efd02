// The package as people get it: packed, installed in an empty folder with the Node at hand, used as program and as library.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const MINUTE = 60_000;

/** The oldest Node at hand that the package allows: the system's when there is one, else the project's. */
function findNode(): string {
  const candidates = ['/usr/bin/node', '/usr/local/bin/node', process.execPath].filter(existsSync);
  const major = (node: string) =>
    Number(/^v(\d+)/.exec(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout)?.[1]);
  const allowed = candidates.filter((node) => major(node) >= 20).sort((a, b) => major(a) - major(b));
  return allowed[0] ?? process.execPath;
}

function run(program: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 4 * MINUTE });
  return { status: error ? String(error) : status, stdout, stderr };
}

describe('the installed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-package-'));
  const home = join(folder, 'home');
  const node = findNode();
  const installed = join(home, 'node_modules', 'hutch');
  let files: string[];
  let server: ChildProcess | undefined;
  const hutch = (...args: string[]) => run(node, [join(home, 'node_modules', '.bin', 'hutch'), ...args], home);

  beforeAll(() => {
    // A copy is built, so that a test never replaces the dist/ of somebody's running server.
    const source = join(folder, 'source');
    mkdirSync(source);
    const kept = ['.git', 'node_modules', 'dist', 'build', '.demo', 'test', 'docs/screenshots'];
    execFileSync('tar', ['-cf', join(folder, 'source.tar'), ...kept.map((path) => `--exclude=./${path}`), '.'], {
      cwd: root,
    });
    execFileSync('tar', ['-xf', join(folder, 'source.tar'), '-C', source]);
    execFileSync('ln', ['-s', join(root, 'node_modules'), join(source, 'node_modules')]);
    const build = run(process.execPath, ['--disable-warning=ExperimentalWarning', 'tools/build.ts'], source);
    expect(build, build.stdout + build.stderr).toMatchObject({ status: 0 });
    const pack = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], source);
    expect(pack, pack.stderr).toMatchObject({ status: 0 });
    const [packed] = Object.values(JSON.parse(pack.stdout)) as { filename: string; files: { path: string }[] }[];
    files = packed.files.map((file) => file.path);
    mkdirSync(home);
    writeFileSync(join(home, 'package.json'), '{ "name": "home", "private": true, "type": "module" }\n');
    const install = run(
      'npm',
      ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', join(folder, packed.filename)],
      home,
    );
    expect(install, install.stdout + install.stderr).toMatchObject({ status: 0 });
  }, 5 * MINUTE);

  afterAll(() => {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds the build, and neither sources, tests nor tools', () => {
    for (const path of [
      'bin/hutch',
      'dist/lib/index.js',
      'dist/lib/index.d.ts',
      'dist/cli/main.js',
      'dist/kernels.wasm',
      'dist/app/index.html',
    ])
      expect(files).toContain(path);
    expect(files.filter((path) => /^(src|test|tools|bench|node_modules)\/|\.test\.|\.bench\./.test(path))).toEqual([]);
    expect(readdirSync(join(home, 'node_modules', '.bin'))).toEqual(
      expect.arrayContaining(['hutch', 'lsxfel', 'h5glance']),
    );
    expect(existsSync(join(home, 'node_modules', 'node'))).toBe(false);
    expect(existsSync(join(home, 'node_modules', 'vite'))).toBe(false);
  });

  it('names no folder of the machine it was built on', () => {
    const texts = files.filter((path) => /\.(js|d\.ts|json|html|css|md)$|^bin\//.test(path));
    const naming = texts.filter((path) => readFileSync(join(installed, path), 'utf8').includes(folder));
    expect(naming).toEqual([]);
  });

  it('hutch --help and --version, with nothing on standard error', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(hutch('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    const help = hutch('--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    for (const command of ['serve', 'example', 'ls', 'get']) expect(help.stdout).toContain(`  ${command} `);
    expect(hutch('nope').status).toBe(2);
  });

  it(
    'hutch example, ls, get',
    () => {
      const made = hutch('example', 'data', '--modules', '3,4', '--trains', '2', '--dark-trains', '3');
      const proposal = join(home, 'data', 'XMPL', '202601', 'p700000');
      expect(made).toEqual({ status: 0, stdout: `${proposal}\n`, stderr: '' });
      const [old, now] = [
        run(node, [join(home, 'node_modules', '.bin', 'lsxfel'), join(proposal, 'raw', 'r0004')], home),
        hutch('ls', join(proposal, 'raw', 'r0004')),
      ];
      expect(old).toEqual({ ...now, status: 0 });
      const listing = hutch('ls', join(proposal, 'raw', 'r0004'), '--json');
      expect([listing.status, JSON.parse(listing.stdout).trains]).toEqual([0, 2]);
      const source = 'XMPL_DET_AGIPD1M-1/DET/3CH0:xtdf';
      const got = hutch('get', 'p700000/r0004', source, 'image.pulseId', '--data-root', 'data');
      expect(got).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(got.stdout)).toMatchObject({ shape: [4, 1], dtype: '<u8' });
    },
    2 * MINUTE,
  );

  it(
    'hutch serve answers with pages and data',
    async () => {
      const bin = join(home, 'node_modules', '.bin', 'hutch');
      server = spawn(node, [bin, 'serve', '--port', '0', '--data-root', 'data'], { cwd: home });
      let said = '';
      const address = await new Promise<string>((resolve, reject) => {
        const listen = (chunk: Buffer) => {
          said += chunk;
          const match = /Hutch is at (\S+)/.exec(said);
          if (match) resolve(match[1]);
        };
        server?.stdout?.on('data', listen);
        server?.stderr?.on('data', listen);
        server?.once('exit', () => reject(new Error(said)));
      });
      expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      const page = await (await fetch(address)).text();
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? 'no script in the page';
      expect((await fetch(address + script)).headers.get('content-type')).toMatch(/javascript/);
      const runs = await (await fetch(`${address}/api/proposals/p700000/runs`)).json();
      expect(runs).toHaveLength(4);
      const frame = 'detector=XMPL_DET_AGIPD1M-1&train=0&pulse=0&view=corrected';
      const reply = await fetch(`${address}/api/runs/p700000/4/frame?${frame}`);
      expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
      const status = await (await fetch(`${address}/api/live/status`)).json();
      // No bridge is there, and nothing else is wrong: threads and kernels were found.
      expect(status.lastError?.text ?? 'No bridge answers').toMatch(/^No bridge answers/);
      const ended = new Promise((resolve) => server?.once('exit', resolve));
      server.kill('SIGINT');
      expect(await ended).toBe(0);
      expect(said).not.toMatch(/fault|Warning/);
    },
    2 * MINUTE,
  );

  it('is a library: plain ESM, and types that tsc resolves', () => {
    const program = `
import { openRun, openDetector } from 'hutch';
const run = await openRun({ path: 'data/XMPL/202601/p700000/raw/r0004' });
const detector = openDetector(run);
console.log(JSON.stringify([run.trainIds.length, [...detector.modules]]));
await run.close();
`;
    writeFileSync(join(home, 'use.mjs'), program);
    expect(run(node, ['use.mjs'], home)).toEqual({ status: 0, stdout: '[2,[3,4]]\n', stderr: '' });
    writeFileSync(
      join(home, 'use.ts'),
      program.replace('const run =', 'const run: Run =').replace('import {', 'import { type NdArray, type Run,') +
        'export type Pixels = NdArray<"float32">["data"];\n// @ts-expect-error: a number is no target\nopenRun(5);\n',
    );
    for (const [name, options] of [
      ['nodenext', { module: 'nodenext' }],
      ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
    ] as const) {
      const compilerOptions = {
        ...options,
        target: 'es2022',
        lib: ['es2023', 'dom'],
        types: [],
        strict: true,
        noEmit: true,
      };
      writeFileSync(join(home, `${name}.json`), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
      const tsc = run(process.execPath, [join(root, 'node_modules/typescript7/bin/tsc'), '-p', `${name}.json`], home);
      expect([name, tsc.stdout, tsc.status]).toEqual([name, '', 0]);
    }
  });
});
