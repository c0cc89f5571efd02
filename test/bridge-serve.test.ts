import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { receiveTrains } from '../src/bridge/client.ts';
import { streamedTrain } from '../src/bridge/serve-trains.ts';
import { isNdArray, ndarray } from '../src/core/ndarray.ts';
import type { Train, TrainValue } from '../src/core/train.ts';
import { openRun } from '../src/platform/node/open-run.ts';
import { zmtpTransport } from '../src/platform/node/zmtp/zmtp-transport.ts';

const ROOT = join(import.meta.dirname, 'golden', 'extra-data', 'root');
const RUN = join(ROOT, 'SPB', '202301', 'p900001', 'raw', 'r0034');
const NODE = [
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '..', 'src', 'cli', 'main.ts'),
  'bridge',
];

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Starts a streamer on a free port of this computer; its end is told by `ended`. */
async function start(...args: string[]): Promise<{ endpoint: string; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [...NODE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(/on: (\S+)/.exec(String(text))?.[1] ?? String(text)));
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  return { endpoint, ended };
}

async function receive(endpoint: string, socket: 'REQ' | 'SUB' | 'PULL', count: number): Promise<Train[]> {
  const trains: Train[] = [];
  for await (const train of receiveTrains({ endpoint, socket, transport: zmtpTransport })) {
    trains.push(train);
    if (trains.length === count) break;
  }
  return trains;
}

/** Numbers of a value, whatever carries them on the wire. */
function plain(value: TrainValue | undefined): unknown {
  if (isNdArray(value))
    return value.shape.length === 0 ? Number(value.data[0]) : Array.from(value.data as Float32Array, Number);
  return typeof value === 'bigint' ? Number(value) : value;
}

describe('hutch bridge serve-files', () => {
  it.each([
    ['REP', 'REQ'],
    ['PUSH', 'PULL'],
    ['PUB', 'SUB'],
  ] as const)('every train once, in order, over %s', async (server, client) => {
    const { endpoint, ended } = await start(
      'serve-files',
      RUN,
      'tcp://127.0.0.1:0',
      '--source',
      '*XGM/DOOCS*',
      '-z',
      server,
    );
    await using run = await openRun({ path: RUN });
    const selected = run.select('*XGM/DOOCS*');
    const trains = await receive(endpoint, client, selected.trainIds.length);
    expect(trains.map((train) => train.trainId)).toEqual(selected.trainIds);
    for (const train of trains) {
      const expected = streamedTrain(await selected.readTrain(train.trainId), {}, 0);
      expect([...train.sources.keys()]).toEqual([...expected.sources.keys()].sort());
      for (const [name, { data }] of expected.sources) {
        const got = train.sources.get(name)?.data;
        for (const [key, value] of data) expect([name, key, plain(got?.get(key))]).toEqual([name, key, plain(value)]);
      }
    }
    expect(await ended).toBe(0);
  });

  it('joins the modules of a detector', async () => {
    const { endpoint } = await start(
      'serve-files',
      RUN,
      'tcp://127.0.0.1:0',
      '--source',
      '*/DET/*',
      '--key',
      'image.*',
      '--append-detector-modules',
    );
    const [train] = await receive(endpoint, 'REQ', 1);
    expect([...train.sources.keys()]).toEqual(['SPB_DET_AGIPD1M-1/DET/APPEND']);
    const data = train.sources.get('SPB_DET_AGIPD1M-1/DET/APPEND')?.data.get('image.data');
    expect(isNdArray(data) && data.shape).toEqual([3, 2, 16, 512, 128]);
  });

  it('stamps the time of sending', async () => {
    const { endpoint } = await start(
      'serve-files',
      RUN,
      'tcp://127.0.0.1:0',
      '--source',
      '*XGM/DOOCS',
      '--dummy-timestamps',
    );
    const [train] = await receive(endpoint, 'REQ', 1);
    const seconds = Number(train.sources.get('SA1_XTD2_XGM/XGM/DOOCS')?.metadata.get('timestamp'));
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
  });

  it('says what is wrong', () => {
    const call = (...args: string[]) =>
      spawnSync(process.execPath, [...NODE, 'serve-files', ...args], { encoding: 'utf8' });
    expect(call(RUN, '0', '--source', 'NOPE')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/No matches/),
    });
    expect(call(RUN, '0', '-z', 'XPUB')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/choose REP, PUB, PUSH/),
    });
    expect(call(`${RUN}-none`, '0')).toMatchObject({ status: 1, stderr: expect.stringMatching(/no file or folder/) });
    expect(call(RUN, '45999', '--use-infiniband').status).toBe(2);
  });
});

describe('hutch bridge serve-run', () => {
  const serve = (...args: string[]) => ['serve-run', '900001', '34', '--data-root', ROOT, ...args];

  it('lists the sources when none is chosen', () => {
    const { status, stdout } = spawnSync(process.execPath, [...NODE, ...serve()], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/--include(.|\n)*SA1_XTD2_XGM\/XGM\/DOOCS:output\n/)]);
  });

  it.each([
    ['all chosen sources', [], 'all'],
    ['any of them', ['--allow-partial'], 'any'],
  ] as const)('streams the trains with data of %s', async (_, flags, rule) => {
    const include = ['--include', '*CAM*[data.image.pixels]', '--include', '*XGM/DOOCS'];
    const { endpoint, ended } = await start(...serve(...include, '--port', 'tcp://127.0.0.1:0', ...flags));
    await using run = await openRun({ proposal: 900001, run: 34, dataRoot: ROOT }, { data: 'all' });
    const kept = run.select([['*CAM*', 'data.image.pixels'], '*XGM/DOOCS']).requireData(rule);
    const trains = await receive(endpoint, 'REQ', kept.trainIds.length);
    expect(trains.map((train) => train.trainId)).toEqual(kept.trainIds);
    expect(await ended).toBe(0);
  });

  it('refuses what it cannot read', () => {
    const { status, stderr } = spawnSync(process.execPath, [...NODE, ...serve('--include', 'A[b')], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([2, expect.stringMatching(/must be SOURCE or SOURCE\[KEY\]/)]);
    const other = spawnSync(process.execPath, [...NODE, 'serve-run', 'raw', '34'], { encoding: 'utf8' });
    expect([other.status, other.stderr]).toEqual([2, expect.stringMatching(/proposal "raw" is no number/)]);
  });
});

it('leaves lists of text and their times out, as the stream of the original', () => {
  const data = new Map<string, TrainValue>([
    ['a.value', ndarray('string', [2], ['x', 'y'])],
    ['a.timestamp', ndarray('uint64', [], BigUint64Array.of(1n))],
    ['b.value', 'text'],
  ]);
  const train = { trainId: 1, sources: new Map([['S', { data, metadata: new Map() }]]) };
  expect([...(streamedTrain(train, {}, 0).sources.get('S')?.data.keys() ?? [])]).toEqual(['b.value']);
});

it('stamps the time of sending only where there is none', () => {
  const data = new Map<string, TrainValue>([['x', 1n]]);
  const sources = new Map([
    ['A', { data, metadata: new Map<string, TrainValue>([['timestamp', 5.5]]) }],
    ['B', { data, metadata: new Map<string, TrainValue>([['timestamp.tid', 1n]]) }],
  ]);
  const streamed = streamedTrain({ trainId: 1, sources }, { isStamped: true }, 7250).sources;
  expect([...(streamed.get('A')?.metadata ?? [])]).toEqual([['timestamp', 5.5]]);
  expect([...(streamed.get('B')?.metadata ?? [])]).toEqual([
    ['timestamp.tid', 1n],
    ['timestamp', 7.25],
    ['timestamp.sec', '7'],
    ['timestamp.frac', '250000000000000000'],
  ]);
});
