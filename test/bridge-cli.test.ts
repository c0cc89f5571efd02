import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { receiveTrains } from '../src/bridge/client.ts';
import { isNdArray } from '../src/core/ndarray.ts';
import type { Train } from '../src/core/train.ts';
import { findFreePort } from '../src/platform/node/free-port.ts';
import { nodeHdf5Opener } from '../src/platform/node/hdf5-open.ts';
import { openRun } from '../src/platform/node/open-run.ts';
import { zmtpTransport } from '../src/platform/node/zmtp/zmtp-transport.ts';

const ROOT = join(import.meta.dirname, '..');
const MAIN = join(ROOT, 'src', 'cli', 'main.ts');
const NODE = ['--disable-warning=ExperimentalWarning', MAIN];
const RUN = join(import.meta.dirname, 'golden', 'extra-data', 'root', 'SPB', '202301', 'p900001', 'raw', 'r0034');

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** Runs a command to its end, and how long that took in s. */
function hutch(...args: string[]) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE, 'bridge', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr, seconds: (performance.now() - started) / 1000 };
}

/** Starts a simulator and waits until it says that it is there. */
async function startSim(...args: string[]): Promise<{ child: ChildProcess; said: string; endpoint: string }> {
  const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
  const child = spawn(process.execPath, [...NODE, 'bridge', 'sim', endpoint, ...args]);
  open.push({ close: () => child.kill('SIGKILL') });
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text)));
    child.once('exit', (code) => reject(new Error(`the simulator ended with code ${code}`)));
  });
  return { child, said, endpoint };
}

async function firstTrain(endpoint: string): Promise<Train> {
  for await (const train of receiveTrains({ endpoint, transport: zmtpTransport })) return train;
  throw new Error('no train');
}

/** Something else that listens. */
async function otherProgram(greeting = ''): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.close() });
  return (server.address() as { port: number }).port;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-bridge-cli-'));
  open.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
  return folder;
}

async function openHdf5(path: string) {
  const file = await nodeHdf5Opener.open(path);
  return Object.assign(file, { [Symbol.asyncDispose]: async () => void (await file.close()) });
}

describe('hutch bridge sim', () => {
  it('says that the port is in use, before it prepares anything', async () => {
    const port = await otherProgram();
    const { status, stderr, seconds } = hutch('sim', `tcp://127.0.0.1:${port}`, '--pulses', '64', '--ring', '4');
    expect([status, stderr]).toEqual([
      1,
      `hutch: tcp://127.0.0.1:${port} is used by another program. Choose another one, or port 0 for any free one.\n`,
    ]);
    expect(seconds).toBeLessThan(5);
  });

  it.each([
    [['sim', '0', '--run', '/no/such/run'], 1, /no\/such\/run/],
    [['sim', '0', '-s', 'pickle'], 2, /Pickle is not offered: reading it runs whatever the sender wrote/],
    [['sim', '0', '-p', '3.0'], 2, /Unknown protocol "3.0": choose 1.0, 2.0, 2.1, 2.2/],
    [['sim', '0', '-d', 'LPD', '-g', 'physics'], 2, /physics is there for AGIPD/],
    [['sim', '0', '-g', 'physics', '--raw'], 2, /add --data-like file/],
    [['sim', '0', '-d', 'EIGER'], 2, /Unknown detector "EIGER": choose AGIPD/],
    [['sim', '0', '--rate', 'fast'], 2, /--rate fast must be a number/],
    [['sim', '0', '--rate', ''], 2, /--rate .* must be a number/],
    [['sim', '0', '--trains', '0'], 2, /--trains 0 must be a whole number >= 1/],
    [['sim', 'tcp://host/4545'], 2, /after a colon, not after a slash/],
    [['sim', '99999'], 2, /above 65535/],
    [['sim', '0', '--pulses', '2000'], 1, /7\.8 GiB of frames.*at most 1023 pulses/],
    [['sim', '0', '--pulses', '1e9'], 2, /at most 2700/],
  ] as const)('%j ends with a clear message', (args, code, text) => {
    const { status, stderr } = hutch(...args);
    expect([status, stderr]).toEqual([code, expect.stringMatching(text)]);
    expect(stderr).not.toMatch(/bug of Hutch/);
  });

  it('replays a run: the values are those of the files, with new train ids', async () => {
    const { said, endpoint } = await startSim('--run', RUN, '--rate', '50');
    expect(said).toMatch(/^Simulated bridge on tcp:\/\/127\.0\.0\.1:\d+ \(REP\), \d+ trains in turn, 50 Hz\n$/);
    await using run = await openRun({ path: RUN });
    const sent = await firstTrain(endpoint);
    expect(sent.trainId).toBeGreaterThanOrEqual(1e10);
    for (const [name, { data }] of sent.sources) expect([name, data.size]).not.toEqual([name, 0]);
    let compared = 0;
    for await (const stored of run.trains()) {
      for (const [name, { data }] of stored.sources) {
        if (!sent.sources.has(name)) continue;
        for (const [key, value] of data) {
          const got = sent.sources.get(name)?.data.get(key);
          if (!isNdArray(value) || !isNdArray(got) || /trainId$/.test(key)) continue;
          expect([name, key, got.dtype, got.shape]).toEqual([name, key, value.dtype, value.shape]);
          expect(got.data).toEqual(value.data);
          compared++;
        }
      }
      break;
    }
    expect(compared).toBeGreaterThan(3);
  });

  it.each([
    [['-d', 'AGIPDModule', '-p', '1.0'], /0CH0:output'(.|\n)*image.data, float32, \[128,512,2\]/],
    [
      ['-d', 'JungFrau', '-r', '--data-like', 'file', '-p', '2.0'],
      /Data from 8 (.|\n)*data.adc, uint16, \[2,512,1024\]/,
    ],
    [['-d', 'DSSC', '-n', '2', '-p', '2.1'], /APPEND_CORRECTED-2'(.|\n)*image.data, float32, \[16,512,128,2\]/],
    [['-d', 'control', '-n', '3'], /MOTOR\/X3'(.|\n)*data.intensityTD, float32, \[2700\]/],
    [['-d', 'mixed', '--data-like', 'file'], /image.data, float32, \[2,16,512,128\](.|\n)*data.image.pixels, uint16/],
    [['-d', 'AGIPDModule', '-g', 'physics', '-r', '--data-like', 'file'], /image.data, uint16, \[2,2,512,128\]/],
  ] as const)('%j sends what it says', async (args, text) => {
    const { endpoint } = await startSim(...args, '--pulses', '2', '--ring', '1', '--rate', '20');
    const { stdout, stderr } = hutch('glimpse', endpoint);
    expect([stderr, stdout]).toEqual(['', expect.stringMatching(text)]);
    expect(stdout).toMatch(/^Train ID: 100000000\d\d /);
  });

  it('makes the same powder in both layouts', async () => {
    const [online, file] = await Promise.all(
      ['online', 'file'].map(async (layout) => {
        const { endpoint } = await startSim(
          '-d',
          'AGIPDModule',
          '-g',
          'physics',
          '--pulses',
          '2',
          '--ring',
          '1',
          '--data-like',
          layout,
        );
        const data = [...(await firstTrain(endpoint)).sources.values()][0].data.get('image.data');
        return isNdArray(data) ? (data.data as Float32Array) : new Float32Array();
      }),
    );
    for (let i = 0; i < file.length; i += 997) {
      const [pulse, pixel] = [Math.floor(i / 65536), i % 65536];
      const [ss, fs] = [Math.floor(pixel / 128), pixel % 128];
      expect(online[(fs * 512 + ss) * 2 + pulse]).toBe(file[i]);
    }
    // Photons of one energy, a few in a pixel.
    expect([...new Set(file)].every((value) => Math.abs(value / 9.3 - Math.round(value / 9.3)) < 1e-3)).toBe(true);
    expect(file.reduce((sum, value) => sum + value, 0) / file.length / 9.3).toBeGreaterThan(0.05);
  });

  it('tells of each train with --debug', async () => {
    const { endpoint, child } = await startSim('--pulses', '1', '--debug', '--rate', '50');
    let text = '';
    child.stderr?.on('data', (chunk) => {
      text += chunk;
    });
    await firstTrain(endpoint);
    await expect.poll(() => text).toMatch(/^train 1 sent to 1 client\n/);
  });

  it('ends after its trains, and at once when interrupted, and frees its port', async () => {
    const { child, endpoint } = await startSim('--pulses', '1', '--trains', '5', '--rate', '100');
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
    const endless = await startSim('--pulses', '1');
    await firstTrain(endless.endpoint);
    const ended = new Promise((resolve) => endless.child.once('exit', (code, signal) => resolve(code ?? signal)));
    endless.child.kill('SIGINT');
    expect(await ended).not.toBe('SIGKILL');
    for (const each of [endpoint, endless.endpoint]) await (await zmtpTransport.bind(each, 'REP')).close();
  });
});

describe('hutch bridge glimpse', () => {
  it('says that nobody is there, within its time', async () => {
    const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
    const { status, stdout, stderr, seconds } = hutch('glimpse', endpoint, '--timeout', '1');
    expect([status, stdout, stderr]).toEqual([
      1,
      '',
      `hutch: No train from ${endpoint} in 1 s. No bridge answers at ${endpoint} (ECONNREFUSED). Is it started?\n`,
    ]);
    expect(seconds).toBeLessThan(5);
  });

  it.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', /does not speak ZeroMQ.*port of another program/],
    ['', /closed the connection before it answered as a bridge/],
  ])('says that %j is another program', async (greeting, text) => {
    const port = await otherProgram(greeting);
    const child = spawn(process.execPath, [...NODE, 'bridge', 'glimpse', `tcp://127.0.0.1:${port}`, '--timeout', '1']);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(1);
    expect(stderr).toMatch(text);
  });

  it('says that a bridge is there and silent, however short its time is', async () => {
    const server = await zmtpTransport.bind('tcp://127.0.0.1:0', 'REP');
    const child = spawn(process.execPath, [...NODE, 'bridge', 'glimpse', server.endpoint, '--timeout', '1']);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(1);
    await server.close();
    expect(stderr).toMatch(/in 1 s\. .* is connected but has sent nothing for 0\.5 s\. Is its input running\?\n$/);
  });

  it.each([
    [['glimpse', 'tcp://x'], 2, /is no endpoint/],
    [['glimpse', 'tcp://x:1', '--timeout', '0'], 2, /must be above 0/],
    [['glimpse', 'tcp://x:1', '-z', 'REQ'], 2, /choose REP, PUB, PUSH/],
  ] as const)('%j ends with a clear message', (args, code, text) => {
    const { status, stderr } = hutch(...args);
    expect([status, stderr]).toEqual([code, expect.stringMatching(text)]);
  });

  it('shows a train, as text and as JSON, of each kind of server', async () => {
    const rep = await startSim('--pulses', '2', '--raw', '--data-like', 'file', '--rate', '20');
    const text = hutch('glimpse', rep.endpoint);
    expect([text.status, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/Train ID: 100000000\d\d -+\nData from 1 sources, REQ-REP took [\d.]+ ms\n/);
    expect(text.stdout).toContain(' - [array] image.data, uint16, [2,16,512,128]\n');
    const json = JSON.parse(hutch('glimpse', rep.endpoint, '--json').stdout);
    expect(json.sources[0].name).toBe('SPB_DET_AGIPD1M-1/CAL/APPEND_RAW');
    for (const kind of ['PUB', 'PUSH']) {
      const { endpoint } = await startSim('-z', kind, '--pulses', '1', '--rate', '20');
      expect(hutch('glimpse', endpoint, '-z', kind).stdout).toContain('image.data, float32, [16,128,512,1]');
      // the wrong kind is named
      expect(hutch('glimpse', endpoint, '--timeout', '1').stderr).toContain(
        `is a ${kind} socket, which does not go with our REQ`,
      );
    }
  });
});

describe('hutch bridge glimpse --save', () => {
  it('writes the file that it names', async () => {
    const { endpoint } = await startSim('-d', 'control', '--rate', '50');
    const folder = makeFolder();
    const named = hutch('glimpse', endpoint, '-o', join(folder, 'a.h5'));
    expect([named.status, named.stderr]).toEqual([0, `Saved to ${join(folder, 'a.h5')}\n`]);
    spawnSync(process.execPath, [...NODE, 'bridge', 'glimpse', endpoint, '-s', '-v'], { cwd: folder });
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(2);
    expect(names.find((name) => name !== 'a.h5')).toMatch(/^.+_\d+_\d{8}_\d{8}\.h5$/);
    await using run = await openHdf5(join(folder, 'a.h5'));
    expect(run.read('/SPB_XTD9_XGM/XGM/DOOCS:output/data.intensityTD').shape).toEqual([2700]);
  });
});

describe('hutch bridge monitor', () => {
  it('tells of each train, as text and as lines of JSON', async () => {
    const { endpoint } = await startSim('-d', 'control', '-n', '1', '--rate', '50');
    const { status, stdout } = hutch('monitor', endpoint, '--ntrains', '3');
    expect(status).toBe(0);
    expect(stdout.match(/^Train ID: /gm)).toHaveLength(3);
    expect(stdout).toMatch(/^- data: \[actualPosition.value, .*\]$/m);
    expect(hutch('monitor', endpoint, '--ntrains', '1', '-v').stdout).toContain(' - [float] velocity.value, 0.5\n');
    const lines = hutch('monitor', endpoint, '--ntrains', '2', '--json').stdout.trimEnd().split('\n');
    const [first, second] = lines.map((line) => JSON.parse(line).trainId);
    expect(second).toBeGreaterThan(first);
  });

  it('waits for a bridge, says so, and ends with Ctrl-C', async () => {
    const child = spawn(process.execPath, [...NODE, 'bridge', 'monitor', `tcp://127.0.0.1:${await findFreePort()}`]);
    open.push({ close: () => child.kill('SIGKILL') });
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    await expect.poll(() => text, { timeout: 10_000 }).toMatch(/No bridge answers/);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect([await ended, text]).toEqual([0, expect.stringMatching(/exit\.\n$/)]);
  });
});
