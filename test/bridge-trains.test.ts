import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serverTrains } from '../src/app/server-trains.ts';
import { receiveTrains } from '../src/bridge/client.ts';
import { serveMessages } from '../src/bridge/server.ts';
import { encodeTrain } from '../src/bridge/train-message.ts';
import { isFloatDType } from '../src/core/dtype.ts';
import { bytesOf, isNdArray, ndarray } from '../src/core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../src/core/train.ts';
import type { LiveEngine } from '../src/live/engine.ts';
import { createLiveEngine } from '../src/platform/node/live-engine.ts';
import { openRecordingsFolder } from '../src/platform/node/live-recordings.ts';
import { openRun } from '../src/platform/node/open-run.ts';
import { zmtpTransport } from '../src/platform/node/zmtp/zmtp-transport.ts';
import { GOLDEN } from './conformance/hdf5-run-expected.ts';
import { until } from './conformance/socket-suite.ts';
import { goldenApp, SETTINGS } from './server/golden-app.ts';

/** What a train says, without when and where it came. */
const said = ({ trainId, sources }: Train) => ({ trainId, sources });
/**
 * Values by source and key; arrays by their dtype, shape and bytes. A 0-d array of a file is a plain number on the wire, which
 * knows no other scalars.
 */
function printOf({ trainId, sources }: Train) {
  const asPrinted = (value: TrainValue): unknown => {
    if (!isNdArray(value)) return value;
    const { dtype, shape, data } = value;
    if (dtype === 'string') return value;
    if (shape.length === 0) return isFloatDType(dtype) ? Number(data[0]) : BigInt(data[0] as number);
    return [dtype, shape, createHash('sha256').update(bytesOf(value)).digest('hex')];
  };
  const all: Record<string, unknown> = { trainId };
  for (const [name, { data, metadata }] of sources) {
    for (const [key, value] of data) all[`${name} ${key}`] = asPrinted(value);
    all[`${name} metadata`] = [...metadata].sort(([a], [b]) => (a < b ? -1 : 1));
  }
  return all;
}
const plainCopy = <T>(value: T): T => structuredClone(value);

/** A train with every kind of value that a bridge carries. */
const EVERYTHING: Train = {
  trainId: 1_000_000_007,
  sources: new Map<string, TrainSource>([
    [
      'A_DET/XGM/DOOCS:output',
      {
        data: new Map<string, TrainValue>([
          ['int', 2n ** 62n],
          ['float', 1.5],
          ['whole float', 3],
          ['yes', true],
          ['text', 'µ'],
          ['none', null],
          ['list', [1n, 2.5, 'x']],
          ['u64', ndarray('uint64', [2], BigUint64Array.of(1n, 2n ** 63n))],
          ['picture', ndarray('uint16', [2, 3], Uint16Array.of(1, 2, 3, 4, 5, 65_535))],
          ['curve', ndarray('float32', [4], Float32Array.of(1, -0, Number.NaN, 4))],
        ]),
        metadata: new Map<string, TrainValue>([
          ['source', 'A_DET/XGM/DOOCS:output'],
          ['timestamp.tid', 1_000_000_007n],
          ['timestamp', 1_700_000_000.25],
        ]),
      },
    ],
  ]),
};

describe('a train is the same from a file, from the bridge, and through the server to a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-trains-'));
  let engine: LiveEngine;
  let app: FastifyInstance;
  let closeApp: () => Promise<void>;
  let base = '';
  let train: Train = EVERYTHING;
  let endpoint = '';
  const serving = new AbortController();
  let served: Promise<unknown>;
  let closeSocket: () => Promise<void>;

  beforeAll(async () => {
    const socket = await zmtpTransport.bind('tcp://127.0.0.1:*', 'REP');
    endpoint = socket.endpoint;
    served = serveMessages(socket, 'REP', () => encodeTrain(train), { rate: 50, signal: serving.signal });
    closeSocket = () => socket.close();
    engine = await createLiveEngine({
      settings: { ...SETTINGS, sources: [{ endpoint, socket: 'REQ', isOn: true }] },
      geometry: null,
      proposalPath: null,
      threads: 1,
      memoryBytes: 2 ** 28,
    });
    ({ app, close: closeApp } = await goldenApp({
      live: engine,
      recordings: openRecordingsFolder(join(folder, 'rec')),
    }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/live`;
  }, 30_000);
  afterAll(async () => {
    await closeApp();
    await engine.close();
    serving.abort();
    await served;
    await closeSocket();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(() => {
    train = EVERYTHING;
  });

  const fromBridge = async (): Promise<Train> => {
    for await (const each of receiveTrains({ endpoint, transport: zmtpTransport })) {
      const copy = plainCopy(said(each));
      each.release?.();
      return copy;
    }
    throw new Error('no train');
  };
  const fromServer = async (options: { source?: string; key?: string } = {}): Promise<Train> => {
    const stop = new AbortController();
    for await (const each of serverTrains({ ...options, base, signal: stop.signal })) {
      if (each.trainId !== train.trainId) continue;
      stop.abort();
      return said(each);
    }
    throw new Error('no train');
  };

  it('with every kind of value', async () => {
    expect(await fromBridge()).toEqual(said(EVERYTHING));
    expect(await fromServer()).toEqual(said(EVERYTHING));
  }, 30_000);

  it('of a recorded run', async () => {
    await using run = await openRun({ path: `${GOLDEN}root/SPB/202301/p900001/raw/r0034` });
    let found: Train | null = null;
    for await (const each of run.trains()) {
      found = each;
      break;
    }
    if (!found) throw new Error('the run has no train');
    expect(found.sources.size).toBeGreaterThan(1);
    train = found;
    const [bridged, served] = [await fromBridge(), await fromServer()];
    const print = printOf(found);
    expect(Object.values(print).filter(Array.isArray).length).toBeGreaterThan(50);
    expect(printOf(bridged)).toEqual(print);
    expect(printOf(served)).toEqual(print);
  }, 30_000);

  it('only what was asked for comes', async () => {
    const [source] = EVERYTHING.sources.keys();
    const { sources } = await fromServer({ source: 'A_DET/*', key: '*t' });
    expect([...(sources.get(source)?.data.keys() ?? [])]).toEqual(['int', 'float', 'whole float', 'text', 'list']);
    expect(sources.get(source)?.metadata).toEqual(EVERYTHING.sources.get(source)?.metadata);
  }, 30_000);

  it('a reader that takes its time gets the newest train, not those that waited', async () => {
    let id = 2_000_000_000;
    const [[name, source]] = EVERYTHING.sources;
    const timer = setInterval(() => {
      id++;
      const metadata = new Map(source.metadata).set('timestamp.tid', BigInt(id));
      train = { trainId: id, sources: new Map([[name, { ...source, metadata }]]) };
    }, 10);
    const seen: number[] = [];
    const stop = new AbortController();
    try {
      for await (const each of serverTrains({ base, signal: stop.signal })) {
        if (each.trainId < 2_000_000_000) continue;
        seen.push(id - each.trainId);
        if (seen.length === 4) break;
        await new Promise((resolve) => setTimeout(resolve, 600));
      }
    } finally {
      clearInterval(timer);
      stop.abort();
      train = EVERYTHING;
    }
    // 600 ms are 60 train ids: the next one is younger than that, at most one that was already on its way is not
    expect(Math.max(...seen.slice(1))).toBeLessThan(59);
  }, 30_000);

  it('is refused with words where it is too much, and the server goes on', async () => {
    const big = ndarray('uint8', [300 * 2 ** 20], new Uint8Array(300 * 2 ** 20));
    const [[name, { data, metadata }]] = EVERYTHING.sources;
    const bigTrain: Train = {
      trainId: 3,
      sources: new Map([[name, { data: new Map([...data, ['big', big]]), metadata }]]),
    };
    const { app: other, live, close } = await goldenApp();
    await other.listen({ host: '127.0.0.1', port: 0 });
    const address = `http://127.0.0.1:${(other.server.address() as AddressInfo).port}/`;
    const reading = (async () => {
      for await (const each of serverTrains({ base: address })) return each;
      return null;
    })();
    await until(() => live.watchers === 1, 'the watcher', 5000);
    live.receive(bigTrain);
    await expect(reading).rejects.toThrow(/takes 301 MiB in a train, more than 256 MiB\. Ask for fewer/);
    await until(() => live.watchers === 0, 'the watcher to go', 5000);
    const small = (async () => {
      for await (const each of serverTrains({ base: address, key: 'int' })) return each;
      return null;
    })();
    await until(() => live.watchers === 1, 'the watcher', 5000);
    live.receive(bigTrain);
    expect([...((await small)?.sources.get(name)?.data ?? [])]).toEqual([['int', 2n ** 62n]]);
    await close();
  }, 30_000);
});
