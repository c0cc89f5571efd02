import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { wholeParts } from '../src/bridge/outgoing-part.ts';
import { createReplay } from '../src/bridge/replay.ts';
import { serveMessages } from '../src/bridge/server.ts';
import type { ServerSocket } from '../src/bridge/socket.ts';
import { makeSyntheticTrains } from '../src/bridge/synthetic-detector.ts';
import { messageOfTrain } from '../src/bridge/train-message.ts';
import { type FrameAxes, frameAxesOf, inFileOrder } from '../src/core/frame-order.ts';
import { type NdArray, zeros } from '../src/core/ndarray.ts';
import type { Train, TrainValue } from '../src/core/train.ts';
import { decodeBridgeMessage, encodeBridgeMessage } from '../src/formats/bridge-message.ts';
import type { LiveCounters, LiveEngine, LiveResult, LiveSettings, LiveSource } from '../src/live/engine.ts';
import { findFreePort } from '../src/platform/node/free-port.ts';
import { createLiveEngine } from '../src/platform/node/live-engine.ts';
import { zmtpTransport } from '../src/platform/node/zmtp/zmtp-transport.ts';
import { RawServer } from './conformance/raw-zmtp.ts';
import { part, until } from './conformance/socket-suite.ts';
import { type GoldenMessage, goldenMessages } from './golden/bridge/kbm.ts';

const DETECTOR = 'SPB_DET_AGIPD1M-1';
const MODULE = 512 * 128;

const settings: LiveSettings = {
  sources: [],
  integration: { centreX: 549, centreY: 630, distance: 0.16, photonEnergyKeV: 9.3, points: 100, qMin: 0.2, qMax: 3.2 },
  roi: { isOn: true, x: 300, y: 300, width: 100, height: 100 },
  movingAverage: 1,
  isCorrected: false,
};

let engine: LiveEngine;
let lastId = 0;
const results: LiveResult[] = [];
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  engine = await createLiveEngine({
    settings,
    geometry: null,
    proposalPath: null,
    threads: 1,
    memoryBytes: 2 ** 29,
  });
  engine.onResult((result) => results.push(result));
});
afterAll(() => engine.close());
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** A train of one merged source; every pixel of module m is `value` + m. */
function mergedTrain(value: number, shape = [2, 2, 16, 512, 128]): Train {
  const image = zeros('uint16', shape);
  for (let i = 0; i < image.data.length; i++) image.data[i] = value + (Math.floor(i / MODULE) % 16);
  return trainOf({ [`${DETECTOR}/DET/APPEND`]: { 'image.data': image } });
}
function trainOf(sources: Record<string, Record<string, TrainValue>>): Train {
  const entries = Object.entries(sources).map(
    ([name, data]) => [name, { data: new Map(Object.entries(data)), metadata: new Map() }] as const,
  );
  return { trainId: 0, sources: new Map(entries) };
}

/** A bridge at 20 Hz whose trains change when the test says so; ids grow over all of them. */
async function startBridge(
  endpoint: string,
  first: Train | (() => readonly Uint8Array[]),
  kind: 'REP' | 'PUB' = 'REP',
) {
  const makerOf = (what: typeof first) => {
    if (typeof what === 'function') return what;
    const replay = createReplay([what], 20_000_000_000 + lastId);
    return () => {
      lastId++;
      return replay();
    };
  };
  const socket: ServerSocket = await zmtpTransport.bind(endpoint, kind);
  const controller = new AbortController();
  let next = makerOf(first);
  const serving = serveMessages(socket, kind, () => next(), { rate: 20, signal: controller.signal });
  const bridge = {
    send(what: typeof first) {
      next = makerOf(what);
    },
    async close() {
      controller.abort();
      await serving;
      await socket.close();
    },
  };
  open.push(bridge);
  return bridge;
}

const freshEndpoint = async () => `tcp://127.0.0.1:${await findFreePort()}`;
let sockets = 0;
/** Never taken by another test, as a free port may be before it is bound. */
const freshPath = () => `ipc://${join(tmpdir(), `hutch-live-${process.pid}-${++sockets}.sock`)}`;
const use = (endpoint: string, socket: LiveSource['socket'] = 'REQ') =>
  engine.applySettings({ ...settings, sources: [{ endpoint, socket, isOn: true }] });
const useAll = (...endpoints: string[]) =>
  engine.applySettings({
    ...settings,
    sources: endpoints.map((endpoint) => ({ endpoint, socket: 'REQ', isOn: true })),
  });

const counters = async (isTrue: (now: LiveCounters) => boolean, what: string) => {
  await until(() => isTrue(engine.counters()), what, 10_000).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify({ ...engine.counters(), sources: [], stagesMs: [] })}`);
  });
  return engine.counters();
};
const says = (text: RegExp) => counters((now) => text.test(now.lastError?.text ?? ''), `saying ${text}`);
const processes = async (count = 3) => {
  const { processed } = engine.counters();
  return counters((now) => now.processed >= processed + count && now.connection === 'receiving', `${count} trains`);
};
const drops = async (reason: string, count = 2) => {
  const before = engine.counters().dropped[reason] ?? 0;
  return counters((now) => (now.dropped[reason] ?? 0) >= before + count, `dropping for "${reason}"`);
};
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);
const valuesOf = (image: NdArray<'float32'>) => new Set(image.data.filter((v) => !Number.isNaN(v)));

describe('the live engine and its bridge', () => {
  it('absent: says so and keeps trying; comes: receives; dies: says so; comes back: goes on', async () => {
    const endpoint = await freshEndpoint();
    use(endpoint);
    const absent = await says(/No bridge answers at .*ECONNREFUSED.*Is it started\? Trying again\./);
    expect(absent).toMatchObject({ connection: 'connecting', endpoint, trainId: 0 });
    const bridge = await startBridge(endpoint, mergedTrain(100));
    const { connection, detector, pulses, receivedHz, received } = await processes(10);
    expect([connection, detector, pulses]).toEqual(['receiving', DETECTOR, 2]);
    expect(received).toBeGreaterThanOrEqual(10);
    expect(receivedHz).toBeGreaterThan(0);
    const latest = engine.latest();
    expect([...valuesOf((latest as LiveResult).image)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 16 }, (_, m) => 100 + m),
    );
    expect(latest?.roi?.pixels).toBeGreaterThan(0);
    await bridge.close();
    const dead = await counters((now) => now.connection !== 'receiving', 'noticing the death');
    expect(dead.connection).toBe('connecting');
    expect(dead.lastError?.text).toMatch(/(closed|broke) the connection.*Trying again|No bridge answers/);
    await startBridge(endpoint, mergedTrain(200));
    await processes();
    expect(valuesOf((engine.latest() as LiveResult).image).has(200)).toBe(true);
  }, 30_000);

  it('garbage, an error reply, a pickle: left out, counted with clear words, and the stream goes on', async () => {
    const endpoint = await freshEndpoint();
    const good = mergedTrain(100);
    const bridge = await startBridge(endpoint, good);
    use(endpoint);
    await processes();
    const pickle = goldenMessages('bad').find(({ name }) => name === 'v1_pickle') as GoldenMessage;
    const message = encodeBridgeMessage(messageOfTrain(trainOf({ A: { x: 1 } })));
    for (const [parts, text] of [
      [[part('Error: bad request next')], /left out\. The bridge server says: Error: bad request next/],
      [pickle.parts, /left out\. .*part 0: S\/1 x: .*pickle, which is never executed/],
      [[Uint8Array.of(0xc1), Uint8Array.of(0x80)], /left out\. .*part 0.*reserved byte 0xc1 at byte 0/],
      [message.slice(0, 1), /left out\. .*/],
      [[part('what'), part('is'), part('this')], /left out\. .*3 parts/],
    ] as const) {
      bridge.send(() => parts);
      await drops('unreadable message');
      await says(text);
      bridge.send(good);
      await processes();
    }
  }, 30_000);

  it('another program, and another kind of server on the port: named, and left as soon as a bridge is there', async () => {
    const port = await findFreePort();
    const endpoint = `tcp://127.0.0.1:${port}`;
    const web = await RawServer.open((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), port);
    use(endpoint);
    expect(await says(new RegExp(`${endpoint}.*does not speak ZeroMQ.*Trying again`))).toMatchObject({
      connection: 'error',
    });
    await web.close();
    const publisher = await startBridge(endpoint, mergedTrain(100), 'PUB');
    await says(/PUB socket, which does not go with our REQ\. Choose the socket type/);
    use(endpoint, 'SUB');
    await processes();
    await publisher.close();
  }, 30_000);

  it('trains that cannot be shown are dropped with their reason, the others are shown', async () => {
    const endpoint = await freshEndpoint();
    const good = mergedTrain(100);
    const bridge = await startBridge(endpoint, good);
    use(endpoint);
    await processes();
    for (const [train, reason, text] of [
      [
        mergedTrain(100, [2, 2, 8, 512, 128]),
        'wrong shape',
        /of shape \[2,2,8,512,128\]; \(pulse, 16, 512, 128\).* is expected/,
      ],
      [
        trainOf({ [`${DETECTOR}/DET/APPEND`]: { 'image.data': zeros('float64', [1, 16, 512, 128]) } }),
        'wrong dtype',
        /float64; uint16/,
      ],
      [mergedTrain(100, [0, 2, 16, 512, 128]), 'no frames', /no frame/],
      [trainOf({ [`${DETECTOR}/DET/APPEND`]: { 'image.data': 'text' } }), 'no detector data', /are not an array/],
    ] as const) {
      bridge.send(train);
      await drops(reason);
      await says(text);
      bridge.send(good);
      await processes();
    }
    // without the detector a train waits for it for a second, then its absence is said at once
    bridge.send(trainOf({ 'SA1_XTD2_XGM/XGM/DOOCS': { 'pulseEnergy.photonFlux.value': 1500.5 } }));
    const { sources, connection } = await drops('no detector data');
    await says(
      /left out: no source has pictures .* Received: SA1_XTD2_XGM\/XGM\/DOOCS\. Add the bridge of the detector/,
    );
    expect(connection).toBe('receiving');
    expect(sources.find(({ name }) => name.includes('XGM'))).toMatchObject({
      kind: 'control',
      keys: ['pulseEnergy.photonFlux.value'],
    });
    bridge.send(good);
    await processes();
  }, 60_000);

  it('online or file order, protocol 2.2 or 1.0: the same picture', async () => {
    const make = (layout: 'online' | 'file') =>
      makeSyntheticTrains({ detector: 'AGIPD', isRaw: true, values: 'random', layout, pulses: 5, sources: 1 }, 1)[0];
    const online = make('online');
    const [[name, { data }]] = online.sources;
    const image = data.get('image.data') as NdArray;
    const layout = { modules: 16, slowScan: 512, fastScan: 128 };
    const axes = frameAxesOf(image.shape, layout, true);
    expect(axes?.order).toBe('online');
    const turned = inFileOrder(image, axes as FrameAxes, layout);
    const file = trainOf({ [name]: { ...Object.fromEntries(data), 'image.data': turned } });
    const endpoint = await freshEndpoint();
    const bridge = await startBridge(endpoint, online);
    use(endpoint);
    const pictures: Float32Array[] = [];
    for (const [train, protocol] of [
      [online, '2.2'],
      [file, '2.2'],
      [online, '1.0'],
      [file, '1.0'],
    ] as const) {
      const replay = createReplay([train], 30_000_000_000 + 1000 * pictures.length);
      bridge.send(() => encodeBridgeMessage(decodeBridgeMessage(wholeParts(replay())), { protocol }));
      await until(() => (engine.counters().trainId ?? 0) >= 30_000_000_000 + 1000 * pictures.length, protocol, 10_000);
      await processes();
      pictures.push((engine.latest() as LiveResult).image.data);
    }
    expect(new Set(pictures[0]).size).toBeGreaterThan(100);
    for (const picture of pictures) expect(Buffer.compare(bytesOf(picture), bytesOf(pictures[0]))).toBe(0);
    lastId += 20_000_000_000;
  }, 60_000);

  it('a train without its id is dropped and counted', async () => {
    const endpoint = await freshEndpoint();
    use(endpoint);
    const message = encodeBridgeMessage(messageOfTrain(mergedTrain(1)));
    await startBridge(endpoint, () => message);
    await drops('no train id');
  });

  it('fewer modules, each a source of its own: the others are gaps', async () => {
    const module = (m: number) => {
      const image = zeros('uint16', [2, 2, 512, 128]);
      (image.data as Uint16Array).fill(500 + m);
      return [`${DETECTOR}/DET/${m}CH0:xtdf`, { 'image.data': image }] as const;
    };
    const endpoint = await freshEndpoint();
    await startBridge(endpoint, trainOf(Object.fromEntries([module(3), module(12)])));
    use(endpoint);
    await processes();
    expect(valuesOf((engine.latest() as LiveResult).image)).toEqual(new Set([503, 512]));
    expect((engine.latest() as LiveResult).image.data.filter((v) => v === 503).length).toBe(MODULE);
  });

  it('another endpoint while running: the old one is left, nothing of it is shown any more', async () => {
    const [first, second] = [await freshEndpoint(), await freshEndpoint()];
    await startBridge(first, mergedTrain(1000));
    await startBridge(second, mergedTrain(3000));
    use(first);
    await processes();
    const version = use(second);
    await counters((now) => now.version === version && now.endpoint === second, 'the new endpoint');
    results.length = 0;
    await processes(5);
    expect(results.map(({ image }) => valuesOf(image).has(1000))).not.toContain(true);
    expect(results.length).toBeGreaterThan(0);
    // an endpoint that cannot be is refused, and nothing changes
    expect(() => use('tcp://127.0.0.1:99999')).toThrow(/port 99999 is above 65535/);
    await processes();
  }, 30_000);

  it('two bridges: their trains are put together; each has its own counts, one that is absent says so alone', async () => {
    const [first, second, absent] = [freshPath(), freshPath(), freshPath()];
    await startBridge(first, mergedTrain(1000));
    await startBridge(second, trainOf({ 'MID_EXP/MOTOR/X': { 'actualPosition.value': 1.5 } }));
    useAll(first, second, absent);
    await processes(5);
    const now = await counters(
      ({ endpoints, sources }) =>
        endpoints.filter(({ state }) => state === 'receiving').length === 2 &&
        sources.length === 2 &&
        // Rates and the first failure to connect take their time.
        endpoints[0].bytesPerSecond > 0 &&
        endpoints[2].text !== null,
      'both bridges, their rates, and why the third is absent',
    );
    expect(now.endpoints.map(({ endpoint }) => endpoint)).toEqual([first, second, absent]);
    expect(now.endpoints[2]).toMatchObject({ state: 'connecting', isConnected: false, received: 0 });
    expect(now.endpoints[2].text).toMatch(/No bridge answers at/);
    // Whatever the rate is: a train has so many bytes, and little beside its pixels.
    const trainBytes = now.endpoints[0].bytesPerSecond / now.endpoints[0].hz;
    expect(trainBytes / (2 * 2 * 2 * 16 * MODULE)).toBeGreaterThan(0.7);
    expect(trainBytes / (2 * 2 * 2 * 16 * MODULE)).toBeLessThan(1.4);
    expect(now.sources.map(({ name, endpoint }) => [name, endpoint])).toEqual([
      ['MID_EXP/MOTOR/X', second],
      [`${DETECTOR}/DET/APPEND`, first],
    ]);
    await until(() => engine.sourceKeys().length === 2, 'the keys', 5000);
    expect(engine.sourceKeys()[0].keys).toEqual([
      { key: 'actualPosition.value', type: 'float', shape: null, value: '1.5' },
    ]);
    expect(engine.sourceKeys()[1].keys).toContainEqual({
      key: 'image.data',
      type: 'uint16',
      shape: [2, 2, 16, 512, 128],
      value: null,
    });
    useAll(first);
    const { sources } = await counters(({ endpoints }) => endpoints.length === 1, 'one bridge');
    expect(sources.map(({ endpoint }) => endpoint)).toEqual([first]);
    await processes();
  }, 30_000);

  it('a viewer that takes its time slows neither receiving nor processing', async () => {
    const endpoint = await freshEndpoint();
    // a process of its own: the viewer holds up this one
    const main = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');
    const simulator = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      ...[
        main,
        'bridge',
        'sim',
        endpoint,
        '--raw',
        '--data-like',
        'file',
        '--pulses',
        '2',
        '--rate',
        '10',
        '--ring',
        '2',
      ],
    ]);
    open.push({ close: () => simulator.kill('SIGKILL') });
    use(endpoint);
    await processes();
    const stop = engine.onResult(() => {
      const end = performance.now() + 80;
      while (performance.now() < end);
    });
    const before = engine.counters();
    const started = performance.now();
    await processes(40);
    const seconds = (performance.now() - started) / 1000;
    stop();
    const after = engine.counters();
    expect((after.received - before.received) / seconds).toBeGreaterThan(7);
    expect((after.processed - before.processed) / seconds).toBeGreaterThan(7);
  }, 30_000);
});

it('an engine whose thread died says so, and can be closed', async () => {
  const broken = await createLiveEngine({
    settings,
    geometry: null,
    proposalPath: null,
    threads: 1,
    memoryBytes: 0,
  });
  await until(() => broken.counters().connection === 'error', 'the error', 10_000);
  expect(broken.counters().lastError?.text).toMatch(/live pipeline stopped: .*Start Hutch again/);
  await broken.close();
});
