import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeLiveEngine, goldenApp, SETTINGS } from '../../test/server/golden-app.ts';
import { decodeFrame } from '../api/frames.ts';
import { type LiveFrameMeta, liveStateReplySchema, liveStatusSchema } from '../api/live-contract.ts';
import { LiveViewers, type ViewerChannel } from './live-viewers.ts';

let app: FastifyInstance;
let live: FakeLiveEngine;
let faults: unknown[];
let close: () => Promise<void>;

beforeEach(async () => {
  ({ app, live, faults, close } = await goldenApp());
});
afterEach(async () => {
  expect(faults).toEqual([]);
  await close();
});

const put = (payload: unknown) => app.inject({ method: 'PUT', url: '/api/live/state', payload: payload as object });
const changed = (part: 'integration' | 'roi', change: object) => ({
  ...SETTINGS,
  [part]: { ...SETTINGS[part], ...change },
});
const withSource = (...changes: object[]) => ({
  ...SETTINGS,
  sources: changes.map((change) => ({ ...SETTINGS.sources[0], ...change })),
});

describe('live state', () => {
  it('is read and replaced', async () => {
    const before = liveStateReplySchema.parse((await app.inject({ url: '/api/live/state' })).json());
    expect(before).toEqual({ version: 1, state: SETTINGS });
    const next = changed('integration', { centreX: 551.5 });
    expect((await put(next)).json()).toEqual({ version: 2, state: next });
    expect(live.settings).toEqual(next);
    expect((await app.inject({ url: '/api/live/state' })).json()).toEqual({ version: 2, state: next });
    const status = liveStatusSchema.parse((await app.inject({ url: '/api/live/status' })).json());
    expect(status).toMatchObject({ type: 'status', endpoint: SETTINGS.sources[0].endpoint, version: 2, viewers: 0 });
  });

  it('is also taken as it was when there was one source', async () => {
    const { sources, ...rest } = SETTINGS;
    const old = { ...rest, source: { endpoint: 'tcp://old:1', socket: 'SUB' } };
    const state = { ...rest, sources: [{ endpoint: 'tcp://old:1', socket: 'SUB', isOn: true }] };
    expect((await put(old)).json()).toEqual({ version: 2, state });
    expect((await put({ ...rest, sources: [] })).json()).toEqual({ version: 3, state: { ...rest, sources: [] } });
    expect(live.counters()).toMatchObject({ connection: 'off', endpoint: '' });
    expect(sources.length).toBe(1);
  });

  it.each([
    ['a field left out', { ...SETTINGS, roi: undefined }, /^roi: /],
    ['a text for a number', changed('integration', { distance: '0.2' }), /^integration\.distance: /],
    ['a distance of 0', changed('integration', { distance: 0 }), /^integration\.distance: /],
    ['half a point', changed('integration', { points: 2.5 }), /^integration\.points: /],
    ['too many points', changed('integration', { points: 1e6 }), /^integration\.points: /],
    ['an empty range of q', changed('integration', { qMin: 3, qMax: 3 }), /qMax = 3 must be larger than qMin = 3/],
    ['no endpoint', withSource({ endpoint: 'http://x' }), /sources\.0\.endpoint "http:\/\/x" is no endpoint: write/],
    ['another socket', withSource({ socket: 'DEALER' }), /^sources\.0\.socket: /],
    ['an endpoint twice', withSource({}, {}), /sources\.1\.endpoint: tcp:.*is there already/],
    ['an old document with another socket', { ...SETTINGS, sources: undefined, source: 5 }, /^sources/],
    ['too many bridges', withSource(...Array.from({ length: 17 }, () => ({}))), /^sources: /],
    ['a region without width', changed('roi', { width: 0 }), /^roi\.width: /],
    ['no average', { ...SETTINGS, movingAverage: 0 }, /^movingAverage: /],
    ['nothing', undefined, /./],
    ['a list', [], /./],
  ])('refuses %s and keeps what was', async (_, state, reason) => {
    const reply = await put(state);
    expect([reply.statusCode, reply.json()]).toEqual([
      400,
      { error: 'StateInvalid', message: expect.stringMatching(reason), details: expect.any(Object) },
    ]);
    expect([live.version, live.settings]).toEqual([1, SETTINGS]);
  });
});

/** A browser's end of the channel, which reads when it is told to. */
async function connect(headers: Record<string, string> = {}) {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  // undici's WebSocket of Node takes headers, the browser's does not.
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live/frames`, { headers } as never);
  socket.binaryType = 'arraybuffer';
  const frames: { meta: LiveFrameMeta; image: Float32Array }[] = [];
  const texts: unknown[] = [];
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') return texts.push(JSON.parse(data));
    const { kind, meta, arrays } = decodeFrame<LiveFrameMeta>(data as ArrayBuffer);
    expect([kind, [...arrays.keys()]]).toEqual(['live', ['image', 'q', 'intensity']]);
    return frames.push({ meta, image: arrays.get('image')?.data as Float32Array });
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('refused')));
  });
  const ack = (sequence: number) => socket.send(JSON.stringify({ type: 'ack', sequence }));
  return { socket, frames, texts, closed, ack };
}

const until = (condition: () => boolean) => expect.poll(condition, { timeout: 3000, interval: 5 }).toBe(true);
const sequences = ({ frames }: { frames: readonly { meta: LiveFrameMeta }[] }) => frames.map((f) => f.meta.sequence);

describe('the channel of live frames', () => {
  it('shows the newest frame at once, then the newest after each that was drawn', async () => {
    live.emit(1);
    const viewer = await connect();
    await until(() => viewer.frames.length === 1);
    expect(viewer.frames[0]).toMatchObject({
      meta: { sequence: 1, trainId: 1001, unit: 'keV' },
      image: new Float32Array(6).fill(1),
    });
    expect(liveStatusSchema.parse(viewer.texts[0]).type).toBe('status');
    for (const sequence of [2, 3, 4]) live.emit(sequence);
    viewer.ack(1);
    await until(() => viewer.frames.length === 2);
    expect(sequences(viewer)).toEqual([1, 4]);
    viewer.ack(99);
    live.emit(5);
    viewer.ack(4);
    await until(() => viewer.frames.length === 3);
    expect(sequences(viewer)).toEqual([1, 4, 5]);
    viewer.socket.close();
  });

  it('a viewer that never draws gets one frame, and slows nobody', async () => {
    const slow = await connect();
    const quick = await connect();
    quick.socket.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') quick.ack(decodeFrame<LiveFrameMeta>(data as ArrayBuffer).meta.sequence);
    });
    for (let sequence = 1; sequence <= 50; sequence++) {
      live.emit(sequence, 100_000);
      await until(() => quick.frames.length === sequence);
    }
    expect(sequences(slow)).toEqual([1]);
    expect(sequences(quick)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    slow.socket.close();
    quick.socket.close();
    await until(() => true);
  });

  it('counts who watches, and forgets who left', async () => {
    const viewer = await connect();
    const viewers = async () => (await app.inject({ url: '/api/live/status' })).json().viewers;
    expect(await viewers()).toBe(1);
    viewer.socket.close();
    await viewer.closed;
    await expect.poll(viewers).toBe(0);
  });

  it('ends with viewers that send something else', async () => {
    for (const message of ['no JSON', '{"type":"ack"}', '"ack"', Uint8Array.of(1), 'x'.repeat(20_000)]) {
      const viewer = await connect();
      viewer.socket.send(message);
      expect((await viewer.closed).code).toBe(1003);
    }
    const viewer = await connect();
    viewer.socket.send('x'.repeat(1 << 17));
    expect((await viewer.closed).code).not.toBe(1000);
    expect((await app.inject({ url: '/api/status' })).statusCode).toBe(200);
  });

  it('is closed to pages of other sites', async () => {
    await expect(connect({ origin: 'https://evil.example' })).rejects.toThrow('refused');
  });

  it('is closed when the server stops', async () => {
    const viewer = await connect();
    await app.close();
    await viewer.closed;
  });
});

describe('viewers', () => {
  it('whose line is full get no more status texts: memory stays bounded', async () => {
    const viewers = new LiveViewers(live, 1);
    let backlog = 0;
    const texts: string[] = [];
    const channel: ViewerChannel = {
      sendBinary: () => undefined,
      sendText: (text) => texts.push(text),
      bufferedBytes: () => backlog,
    };
    viewers.add(channel);
    await until(() => texts.length > 5);
    backlog = 1 << 20;
    const sent = texts.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(texts.length).toBeLessThanOrEqual(sent + 1);
    backlog = 0;
    await until(() => texts.length > sent + 3);
    viewers.close();
  });
});
