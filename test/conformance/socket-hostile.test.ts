import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientSocketKind, ServerSocket } from '../../src/bridge/socket.ts';
import type { XfelError } from '../../src/core/errors.ts';
import { zmtpTransport } from '../../src/platform/node/zmtp/zmtp-transport.ts';
import { command, frame, greeting, longHeader, RawClient, RawServer, ready } from './raw-zmtp.ts';
import { part, textOf, until } from './socket-suite.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Connects our client to a server that greets with the given bytes, and returns the error of connecting or receiving. */
async function errorOf(
  greet: ((socket: Socket) => void) | Uint8Array | string,
  kind: ClientSocketKind = 'PULL',
): Promise<XfelError & { endpoint: string }> {
  const server = await RawServer.open((socket) => {
    if (typeof greet === 'function') greet(socket);
    else socket.write(greet);
  });
  try {
    const client = await zmtpTransport.connect(server.endpoint, kind, { maxMessageBytes: 2 ** 20 });
    await client.receive();
  } catch (error) {
    return Object.assign(error as XfelError, { endpoint: server.endpoint });
  } finally {
    await server.close();
  }
  throw new Error('a message was received');
}

const shaken = Buffer.concat([greeting(), ready('PUSH')]);

describe('our client and a server that is no bridge', () => {
  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', /does not speak ZeroMQ/],
    ['an SSH server', 'SSH-2.0-OpenSSH_9.2p1\r\n', /does not speak ZeroMQ/],
    ['random bytes', Buffer.concat([Buffer.of(0x42), randomBytes(5000)]), /does not speak ZeroMQ/],
    ['a wrong signature', Buffer.from('ff00000000000000007e', 'hex'), /does not speak ZeroMQ/],
    ['ZMTP 1.0 (ZeroMQ 2)', Buffer.of(1, 0), /ZeroMQ 2 or older.*ZeroMQ 4 or newer/],
    // what libzmq 3.2 sends: signature, revision 1, socket type, empty identity
    ['ZMTP 2.0 (ZeroMQ 3)', Buffer.from('ff00000000000000017f01080000', 'hex'), /ZMTP 2.0.*ZeroMQ 4 or newer/],
    ['PLAIN security', greeting({ mechanism: 'PLAIN' }), /PLAIN security.*none/],
    ['CURVE security', greeting({ mechanism: 'CURVE' }), /CURVE security.*none/],
    ['a mechanism that is not text', greeting({ mechanism: '\x1b[31m\x07' }), /security.*none/],
    ['an ERROR command', Buffer.concat([greeting(), command('ERROR', part('\x07go away'))]), /refused.*go away/],
    ['a wrong command', Buffer.concat([greeting(), command('HELLO')]), /HELLO.*READY was due/],
    ['READY without a type', Buffer.concat([greeting(), command('READY')]), /did not tell its socket type/],
    [
      'READY whose lengths lie',
      Buffer.concat([greeting(), command('READY', Buffer.from('0b536f636b65742d54797065ffffffff', 'hex'))]),
      /socket/,
    ],
    ['a message before READY', Buffer.concat([greeting(), frame('hello')]), /before READY/],
    ['flags that do not exist', Buffer.concat([shaken, Buffer.of(0x80, 1, 1)]), /flags 0x80/],
    [
      '2^63 bytes announced',
      Buffer.concat([shaken, longHeader(0, 2n ** 63n)]),
      /9223372036854775808 bytes.*1048576 are allowed/,
    ],
    [
      'a part that makes the message too long',
      Buffer.concat([shaken, frame('x', true), longHeader(0, 2 ** 20)]),
      /1048577 bytes.*1048576 are allowed/,
    ],
    ['a huge command', Buffer.concat([shaken, longHeader(4, 2 ** 19)]), /command of 524288 bytes/],
    ['a huge command in the handshake', Buffer.concat([greeting(), longHeader(4, 2 ** 19)]), /command of 524288 bytes/],
  ])('%s', async (_, bytes, text) => {
    const error = await errorOf(bytes);
    expect([error.tag, error.message]).toEqual(['MessageInvalid', expect.stringMatching(text)]);
    expect(error.message).toContain(error.endpoint);
    expect(error.message).toMatch(/^[\x20-\x7e]+$/);
  });

  it('says nothing: given up after a while, in other words than an absent one', async () => {
    const error = await errorOf(() => undefined);
    expect([error.tag, error.message]).toEqual([
      'BridgeTimeout',
      expect.stringMatching(/accepts connections but does not/),
    ]);
  }, 10_000);

  it('drips its handshake: given up in the same time, however steadily the bytes come', async () => {
    const started = performance.now();
    const error = await errorOf(async (socket) => {
      for (const byte of greeting()) {
        socket.write(Buffer.of(byte));
        await wait(300);
        if (socket.destroyed) return;
      }
    });
    expect(error.tag).toBe('BridgeTimeout');
    expect(performance.now() - started).toBeLessThan(7000);
  }, 10_000);

  it('hangs up: before a word, in the greeting, in the middle of a message', async () => {
    for (const [bytes, text] of [
      [Buffer.alloc(0), /closed the connection before/],
      [greeting().subarray(0, 20), /closed the connection before/],
      [Buffer.concat([shaken, longHeader(0, 100_000), Buffer.alloc(50_000)]), /closed the connection/],
    ] as const) {
      const error = await errorOf((socket) => socket.end(bytes));
      expect([error.tag, error.message]).toEqual(['BridgeTimeout', expect.stringMatching(text)]);
    }
  });

  it('resets the connection: the words are not those of an absent bridge', async () => {
    const error = await errorOf((socket) => {
      socket.write(shaken);
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    expect([error.tag, error.message]).toEqual(['BridgeTimeout', expect.stringMatching(/broke.*ECONNRESET/)]);
  });

  it('is on a computer that nobody knows', async () => {
    await expect(zmtpTransport.connect('tcp://no-such-host.invalid:4545', 'REQ')).rejects.toThrow(
      /No computer is known as "no-such-host.invalid"/,
    );
  });

  it('announces much and sends nothing: no memory is used for it', async () => {
    const server = await RawServer.open((socket) => socket.write(Buffer.concat([shaken, longHeader(0, 3 * 2 ** 30)])));
    open.push(server);
    const before = process.memoryUsage().rss;
    const client = await zmtpTransport.connect(server.endpoint, 'PULL');
    open.push(client);
    const waiting = client.receive().catch((error: XfelError) => error.tag);
    await wait(200);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(100);
    client.close();
    expect(await waiting).toBe('BridgeTimeout');
  });

  it('sends endless parts: stopped by their number', async () => {
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => frame('', true)));
    const error = await errorOf((socket) => {
      socket.write(shaken);
      for (let i = 0; i < 20; i++) socket.write(many);
    });
    expect(error.message).toMatch(/more than 100000 parts/);
  });

  it('sends byte by byte: a slow message is a message', async () => {
    const bytes = Buffer.concat([greeting(), ready('PUSH'), frame('slow', true), frame('', true), frame('drip')]);
    const server = await RawServer.open(async (socket) => {
      socket.setNoDelay(true);
      for (const byte of bytes) {
        socket.write(Buffer.of(byte));
        await wait(1);
      }
    });
    open.push(server);
    const client = await zmtpTransport.connect(server.endpoint, 'PULL');
    open.push(client);
    expect(textOf((await client.receive()).parts)).toEqual(['slow', '', 'drip']);
  });

  it('sends without being asked: messages wait where they are, not in our memory', async () => {
    let written = 0;
    const message = Buffer.concat([longHeader(0, 2 ** 20), Buffer.alloc(2 ** 20)]);
    const server = await RawServer.open((socket) => {
      socket.write(Buffer.concat([greeting(), ready('REP')]));
      const pour = () => {
        while (written < 500 && socket.write(message)) written++;
        written++;
        if (written < 500) socket.once('drain', pour);
      };
      socket.once('data', pour);
    });
    open.push(server);
    const client = await zmtpTransport.connect(server.endpoint, 'REQ');
    open.push(client);
    await wait(300);
    expect(written).toBeLessThan(50);
    expect((await client.receive()).parts[0].length).toBe(2 ** 20);
  });

  it.each([
    ['3.1 (ZeroMQ 4.3)', 3, 1],
    ['4.0, which is still to come', 4, 0],
  ])('speaks ZMTP %s: it comes down to 3.0 for us', async (_, major, minor) => {
    const bytes = Buffer.concat([greeting({ major, minor }), ready('PUSH'), frame('hello')]);
    const server = await RawServer.open((socket) => socket.write(bytes));
    open.push(server);
    const client = await zmtpTransport.connect(server.endpoint, 'PULL');
    open.push(client);
    expect(textOf((await client.receive()).parts)).toEqual(['hello']);
  });

  it('promises signs of life and falls silent: given up; while it keeps its word it may be quiet', async () => {
    const alive = command('PING', Buffer.of(0, 3));
    const server = await RawServer.open(async (socket) => {
      socket.write(shaken);
      for (let i = 0; i < 8; i++) {
        socket.write(alive);
        await wait(100);
      }
    });
    open.push(server);
    const client = await zmtpTransport.connect(server.endpoint, 'PULL');
    open.push(client);
    const started = performance.now();
    const error: XfelError = await client.receive().catch((caught) => caught);
    const waited = performance.now() - started;
    expect([error.tag, error.message]).toEqual(['BridgeTimeout', expect.stringMatching(/signs of life/)]);
    expect([waited > 700, waited < 3000]).toEqual([true, true]);
  });

  it('sends more parts than the caller allows', async () => {
    const server = await RawServer.open((socket) => {
      socket.write(Buffer.concat([shaken, ...Array.from({ length: 4 }, () => frame('x', true)), frame('x')]));
    });
    open.push(server);
    const client = await zmtpTransport.connect(server.endpoint, 'PULL', { maxParts: 4 });
    open.push(client);
    await expect(client.receive()).rejects.toThrow(/more than 4 parts/);
  });

  it('asks whether we are alive: it is answered, so that a peer with heartbeats stays', async () => {
    const server = await RawServer.open((socket) => {
      socket.write(Buffer.concat([shaken, command('PING', Buffer.from('\0\x0acontext'))]));
      setTimeout(() => socket.write(frame('after')), 50);
    });
    open.push(server);
    const client = await zmtpTransport.connect(server.endpoint, 'PULL');
    open.push(client);
    expect(textOf((await client.receive()).parts)).toEqual(['after']);
    await until(() => server.received.includes(command('PONG', part('context'))), 'a PONG');
  });
});

describe('our server and clients that are none', () => {
  const serve = async (kind: 'REP' | 'PUB' | 'PUSH'): Promise<ServerSocket> => {
    const server = await zmtpTransport.bind('tcp://127.0.0.1:0', kind);
    open.push(server);
    server.onRequest((request, reply) => reply(request));
    return server;
  };
  const isAlive = async (server: ServerSocket) => {
    const client = await zmtpTransport.connect(server.endpoint, 'REQ');
    client.send([part('alive?')]);
    expect(textOf((await client.receive()).parts)).toEqual(['alive?']);
    client.close();
  };

  it.each([
    ['a web browser', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['random bytes', randomBytes(200_000)],
    ['ZMTP 1.0', Buffer.of(1, 0)],
    ['ZMTP 2.0', Buffer.from('ff00000000000000017f01030000', 'hex')],
    ['PLAIN security', greeting({ mechanism: 'PLAIN' })],
    ['a socket type that does not go', Buffer.concat([greeting(), ready('SUB')])],
    ['a message before READY', Buffer.concat([greeting(), frame('next')])],
    ['a request too long', Buffer.concat([greeting(), ready('REQ'), longHeader(0, 2 ** 30)])],
    [
      'endless parts',
      Buffer.concat([greeting(), ready('REQ'), ...Array.from({ length: 2000 }, () => frame('', true))]),
    ],
    ['a huge command', Buffer.concat([greeting(), ready('REQ'), longHeader(4, 2 ** 30)])],
  ])('%s: sent away, and the others do not notice', async (_, bytes) => {
    const server = await serve('REP');
    const raw = await RawClient.open(server.endpoint);
    raw.socket.write(bytes);
    await until(() => raw.isClosed, 'the end of the connection');
    expect(server.peers).toBe(0);
    await isAlive(server);
  });

  it('one that says nothing is sent away after a while', async () => {
    const server = await serve('REP');
    const raw = await RawClient.open(server.endpoint);
    await until(() => raw.isClosed, 'the end of the connection', 8000);
    await isAlive(server);
  }, 10_000);

  it('one that asks a thousand times without reading is sent away', async () => {
    const server = await serve('REP');
    const replies: unknown[] = [];
    server.onRequest((_, reply) => replies.push(reply));
    const raw = await RawClient.open(server.endpoint);
    raw.socket.write(Buffer.concat([greeting(), ready('DEALER')]));
    for (let i = 0; i < 1000; i++) raw.socket.write(Buffer.concat([frame('', true), frame('next')]));
    await until(() => raw.isClosed, 'the end of the connection');
    expect(replies.length).toBe(1);
  });

  it('requests of a DEALER come back with all that stood before the empty part', async () => {
    const server = await serve('REP');
    const raw = await RawClient.open(server.endpoint);
    raw.socket.write(Buffer.concat([greeting(), ready('DEALER')]));
    raw.socket.write(Buffer.concat([frame('who', true), frame('via', true), frame('', true), frame('next')]));
    const expected = Buffer.concat([frame('who', true), frame('via', true), frame('', true), frame('next')]);
    await until(() => raw.received.includes(expected), 'the envelope');
  });

  it('a request without the empty part is no request', async () => {
    const server = await serve('REP');
    const requests: unknown[] = [];
    server.onRequest((request) => requests.push(request));
    const raw = await RawClient.open(server.endpoint);
    raw.socket.write(Buffer.concat([greeting(), ready('DEALER'), frame('next'), frame('', true), frame('next')]));
    await until(() => requests.length === 1, 'the second request');
    expect(requests).toEqual([[part('next')]]);
  });

  it('a subscriber is asked for nothing but what it subscribed to, and may leave', async () => {
    const server = await serve('PUB');
    const raw = await RawClient.open(server.endpoint);
    raw.socket.write(Buffer.concat([greeting(), ready('SUB')]));
    await until(() => server.peers === 1, 'the handshake');
    expect(server.send([part('nobody subscribed')])).toBe(0);
    raw.socket.write(frame(Buffer.of(1)));
    await until(() => server.send([part('hello')]) === 1, 'the subscription');
    raw.socket.write(frame(Buffer.of(0)));
    await until(() => server.send([part('hello')]) === 0, 'the end of the subscription');
    raw.socket.write(Buffer.concat([command('PING', Buffer.from('\0\x0ahi'))]));
    await until(() => raw.received.includes(command('PONG', part('hi'))), 'a PONG');
    expect(raw.received.includes('nobody subscribed')).toBe(false);
    raw.socket.destroy();
    await until(() => server.peers === 0, 'the end');
  });

  it('a subscriber gets the messages that begin with one of its topics, asked for in either way', async () => {
    const server = await serve('PUB');
    const raw = await RawClient.open(server.endpoint);
    raw.socket.write(Buffer.concat([greeting({ minor: 1 }), ready('SUB'), frame(Buffer.from('\x01ab'))]));
    raw.socket.write(command('SUBSCRIBE', part('x')));
    await until(() => server.send([part('xyz'), part('second')]) === 1, 'the subscription to x');
    await until(() => server.send([part('abc')]) === 1, 'the last message to leave');
    await until(() => raw.received.includes(frame('abc')), 'the message');
    expect([server.send([part('a')]), server.send([part('')]), server.send([])]).toEqual([0, 0, 0]);
    raw.socket.write(command('CANCEL', part('x')));
    await until(() => server.send([part('xyz')]) === 0, 'the end of the subscription');
    raw.socket.write(Buffer.concat(Array.from({ length: 101 }, () => command('SUBSCRIBE', part('y')))));
    await until(() => raw.isClosed, 'the end of one with a hundred topics');
  });

  it('one that promises signs of life and falls silent is sent away', async () => {
    const server = await serve('REP');
    const raw = await RawClient.open(server.endpoint);
    raw.socket.write(Buffer.concat([greeting(), ready('REQ'), command('PING', Buffer.of(0, 2))]));
    await until(() => server.peers === 1, 'the handshake');
    await until(() => raw.isClosed, 'the end of the connection', 2000);
  });

  it('a storm of clients: so many as are allowed, the others are sent away, and room is made when one leaves', async () => {
    const server = await zmtpTransport.bind('tcp://127.0.0.1:0', 'REP', { maxPeers: 5, handshakeMs: 500 });
    open.push(server);
    server.onRequest((request, reply) => reply(request));
    const storm = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(server.endpoint)));
    // 95 at once, the five others because they say nothing
    await until(() => storm.filter(({ isClosed }) => isClosed).length >= 95, 'the end of most', 400);
    await until(() => storm.every(({ isClosed }) => isClosed), 'the end of all', 2000);
    await isAlive(server);
  });

  it('half a request is nothing: the others are served, and it is forgotten when its client goes', async () => {
    const server = await serve('REP');
    const half = await RawClient.open(server.endpoint);
    half.socket.write(Buffer.concat([greeting(), ready('REQ'), frame('', true), Buffer.of(0, 4, 0x6e)]));
    await until(() => server.peers === 1, 'the handshake');
    await isAlive(server);
    half.socket.write('ext');
    await until(() => half.received.includes(frame('next')), 'the answer to the whole request');
    half.socket.destroy();
    await until(() => server.peers === 0, 'the end');
  });

  it('one that drips its handshake is sent away in the same time', async () => {
    const server = await zmtpTransport.bind('tcp://127.0.0.1:0', 'REP', { handshakeMs: 300 });
    open.push(server);
    const raw = await RawClient.open(server.endpoint);
    const started = performance.now();
    for (const byte of greeting()) {
      if (raw.isClosed) break;
      raw.socket.write(Buffer.of(byte));
      await wait(20);
    }
    expect([raw.isClosed, performance.now() - started < 1000]).toEqual([true, true]);
  });

  it('one that listens everywhere says so by the name of its computer', async () => {
    const server = await zmtpTransport.bind('tcp://*:0', 'REP');
    open.push(server);
    expect(server.endpoint).toMatch(new RegExp(`^tcp://${hostname()}:\\d+$`));
  });

  it('a socket file that a killed program left is no hindrance; one in use is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hutch-ipc-'));
    const path = join(folder, 'bridge.sock');
    const script = `require('net').createServer().listen('${path}', () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL');
    expect(existsSync(path)).toBe(true);
    const server = await zmtpTransport.bind(`ipc://${path}`, 'REP');
    open.push(server);
    server.onRequest((request, reply) => reply(request));
    await isAlive(server);
    await expect(zmtpTransport.bind(`ipc://${path}`, 'REP')).rejects.toThrow(/used by another program/);
    await isAlive(server);
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['PUB', 'SUB', 3],
    ['PUSH', 'PULL', 1],
  ] as const)(
    'of large messages a %s lets a %s that does not read have %i, and misses none after that',
    async (kind, client, count) => {
      const server = await serve(kind);
      const raw = await RawClient.open(server.endpoint);
      raw.socket.write(Buffer.concat([greeting(), ready(client), frame(Buffer.of(1))]));
      await until(() => server.send([part('small')]) === 1, 'a client');
      await until(() => raw.received.includes('small'), 'a first message');
      raw.socket.pause();
      // More than the system's buffers hold, so that none leaves while the client does not read.
      const large = Buffer.alloc(48 * 2 ** 20, 7);
      const sent = Array.from({ length: 10 }, () => server.send([large]));
      expect(sent).toEqual(Array.from({ length: 10 }, (_, i) => (i < count ? 1 : 0)));
      raw.socket.removeAllListeners('data').resume();
      await until(() => server.send([large]) === 1, 'room for the next');
    },
    30_000,
  );

  it('a hundred that come and go leave nothing behind', async () => {
    const server = await serve('REP');
    for (let i = 0; i < 100; i++) {
      const raw = await RawClient.open(server.endpoint);
      raw.socket.write(Buffer.concat([greeting(), ready('REQ'), longHeader(0, 1000), Buffer.alloc(i)]));
      if (i % 2) raw.socket.resetAndDestroy();
      else raw.socket.end();
    }
    await until(() => server.peers === 0, 'the end of all');
    await isAlive(server);
  });
});
