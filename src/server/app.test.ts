import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenApp } from '../../test/server/golden-app.ts';
import { errorReplySchema } from '../api/run-contract.ts';
import * as errors from '../core/errors.ts';
import { statusOfError } from './error-status.ts';
import type { RunsPort } from './run-service.ts';

/** The HTTP status of every error of Hutch. A new error must be given one here. */
const STATUS: Readonly<Record<string, number>> = {
  ...of(400, 'SelectionInvalid', 'StateInvalid', 'EndpointInvalid', 'Usage', 'MultiRun'),
  ...of(404, 'RunNotFound', 'SourceNotFound', 'KeyNotFound', 'TrainNotFound', 'AliasNotFound', 'NoData'),
  ...of(
    422,
    'FileUnreadable',
    'FormatInvalid',
    'GeometryInvalid',
    'ConstantsInvalid',
    'RefinementFailed',
    'ShapeMismatch',
  ),
  ...of(422, 'DtypeMismatch', 'Unsupported', 'AliasConflict'),
  ...of(500, 'MessageInvalid', 'BridgeTimeout', 'PortInUse', 'SkipTrain'),
};

function of(status: number, ...tags: string[]): Record<string, number> {
  return Object.fromEntries(tags.map((tag) => [tag, status]));
}

const CLASSES = Object.entries(errors).filter(
  ([name, value]) => name !== 'XfelError' && value.prototype instanceof errors.XfelError,
) as unknown as [errors.XfelErrorTag, typeof errors.NoData][];

/** Run routes of which the listing fails as the test says. */
function failingRuns(failure: (signal: AbortSignal) => unknown): RunsPort {
  const never = () => Promise.reject(new Error('not called'));
  return {
    proposals: never,
    answer: never,
    export: never,
    runs: async (_, signal) => {
      throw await failure(signal);
    },
    close: async () => undefined,
  };
}

describe('errors', () => {
  it.each(CLASSES)('%s has its status', async (tag, ErrorClass) => {
    const status = STATUS[tag];
    expect(statusOfError(tag)).toBe(status);
    const error = new ErrorClass('What, where, how.', { name: 'x' });
    const { app, faults, close } = await goldenApp({ runs: failingRuns(() => error) });
    const reply = await app.inject({ url: '/api/proposals/p000001/runs' });
    expect([reply.statusCode, errorReplySchema.strict().parse(reply.json())]).toEqual([
      status,
      { error: tag, message: 'What, where, how.', details: { name: 'x' } },
    ]);
    expect(faults).toEqual(status >= 500 ? [error] : []);
    await close();
  });

  it('a mistake of the server is 500, told on the terminal and not to the browser', async () => {
    const fault = new TypeError('secret of the house');
    const { app, faults, close } = await goldenApp({ runs: failingRuns(() => fault) });
    const reply = await app.inject({ url: '/api/proposals/p000001/runs' });
    expect([reply.statusCode, reply.json().error]).toEqual([500, 'Fault']);
    expect(reply.body).not.toContain('secret');
    expect(faults).toEqual([fault]);
    expect((await app.inject({ url: '/api/status' })).statusCode).toBe(200);
    await close();
  });

  it('calls that do not exist, bodies that are no JSON or too large', async () => {
    const { app, faults, close } = await goldenApp();
    const ask = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: string, type = 'application/json') => {
      const reply = await app.inject({ method, url, payload, headers: payload ? { 'content-type': type } : {} });
      errorReplySchema.strict().parse(reply.json());
      return reply.statusCode;
    };
    expect(await ask('GET', '/api/nope?x=1')).toBe(404);
    expect(await ask('POST', '/api/live/state')).toBe(404);
    expect(await ask('PUT', '/api/live/state', '{"source":')).toBe(400);
    expect(await ask('PUT', '/api/live/state', ' '.repeat(2 << 20))).toBe(413);
    expect(await ask('PUT', '/api/live/state', '<x/>', 'text/xml')).toBe(415);
    expect(await ask('GET', '/api/runs/%zz/1')).toBe(400);
    expect(faults).toEqual([]);
    await close();
  });
});

describe('browsers that go away', () => {
  it('end the reading, and are no fault of the server', async () => {
    let signal: AbortSignal | undefined;
    const aborted = Promise.withResolvers<void>();
    const { app, faults, close } = await goldenApp({
      runs: failingRuns(async (given) => {
        signal = given;
        await new Promise((resolve) => given.addEventListener('abort', resolve, { once: true }));
        aborted.resolve();
        return given.reason;
      }),
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const call = request({ host: '127.0.0.1', port, path: '/api/proposals/p000001/runs' }).on('error', () => undefined);
    call.end();
    while (!signal) await new Promise((resolve) => setTimeout(resolve, 5));
    // Only now is the request fully received and the handler at work.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(signal.aborted).toBe(false);
    call.destroy();
    await aborted.promise;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(faults).toEqual([]);
    await close();
  }, 5000);
});

describe('who may talk to the server', () => {
  const statusFor = async (headers: Record<string, string>, allowedHosts?: null) => {
    const { app, faults, close } = await goldenApp(allowedHosts === null ? { allowedHosts } : {});
    const reply = await app.inject({ url: '/api/status', headers });
    expect(faults).toEqual([]);
    await close();
    return reply.statusCode;
  };

  it.each([
    [200, { host: '127.0.0.1:8090' }],
    [200, { host: 'localhost:8090', origin: 'http://localhost:8090' }],
    [200, { host: '[::1]:8090', origin: 'http://[::1]:8090' }],
    [403, { host: 'evil.example:8090' }],
    [403, { host: '127.0.0.1.evil.example' }],
    [403, { host: '127.0.0.1:8090', origin: 'https://evil.example' }],
    // A sandboxed frame of any page says "null".
    [403, { host: '127.0.0.1:8090', origin: 'null' }],
    [403, { host: '127.0.0.1:8090', origin: 'no address' }],
  ])('%i for %j', async (status, headers) => expect(await statusFor(headers)).toBe(status));

  it('anybody, when it was opened to the world', async () => {
    expect(await statusFor({ host: 'exflonc12.desy.de', origin: 'http://exflonc12.desy.de' }, null)).toBe(200);
  });
});

describe('OpenAPI', () => {
  it('lists every call with its parameters and replies', async () => {
    const { app, close } = await goldenApp();
    const document = (await app.inject({ url: '/api/openapi.json' })).json();
    expect(document.info).toEqual({ title: 'Hutch', version: '1.2.3' });
    const listed = Object.entries(document.paths as Record<string, Record<string, unknown>>).flatMap(([path, calls]) =>
      Object.keys(calls).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(listed.sort()).toEqual([
      'DELETE /api/recordings/{name}',
      'DELETE /api/replay',
      'GET /api/geometry',
      'GET /api/live/geometry',
      'GET /api/live/keys',
      'GET /api/live/state',
      'GET /api/live/status',
      'GET /api/proposals',
      'GET /api/proposals/{proposal}/runs',
      'GET /api/recordings',
      'GET /api/recordings/{name}/archive',
      'GET /api/runs/{proposal}/{run}',
      'GET /api/runs/{proposal}/{run}/curve',
      'GET /api/runs/{proposal}/{run}/export',
      'GET /api/runs/{proposal}/{run}/frame',
      'GET /api/runs/{proposal}/{run}/geometry',
      'GET /api/runs/{proposal}/{run}/keynames',
      'GET /api/runs/{proposal}/{run}/keys',
      'GET /api/runs/{proposal}/{run}/layout',
      'GET /api/runs/{proposal}/{run}/map',
      'GET /api/runs/{proposal}/{run}/picture',
      'GET /api/runs/{proposal}/{run}/presence',
      'GET /api/runs/{proposal}/{run}/runvalues',
      'GET /api/runs/{proposal}/{run}/series',
      'GET /api/runs/{proposal}/{run}/stack',
      'GET /api/runs/{proposal}/{run}/texts',
      'GET /api/status',
      'PATCH /api/replay',
      'POST /api/recordings',
      'POST /api/recordings/stop',
      'POST /api/replay',
      'PUT /api/live/state',
    ]);
    // Nothing answers that is not listed, but the document itself and the channels of frames and of trains.
    const routes = app
      .printRoutes({ commonPrefix: false })
      .split('\n')
      .filter((line) => /\((GET|PUT|POST|PATCH|DELETE)/.test(line));
    expect(routes.flatMap((line) => line.match(/\b(GET|PUT|POST|PATCH|DELETE)\b/g) ?? [])).toHaveLength(
      listed.length + 3,
    );
    const frame = document.paths['/api/runs/{proposal}/{run}/frame'].get;
    expect(frame.parameters.map((parameter: { name: string }) => parameter.name).sort()).toEqual([
      'data',
      'detector',
      'proposal',
      'pulse',
      'run',
      'train',
      'view',
    ]);
    for (const path of ['frame', 'series'])
      expect(document.paths[`/api/runs/{proposal}/{run}/${path}`].get.responses['200'].content).toHaveProperty([
        'application/octet-stream',
      ]);
    expect(Object.keys(frame.responses).sort()).toEqual(['200', '4XX', '5XX']);
    expect(document.paths['/api/live/state'].put.requestBody.content['application/json'].schema.required).toContain(
      'integration',
    );
    await close();
  });
});

describe('pages and headers', () => {
  it('assets are kept, pages are asked for again, nothing outside is served', async () => {
    const pages = mkdtempSync(join(tmpdir(), 'hutch-pages-'));
    const folder = join(pages, 'app');
    mkdirSync(join(folder, 'assets'), { recursive: true });
    writeFileSync(join(pages, 'secret.txt'), 'secret');
    writeFileSync(join(folder, 'index.html'), '<title>Hutch</title>');
    writeFileSync(join(folder, 'assets', 'main-abc.js'), 'export {}');
    const { app, close } = await goldenApp({ pages: folder });
    const get = async (url: string) => {
      const { statusCode, headers, body } = await app.inject({ url });
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
      return { statusCode, cache: headers['cache-control'], type: headers['content-type'], body };
    };
    expect(await get('/assets/main-abc.js')).toMatchObject({
      statusCode: 200,
      cache: 'public, max-age=31536000, immutable',
    });
    for (const url of ['/', '/runs/p900001/34', '/index.html'])
      expect(await get(url)).toMatchObject({ statusCode: 200, cache: 'no-cache', body: '<title>Hutch</title>' });
    // A page of an older version asks for its old script: HTML in its place would be a riddle.
    expect(await get('/assets/main-old.js')).toMatchObject({
      statusCode: 404,
      body: expect.stringMatching(/NotFound/),
    });
    expect((await get('/api/nope')).statusCode).toBe(404);
    expect(await get('/api/status')).toMatchObject({ statusCode: 200, cache: 'no-store' });
    for (const url of ['/../secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '/%2e%2e/secret.txt'])
      expect((await get(url)).body).not.toContain('secret\n');
    for (const url of ['/../secret.txt', '/..%2fsecret.txt']) expect((await get(url)).body).not.toBe('secret');
    await close();
    rmSync(pages, { recursive: true });
  });
});
