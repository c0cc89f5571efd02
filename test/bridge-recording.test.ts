import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiveTrains, receiveWith } from '../src/bridge/client.ts';
import { openRecording } from '../src/platform/node/bridge-recording/open-recording.ts';
import { recordBridge } from '../src/platform/node/bridge-recording/record-bridge.ts';
import { findFreePort } from '../src/platform/node/free-port.ts';
import { zmtpTransport } from '../src/platform/node/zmtp/zmtp-transport.ts';
import { goldenMessages, recordedMessages } from './golden/bridge/kbm.ts';

const PYTHON = '/usr/bin/python3';
const hasPython = spawnSync(PYTHON, ['-c', 'import zmq']).status === 0;
const GOLDEN = join(import.meta.dirname, 'golden', 'bridge', 'recording');
const NODE = [
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '..', 'src', 'cli', 'main.ts'),
  'bridge',
];

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-bridge-recording-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string | null>;
  readonly output: () => string;
}

/** Starts a command and waits for its first words. */
async function start(
  args: readonly string[],
  command = process.execPath,
  before: readonly string[] = NODE,
): Promise<Started> {
  const child = spawn(command, [...before, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += chunk;
    });
  const ended = new Promise<number | string | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  await Promise.race([
    new Promise((resolve) => child.stdout.once('data', resolve)),
    ended.then((code) => {
      throw new Error(`ended with ${code}: ${text}`);
    }),
  ]);
  return { child, ended, output: () => text };
}

const free = async () => `tcp://127.0.0.1:${await findFreePort()}`;

async function receiveParts(endpoint: string, socket: 'REQ' | 'SUB' | 'PULL', count: number): Promise<Uint8Array[][]> {
  const got: Uint8Array[][] = [];
  const messages = receiveWith({ endpoint, socket, transport: zmtpTransport }, ({ parts, release }) => {
    const copies = parts.map((part) => part.slice());
    release();
    return copies;
  });
  for await (const parts of messages) if (got.push(parts) === count) break;
  return got;
}

const READER = `
import hashlib, json, sys, zmq
endpoint, kind, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
socket = zmq.Context().socket(getattr(zmq, kind))
if kind == 'SUB': socket.setsockopt(zmq.SUBSCRIBE, b'')
socket.connect(endpoint)
for _ in range(count):
    if kind == 'REQ': socket.send(b'next')
    print(json.dumps([[len(p), hashlib.sha256(p).hexdigest()] for p in socket.recv_multipart()]), flush=True)
`;
const fingerprint = (parts: readonly Uint8Array[]) =>
  parts.map((part) => [part.length, createHash('sha256').update(part).digest('hex')]);

describe('record and replay', () => {
  it.each([
    ['REP', 'REQ'],
    ['PUB', 'SUB'],
    ['PUSH', 'PULL'],
  ] as const)('give byte-identical parts over %s', async (server, client) => {
    const golden = recordedMessages('v2.2').map(({ parts }) => parts);
    const first = await free();
    const replay = await start(['replay', first, GOLDEN, '-z', server, '--rate', '50']);
    const dir = join(folder, 'rec');
    const record = await start(['record', first, '-z', server, '-o', dir, '--trains', '6']);
    expect([await record.ended, await replay.ended]).toEqual([0, 0]);
    expect(record.output()).toMatch(/6 messages, [\d.]+ kB \(as many trains as wanted\)/);
    const second = await free();
    await start(['replay', second, dir, '-z', server, '--rate', '100']);
    const got = await receiveParts(second, client, 6);
    expect(got.map((parts) => parts.map((part) => Buffer.from(part)))).toEqual(
      golden.map((parts) => parts.map((part) => Buffer.from(part))),
    );
  });

  it.skipIf(!hasPython).each([
    ['REP', 'REQ', '2.2'],
    ['PUB', 'SUB', '2.2'],
    ['PUSH', 'PULL', '1.0'],
  ])('send to a Python reader what was recorded: %s (needs python3-zmq)', async (server, client, protocol) => {
    const golden = recordedMessages(`v${protocol}` as 'v1.0').map(({ parts }) => parts);
    const first = await free();
    await start(['replay', first, GOLDEN, '-z', server, '--protocol', protocol, '--rate', '50']);
    const dir = join(folder, 'rec');
    const record = await start(['record', first, '-z', server, '-o', dir, '--trains', '6']);
    expect(await record.ended).toBe(0);
    const second = await free();
    await start(['replay', second, dir, '-z', server, '--rate', '50']);
    const reader = await start([second, client, '6'], PYTHON, ['-c', READER]);
    expect(await reader.ended).toBe(0);
    const lines = reader
      .output()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual(golden.map(fingerprint));
  });

  it('have one connection to a bridge that is named twice', async () => {
    const endpoint = await free();
    await using server = await zmtpTransport
      .bind(endpoint, 'PUB')
      .then((socket) => ({ socket, [Symbol.asyncDispose]: () => socket.close() }));
    const [{ parts }] = recordedMessages('v2.2');
    const timer = setInterval(() => server.socket.send(parts), 20);
    const dir = join(folder, 'rec');
    const recorder = await recordBridge({ endpoints: [endpoint, endpoint], socket: 'SUB', dir, maxMessages: 10 });
    const { endpoints } = await recorder.finished;
    clearInterval(timer);
    expect(endpoints).toEqual([{ endpoint, socket: 'SUB' }]);
  });

  it('keep messages that are none of a bridge, from two servers at once', async () => {
    const bad = goldenMessages('bad').filter(({ parts }) => parts.length > 0);
    const endpoints = [await free(), await free()];
    const servers = await Promise.all(endpoints.map((endpoint) => zmtpTransport.bind(endpoint, 'REP')));
    const asked = [0, 0];
    for (const [n, server] of servers.entries())
      server.onRequest((_, reply) => {
        const { parts } = bad[(2 * asked[n]++ + n) % bad.length];
        reply(parts);
      });
    const recorder = await recordBridge({ endpoints, dir: join(folder, 'rec'), maxMessages: bad.length });
    await recorder.finished;
    for (const server of servers) await server.close();
    await using recording = await openRecording(recorder.dir);
    const next = [0, 0];
    for await (const { parts, endpoint } of recording.messages()) {
      const n = endpoints.indexOf(endpoint);
      const expected = bad[(2 * next[n]++ + n) % bad.length];
      expect(parts.map((part) => Buffer.from(part))).toEqual(expected.parts.map((part) => Buffer.from(part)));
    }
    expect(next[0] + next[1]).toBe(bad.length);
    expect(Math.min(...next)).toBeGreaterThan(5);
  });
});

describe('hutch bridge replay', () => {
  it('loops, from a train to a train, with new ids and the time of sending', async () => {
    const endpoint = await free();
    const { child, ended } = await start([
      'replay',
      endpoint,
      GOLDEN,
      '--rate',
      '100',
      '--loop',
      '--start',
      '10000000002',
      '--stop',
      '5',
      '--new-train-ids',
      '777',
    ]);
    const trains = [];
    for await (const train of receiveTrains({ endpoint, transport: zmtpTransport }))
      if (trains.push(train) === 7) break;
    expect(trains.map(({ trainId }) => trainId)).toEqual([777, 778, 779, 780, 781, 782, 783]);
    const pixels = trains.map(({ sources }) => JSON.stringify([...sources.values()][0].data.get('image.data')));
    expect(pixels[3]).toBe(pixels[0]);
    expect(pixels[1]).not.toBe(pixels[0]);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it('loops without new ids byte for byte, and keeps the pauses of the recording', async () => {
    const endpoint = await free();
    await start(['replay', endpoint, GOLDEN, '--loop']);
    await receiveParts(endpoint, 'REQ', 1);
    const started = performance.now();
    const got = await receiveParts(endpoint, 'REQ', 8);
    expect(performance.now() - started).toBeGreaterThan(650);
    // The first message went to the client before.
    const golden = recordedMessages('v2.2').map(({ parts }) => fingerprint(parts));
    expect(got.map(fingerprint)).toEqual(got.map((_, i) => golden[(i + 1) % 6]));
  });

  it('plays a cut recording up to its last whole message, and says so', async () => {
    const first = await free();
    await start(['replay', first, GOLDEN, '--rate', '100']);
    const dir = join(folder, 'rec');
    expect(await (await start(['record', first, '-o', dir, '--trains', '6'])).ended).toBe(0);
    const cut = join(folder, 'cut');
    cpSync(dir, cut, { recursive: true });
    truncateSync(join(cut, '000000.rec'), 8000);
    const second = await free();
    const replay = await start(['replay', second, cut, '--rate', '100']);
    const got = await receiveParts(second, 'REQ', 3);
    expect(got).toHaveLength(3);
    expect(await replay.ended).toBe(0);
    expect(replay.output()).toMatch(/the last \d+ bytes are no whole message and are left out/);
  });

  it.each([
    [['0', 'NONE'], 1, /no such folder/],
    [['0', GOLDEN, '--start', '6'], 2, /Nothing to replay/],
    [['0', GOLDEN, '--start', '20000000000'], 1, /has no train 20000000000 or later/],
    [['0', GOLDEN, '--rate', '5', '--original'], 2, /not both/],
    [['0', GOLDEN, '--rate', 'x'], 2, /must be a number/],
    [['tcp://x', GOLDEN], 2, /is no endpoint/],
  ])('%j ends with a clear message', (args, code, text) => {
    const { status, stderr } = spawnSync(process.execPath, [...NODE, 'replay', ...args], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([code, expect.stringMatching(text)]);
    expect(stderr).not.toMatch(/bug of Hutch/);
  });
});

describe('hutch bridge record', () => {
  it('ends in order with Ctrl-C, also while nobody is there; its folder is named for the time', async () => {
    const child = spawn(process.execPath, [...NODE, 'record', await free()], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const [name] = await Promise.all([
      new Promise<string>((resolve) => child.stdout.once('data', (text) => resolve(String(text)))),
      new Promise((resolve) => child.stderr.once('data', resolve)),
    ]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const [dir] = readdirSync(folder);
    expect(dir).toMatch(/^karabo-bridge-recording-\d{8}T\d{6}Z$/);
    expect(name).toContain(dir);
    await using recording = await openRecording(join(folder, dir));
    expect([recording.entries, recording.isClosed, recording.warnings]).toEqual([[], true, []]);
    const { stdout } = spawnSync(process.execPath, [...NODE, 'recordings', folder], { encoding: 'utf8' });
    expect(stdout).toMatch(/^karabo-bridge-recording-\S+Z: 0 messages/);
  });

  it('killed leaves all whole messages', async () => {
    const endpoint = await free();
    await start(['replay', endpoint, GOLDEN, '--rate', '100', '--loop']);
    const dir = join(folder, 'rec');
    const { child, ended } = await start(['record', endpoint, '-o', dir]);
    const messagesSoFar = async () => {
      await using made = await openRecording(dir);
      return made.entries.length;
    };
    await expect.poll(messagesSoFar, { timeout: 10_000 }).toBeGreaterThan(5);
    child.kill('SIGKILL');
    await ended;
    await using recording = await openRecording(dir);
    expect(recording.warnings.join()).toMatch(/was not closed/);
    const golden = recordedMessages('v2.2').map(({ parts }) => JSON.stringify(fingerprint(parts)));
    for await (const { parts } of recording.messages()) expect(golden).toContain(JSON.stringify(fingerprint(parts)));
  });

  // A limit of the shell stands for the end of the disk: the system refuses to write beyond it.
  it('on a disk that is full says so; what it has is whole', async () => {
    const endpoint = await free();
    await start(['replay', endpoint, GOLDEN, '--rate', '100', '--loop']);
    const dir = join(folder, 'rec');
    const limited = `trap '' XFSZ; ulimit -f 20; exec "$0" "$@"`;
    const { status, stderr } = spawnSync(
      'bash',
      ['-c', limited, process.execPath, ...NODE, 'record', endpoint, '-o', dir],
      {
        encoding: 'utf8',
        timeout: 30_000,
        env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
      },
    );
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/000000\.rec cannot be written: files may not be that long/),
    ]);
    await using recording = await openRecording(dir);
    expect(recording.entries.length).toBeGreaterThan(4);
    expect(recording.warnings).toEqual([]);
    for await (const _ of recording.messages());
  });

  it.each([
    [['tcp://x:1', '-z', 'REQ'], 2, /choose REP, PUB, PUSH/],
    [['tcp://x'], 2, /is no endpoint/],
    [['tcp://*:0'], 2, /a client needs the name/],
    [['tcp://x:1', '--trains', '0'], 2, /--trains 0/],
    [['tcp://x:1', '--duration', 'long'], 2, /such as 90s, 15m or 2h/],
    [['tcp://x:1', '--max-bytes', 'much'], 2, /such as 500M or 20G/],
    [['tcp://x:1', '-o', GOLDEN], 2, /is not empty/],
    [[], 2, /missing required argument 'endpoints'/],
  ])('%j ends with a clear message', (args, code, text) => {
    const { status, stderr } = spawnSync(process.execPath, [...NODE, 'record', ...args], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([code, expect.stringMatching(text)]);
  });
});
