import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { receiveTrains } from '../../src/bridge/client.ts';
import { createReplay } from '../../src/bridge/replay.ts';
import { serveMessages } from '../../src/bridge/server.ts';
import { type DType, decodeFloat16, lanesOf, typeStringOf } from '../../src/core/dtype.ts';
import { bytesOf, elementCount, isNdArray, type NdArray, zeros } from '../../src/core/ndarray.ts';
import type { Train, TrainValue } from '../../src/core/train.ts';
import { SlotPool } from '../../src/live/slot-pool.ts';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { zmtpTransport } from '../../src/platform/node/zmtp/zmtp-transport.ts';

const PYTHON = '/usr/bin/python3';
const PEER = join(import.meta.dirname, 'bridge-peer.py');
const hasPython = spawnSync(PYTHON, ['-c', 'import zmq, msgpack, numpy']).status === 0;

const children: ChildProcess[] = [];
const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts the peer; its lines come one by one. */
function startPeer(...args: string[]): AsyncIterator<string> {
  const child = spawn(PYTHON, [PEER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A value in the form that the peer prints: no type is lost. */
function plain(value: TrainValue): unknown {
  if (isNdArray(value)) {
    if (value.dtype === 'string') return { texts: value.data, shape: value.shape };
    return { array: value.dtype, shape: value.shape, sha256: sha256(bytesOf(value)) };
  }
  if (typeof value === 'bigint') return { int: String(value) };
  if (typeof value === 'number') return { float: Buffer.from(Float64Array.of(value).buffer).toString('hex') };
  if (value instanceof Uint8Array) return { bin: Buffer.from(value).toString('hex') };
  if (value instanceof Map) return { map: [...value].map(([key, each]) => [key, plain(each)]) };
  if (Array.isArray(value)) return { list: value.map(plain) };
  return value;
}

const plainTrain = ({ sources }: Train) =>
  [...sources].map(([name, { data, metadata }]) => [name, plain(metadata), plain(data)]);

/** An array of any dtype with values that differ everywhere. */
function numbers(dtype: Exclude<DType, 'string'>, shape: number[]): NdArray {
  const array = zeros(dtype, shape);
  const data = array.data as Float64Array | BigInt64Array;
  for (let i = 0; i < data.length; i++)
    data[i] = (typeof data[0] === 'bigint' ? BigInt(7 * i + 1) : dtype === 'bool' ? i % 2 : 7 * i + 1) as never;
  expect(data.length).toBe(elementCount(shape) * lanesOf(dtype));
  return array;
}

const DTYPES = [
  'bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64',
  'float16', 'float32', 'float64', 'complex64', 'complex128',
] as const; // biome-ignore format: a list

function ourTrain(): Train {
  const data = new Map<string, TrainValue>([
    ['int', -5n],
    ['largest', 2n ** 64n - 1n],
    ['smallest', -(2n ** 63n)],
    ['whole float', 5],
    ['minus zero', -0],
    ['infinite', Number.NEGATIVE_INFINITY],
    ['yes', true],
    ['nothing', null],
    ['text', 'µ ∑ 😀'],
    ['bytes', Uint8Array.of(0, 255)],
    ['list', [1n, 2, 'three', [4n]]],
    ['map', new Map<string, TrainValue>([['a', 1n]])],
    ['empty', zeros('float32', [0, 4])],
    ['long', numbers('uint16', [300_000])],
    ...DTYPES.map((dtype): [string, TrainValue] => [`array.${dtype}`, numbers(dtype, [3, 2, 5])]),
  ]);
  return {
    trainId: 1,
    sources: new Map([
      ['A/DET/X', { data, metadata: new Map() }],
      ['B/MOTOR/Y', { data: new Map([['p', 1.5]]), metadata: new Map() }],
    ]),
  };
}

describe.skipIf(!hasPython)('python peers (need python3-zmq, python3-msgpack, python3-numpy)', () => {
  it.each([
    ['REP', 'REQ', 'tcp'],
    ['PUB', 'SUB', 'tcp'],
    ['REP', 'DEALER', 'tcp'],
    ['PUSH', 'PULL', 'tcp'],
    ['REP', 'REQ', 'ipc'],
  ] as const)('our %s server feeds a python %s client over %s, every type of value', async (kind, peer, way) => {
    const path = join(tmpdir(), `hutch-python-${process.pid}.sock`);
    const server = await zmtpTransport.bind(way === 'ipc' ? `ipc://${path}` : 'tcp://127.0.0.1:0', kind);
    const stop = new AbortController();
    stops.push(stop);
    const train = ourTrain();
    const serving = serveMessages(server, kind, createReplay([train]), { rate: 20, signal: stop.signal });
    const lines = startPeer('client', server.endpoint, peer, '4');
    let lastId = 0;
    for (let n = 0; n < 4; n++) {
      const { value } = await lines.next();
      const [[name, { map: metadata }, { map: data }], other] = JSON.parse(value);
      expect([name, other[0], other[2]]).toEqual(['A/DET/X', 'B/MOTOR/Y', plain(new Map([['p', 1.5]]))]);
      const facts = Object.fromEntries(metadata);
      const trainId = Number(facts['timestamp.tid'].int);
      expect(trainId).toBeGreaterThan(lastId);
      lastId = trainId;
      expect([facts.source, facts['timestamp.frac'].length, typeof facts['timestamp.sec']]).toEqual([
        'A/DET/X',
        18,
        'string',
      ]);
      const expected = plain(train.sources.get('A/DET/X')?.data ?? null) as { map: unknown[] };
      // arrays come after the scalars, as the protocol has them
      expect(Object.fromEntries(data)).toEqual(Object.fromEntries(expected.map as [string, unknown][]));
    }
    stop.abort();
    await serving;
    await server.close();
  });

  it.each([
    ['REP', 'REQ'],
    ['PUB', 'SUB'],
    ['PUSH', 'PULL'],
  ] as const)('a python %s server feeds our %s client, every type of value', async (kind, socket) => {
    const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
    const stop = new AbortController();
    stops.push(stop);
    // absent at first: the client waits for it
    const trains = receiveTrains({ endpoint, socket, transport: zmtpTransport, signal: stop.signal });
    const first = trains.next();
    const lines = startPeer('server', endpoint, kind, '12');
    expect((await lines.next()).value).toBe('bound');
    const sent = new Map<number, unknown>();
    let next = await first;
    for (let n = 0; n < 4; n++) {
      const train = next.value as Train;
      while (!sent.has(train.trainId)) {
        const sources = JSON.parse((await lines.next()).value);
        sent.set(Number(Object.fromEntries(sources[0][1].map)['timestamp.tid'].int), sources);
      }
      const [[name, metadata, { map }], other] = sent.get(train.trainId) as [
        string,
        unknown,
        { map: [string, unknown][] },
      ][];
      const [[gotName, gotMetadata, gotData], gotOther] = plainTrain(train);
      expect([gotName, gotMetadata, gotOther]).toEqual([name, metadata, other]);
      const got = Object.fromEntries((gotData as { map: [string, unknown][] }).map);
      const expected = Object.fromEntries(map);
      // text is ours to decode; foreign byte order is turned to ours
      expect(got['text array']).toEqual({ texts: ['ab', 'c', '', 'µ😀'], shape: [2, 2] });
      expect(got['bytes array']).toEqual({ texts: ['abc', 'd'], shape: [2] });
      const swapped = train.sources.get('A/DET/X')?.data.get('big-endian') as NdArray;
      expect([swapped.dtype, ...(swapped.data as Uint16Array)]).toEqual(['uint16', 0, 1, 2, 3, 4]);
      for (const key of ['text array', 'bytes array', 'big-endian']) {
        delete got[key];
        delete expected[key];
      }
      expect(got).toEqual(expected);
      train.release?.();
      next = await trains.next();
    }
    stop.abort();
    await trains.return(undefined);
  });

  it('half-precision numbers of a python server have their value', async () => {
    const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
    const lines = startPeer('server', endpoint, 'REP', '1');
    await lines.next();
    for await (const train of receiveTrains({ endpoint, transport: zmtpTransport })) {
      const { data } = train.sources.get('A/DET/X') ?? { data: new Map() };
      const half = data.get('array.float16') as NdArray<'float16'>;
      const double = data.get('array.float64') as NdArray<'float64'>;
      expect(half.dtype).toBe('float16');
      expect(Array.from(half.data, decodeFloat16).every((v) => v >= 0 && v <= 100)).toBe(true);
      expect([typeStringOf(double.dtype), double.data.length]).toEqual(['<f8', 30]);
      break;
    }
  });

  it.each([
    ['REP', 'REQ'],
    ['PUSH', 'PULL'],
    ['PUB', 'SUB'],
  ] as const)(
    'big trains of a python %s server (268 MB) land in lent memory, and it is recycled',
    async (kind, socket) => {
      const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
      const lines = startPeer('big', endpoint, kind, kind === 'PUB' ? '40' : '6');
      await lines.next();
      const slots = new SlotPool(new Uint8Array(new SharedArrayBuffer(2 * 270_000_000)));
      let received = 0;
      for await (const train of receiveTrains({
        endpoint,
        socket,
        transport: zmtpTransport,
        allocate: (length) => slots.lend(length),
      })) {
        const image = train.sources.get('D/DET/APPEND')?.data.get('image.data') as NdArray<'uint16'>;
        expect([image.dtype, image.shape]).toEqual(['uint16', [64, 2, 16, 512, 128]]);
        expect(image.data.buffer).toBeInstanceOf(SharedArrayBuffer);
        const number = train.trainId - 1e10;
        const frame = 512 * 128;
        for (let i = 0; i < image.data.length - 1; i += 9973) {
          if (image.data[i] !== (((i % frame) + 1000 * number) & 0xffff))
            throw new Error(`element ${i} is ${image.data[i]}`);
        }
        expect(image.data.at(-1)).toBe(4242);
        train.release?.();
        if (++received === 5) break;
      }
      expect(slots.lent).toBe(0);
    },
  );

  it('a python server that wants heartbeats stays connected while there is nothing to send', async () => {
    const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
    const lines = startPeer('server', endpoint, 'PUSH', '8', 'heartbeat');
    await lines.next();
    const said: string[] = [];
    let received = 0;
    for await (const train of receiveTrains({
      endpoint,
      socket: 'PULL',
      transport: zmtpTransport,
      onStatus: ({ text }) => text && said.push(text),
    })) {
      train.release?.();
      if (++received === 8) break;
    }
    expect(said).toEqual([]);
  });
});
