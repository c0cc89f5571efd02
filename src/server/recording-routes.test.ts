import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeLiveEngine, goldenApp } from '../../test/server/golden-app.ts';
import { liveKeysSchema, liveStatusSchema, recordingStateSchema, replayStateSchema } from '../api/live-contract.ts';
import { recordingsReplySchema } from '../api/recordings-contract.ts';
import { startRecording } from '../platform/node/bridge-recording/start-recording.ts';
import { openRecordingsFolder } from '../platform/node/live-recordings.ts';

let folder: string;
let app: FastifyInstance;
let live: FakeLiveEngine;
let close: () => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-recording-routes-'));
  ({ app, live, close } = await goldenApp({ recordings: openRecordingsFolder(join(folder, 'rec')) }));
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
const ask = async (method: Method, url: string, payload?: object) => {
  const reply = await app.inject({ method, url, ...(payload ? { payload } : {}) });
  return { status: reply.statusCode, body: reply.body === '' ? null : reply.json() };
};
const status = async () => liveStatusSchema.parse((await ask('GET', '/api/live/status')).body);

describe('recordings', () => {
  it('are listed, newest first; none where there is no folder yet', async () => {
    const none = recordingsReplySchema.parse((await ask('GET', '/api/recordings')).body);
    expect(none).toMatchObject({ folder: join(folder, 'rec'), recordings: [], mayOpenPaths: true });
    expect(none.freeBytes).toBeGreaterThan(0);
    async function* messages(at: number) {
      yield { parts: [Uint8Array.of(1)], receivedAt: at };
    }
    for (const [name, at] of [
      ['old', 1000],
      ['new', 2000],
    ] as const)
      await (await startRecording({ messages: messages(at), dir: join(folder, 'rec', name) })).finished;
    const { recordings } = recordingsReplySchema.parse((await ask('GET', '/api/recordings')).body);
    expect(recordings.map(({ name, messages }) => [name, messages])).toEqual([
      ['new', 1],
      ['old', 1],
    ]);
    rmSync(join(folder, 'rec'), { recursive: true });
    writeFileSync(join(folder, 'rec'), '');
    expect(await ask('GET', '/api/recordings')).toMatchObject({ status: 422, body: { error: 'FileUnreadable' } });
  });

  it('start with a name or the time, with limits; the status tells of them; they stop', async () => {
    expect((await status()).recording).toBeNull();
    const { body } = await ask('POST', '/api/recordings', { name: 'run-7', maxTrains: 10, maxBytes: 5e9 });
    expect(recordingStateSchema.parse(body)).toMatchObject({ name: 'run-7', isRunning: true });
    expect(live.asked).toEqual([{ path: join(folder, 'rec', 'run-7'), maxTrains: 10, maxBytes: 5e9 }]);
    expect((await status()).recording).toMatchObject({ name: 'run-7', maxTrains: 10 });
    expect((await ask('POST', '/api/recordings/stop')).body).toMatchObject({ isRunning: false, reason: 'stopped' });
    expect(await ask('POST', '/api/recordings/stop')).toMatchObject({ status: 400, body: { error: 'StateInvalid' } });
    expect((await ask('POST', '/api/recordings', {})).body.name).toMatch(/^\d{8}-\d{6}$/);
  });

  it.each([
    [{ name: '../x' }, /is no name for a recording/],
    [{ name: '.hidden' }, /is no name/],
    [{ name: 'a b' }, /is no name/],
    [{ name: 'x'.repeat(101) }, /name/],
    [{ maxTrains: 0 }, /maxTrains/],
    [{ maxTrains: 1.5 }, /maxTrains/],
    [{ maxBytes: -1 }, /maxBytes/],
  ])('refuse %j', async (body, reason) => {
    expect(await ask('POST', '/api/recordings', body)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(reason) },
    });
    expect(live.asked).toEqual([]);
  });
});

describe('a replay', () => {
  it('is started by name or path, changed, told by the status, and stopped', async () => {
    const { body } = await ask('POST', '/api/replay', { name: 'run-7', isLooped: true });
    expect(replayStateSchema.parse(body)).toMatchObject({ isLooped: true, rateHz: null });
    expect(live.asked[0]).toEqual([join(folder, 'rec', 'run-7'), { rateHz: null, isLooped: true, trainId: null }]);
    expect((await ask('PATCH', '/api/replay', { isPaused: true, trainId: 5, rateHz: 20 })).body).toMatchObject({
      isPaused: true,
      rateHz: 20,
    });
    expect((await status()).replay).toMatchObject({ isPaused: true });
    expect((await ask('DELETE', '/api/replay')).status).toBe(204);
    expect((await status()).replay).toBeNull();
    expect((await ask('DELETE', '/api/replay')).status).toBe(400);
    expect((await ask('PATCH', '/api/replay', { isPaused: true })).status).toBe(400);
    await ask('POST', '/api/replay', { path: '/data/somewhere' });
    expect(live.asked.at(-1)).toEqual(['/data/somewhere', { rateHz: null, isLooped: false, trainId: null }]);
  });

  it.each([
    [{}, /name of a recording or the path/],
    [{ name: 'a', path: '/b' }, /one of them/],
    [{ name: '../../etc' }, /is no name/],
    [{ name: 'a', rateHz: 'fast' }, /rateHz/],
  ])('refuses %j', async (body, reason) => {
    expect(await ask('POST', '/api/replay', body)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(reason) },
    });
  });

  it('of any folder is not for servers that are open to other computers', async () => {
    const open = await goldenApp({ allowedHosts: null, recordings: openRecordingsFolder(folder) });
    const reply = await open.app.inject({ method: 'POST', url: '/api/replay', payload: { path: '/etc' } });
    expect([reply.statusCode, reply.json().message]).toEqual([400, expect.stringMatching(/open to other computers/)]);
    expect((await open.app.inject({ url: '/api/recordings' })).json().mayOpenPaths).toBe(false);
    await open.close();
  });
});

describe('keys of a source', () => {
  it('are told for each endpoint that sends it', async () => {
    const keys = [{ key: 'x', type: 'float', shape: null, value: '1.5' }];
    const of = (endpoint: string) => ({ name: 'S/A:out', endpoint, trainId: 5, keys });
    live.keys = [of('tcp://a:1'), of('tcp://b:1')];
    const query = new URLSearchParams({ source: 'S/A:out' });
    expect(liveKeysSchema.parse((await ask('GET', `/api/live/keys?${query}`)).body)).toEqual(live.keys);
    query.set('endpoint', 'tcp://b:1');
    expect((await ask('GET', `/api/live/keys?${query}`)).body).toEqual([live.keys[1]]);
    expect((await ask('GET', '/api/live/keys?source=nothing')).body).toEqual([]);
    expect((await ask('GET', '/api/live/keys')).status).toBe(400);
  });
});
