import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
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

describe('a recording', () => {
  async function record(name: string, messages = 3): Promise<string> {
    async function* all() {
      for (let i = 0; i < messages; i++) yield { parts: [new Uint8Array(1000).fill(i)], receivedAt: 1000 + i };
    }
    const dir = join(folder, 'rec', name);
    await (await startRecording({ messages: all(), dir })).finished;
    return dir;
  }
  const download = (name: string, headers: Record<string, string> = {}) =>
    app.inject({ url: `/api/recordings/${name}/archive`, headers });

  it('is downloaded as a tar archive, whole or in parts', async () => {
    const dir = await record('run-7');
    const whole = await download('run-7');
    expect(whole.headers).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': 'attachment; filename="run-7.tar"',
      'accept-ranges': 'bytes',
      'content-length': String(whole.rawPayload.length),
    });
    expect(whole.rawPayload.length % 512).toBe(0);
    const archive = join(folder, 'run-7.tar');
    writeFileSync(archive, whole.rawPayload);
    mkdirSync(join(folder, 'out'));
    expect(spawnSync('tar', ['-xf', archive, '-C', join(folder, 'out')]).status).toBe(0);
    const files = readdirSync(dir).sort();
    expect(readdirSync(join(folder, 'out', 'run-7')).sort()).toEqual(files);
    for (const file of files)
      expect(readFileSync(join(folder, 'out', 'run-7', file))).toEqual(readFileSync(join(dir, file)));

    const { length } = whole.rawPayload;
    for (const [range, start, stop] of [
      ['bytes=0-99', 0, 100],
      ['bytes=500-3000', 500, 3001],
      ['bytes=1000-', 1000, length],
      ['bytes=-700', length - 700, length],
      ['bytes=100-99999999', 100, length],
    ] as const) {
      const part = await download('run-7', { range });
      expect([part.statusCode, part.headers['content-range'], part.headers['content-length']]).toEqual([
        206,
        `bytes ${start}-${stop - 1}/${length}`,
        String(stop - start),
      ]);
      expect(part.rawPayload.equals(whole.rawPayload.subarray(start, stop))).toBe(true);
    }
    for (const range of ['bytes=5-2', 'bytes=0-1,5-6', 'trains=1-2', 'bytes=-'])
      expect((await download('run-7', { range })).statusCode).toBe(200);
    for (const range of [`bytes=${length}-`, 'bytes=-0']) {
      const none = await download('run-7', { range });
      expect([none.statusCode, none.headers['content-range']]).toEqual([416, `bytes */${length}`]);
    }
    const tag = String(whole.headers.etag);
    expect((await download('run-7', { range: 'bytes=0-9', 'if-range': tag })).statusCode).toBe(206);
    expect((await download('run-7', { range: 'bytes=0-9', 'if-range': '"other"' })).statusCode).toBe(200);
  });

  it('is deleted, and nothing beside it', async () => {
    const dir = await record('old');
    await record('new');
    expect((await ask('DELETE', '/api/recordings/old')).status).toBe(204);
    expect([existsSync(dir), readdirSync(join(folder, 'rec'))]).toEqual([false, ['new']]);
    expect(await ask('DELETE', '/api/recordings/old')).toMatchObject({ status: 404, body: { error: 'NoData' } });
    expect((await download('old')).statusCode).toBe(404);
  });

  it('is neither deleted nor downloaded while it is made, nor deleted while it is replayed', async () => {
    const dir = await record('busy');
    await ask('POST', '/api/recordings', { name: 'busy' });
    expect(await ask('DELETE', '/api/recordings/busy')).toMatchObject({
      status: 400,
      body: { message: '"busy" is being recorded: stop it first.' },
    });
    expect((await download('busy')).statusCode).toBe(400);
    await ask('POST', '/api/recordings/stop');
    // by another way to the same folder
    symlinkSync(join(folder, 'rec'), join(folder, 'link'));
    await ask('POST', '/api/replay', { path: join(folder, 'link', 'busy') });
    expect((await download('busy')).statusCode).toBe(200);
    expect(await ask('DELETE', '/api/recordings/busy')).toMatchObject({
      status: 400,
      body: { message: '"busy" is being replayed: stop it first.' },
    });
    await ask('DELETE', '/api/replay');
    // another program records
    const info = JSON.parse(readFileSync(join(dir, 'recording.json'), 'utf8'));
    writeFileSync(join(dir, 'recording.json'), JSON.stringify({ ...info, isClosed: false }));
    expect((await ask('DELETE', '/api/recordings/busy')).body.message).toMatch(
      /written to \d+ s ago and is not closed/,
    );
    const old = new Date(Date.now() - 60_000);
    for (const file of readdirSync(dir)) utimesSync(join(dir, file), old, old);
    expect((await ask('DELETE', '/api/recordings/busy')).status).toBe(204);
  });

  it.each(['..', '%2e%2e', '..%2Frec', '..%2f..%2fetc', '%2Fetc', '.hidden', 'a%20b', 'a%00b', '-rf', 'x'.repeat(101)])(
    'of the name %s is none',
    async (name) => {
      const outside = await record('inside');
      for (const [method, path] of [
        ['GET', `/api/recordings/${name}/archive`],
        ['DELETE', `/api/recordings/${name}`],
      ] as const) {
        const { statusCode } = await app.inject({ method, url: path });
        expect([400, 404, 414]).toContain(statusCode);
      }
      expect(existsSync(outside)).toBe(true);
    },
  );

  it('that is a link, holds a link or another file, or is no recording, is left alone', async () => {
    const real = await record('real');
    const elsewhere = join(folder, 'elsewhere');
    cpSync(real, elsewhere, { recursive: true });
    symlinkSync(elsewhere, join(folder, 'rec', 'linked'));
    mkdirSync(join(folder, 'rec', 'folder'));
    writeFileSync(join(folder, 'rec', 'folder', 'thesis.tex'), 'text');
    writeFileSync(join(folder, 'rec', 'file'), 'text');
    cpSync(real, join(folder, 'rec', 'holds'), { recursive: true });
    writeFileSync(join(folder, 'secret'), 'secret');
    symlinkSync(join(folder, 'secret'), join(folder, 'rec', 'holds', '000001.rec'));
    for (const [name, status] of [
      ['linked', 404],
      ['folder', 404],
      ['file', 404],
      ['holds', 422],
    ] as const) {
      expect([name, (await ask('DELETE', `/api/recordings/${name}`)).status]).toEqual([name, status]);
      const reply = await download(name);
      expect([name, reply.statusCode, reply.body.includes('secret')]).toEqual([name, status, false]);
    }
    expect(existsSync(join(elsewhere, 'recording.json'))).toBe(true);
    expect(readFileSync(join(folder, 'rec', 'folder', 'thesis.tex'), 'utf8')).toBe('text');
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('secret');
  });

  it('is not deleted by servers that are open to other computers', async () => {
    const dir = await record('kept');
    const open = await goldenApp({ allowedHosts: null, recordings: openRecordingsFolder(join(folder, 'rec')) });
    const reply = await open.app.inject({ method: 'DELETE', url: '/api/recordings/kept' });
    expect([reply.statusCode, reply.json().message]).toEqual([400, expect.stringMatching(/open to other computers/)]);
    expect((await open.app.inject({ url: '/api/recordings' })).json().mayDelete).toBe(false);
    expect(existsSync(dir)).toBe(true);
    await open.close();
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
