// Every kind of message, between our sockets and those of Python: all golden messages, each kind of socket, tcp and ipc.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inspect } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ClientSocketKind, ServerSocketKind } from '../../src/bridge/socket.ts';
import { decodeBridgeMessage, encodeBridgeMessage } from '../../src/formats/bridge-message.ts';
import type { BridgeSource } from '../../src/formats/bridge-source.ts';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { zmtpTransport } from '../../src/platform/node/zmtp/zmtp-transport.ts';
import { readKbm } from '../golden/bridge/kbm.ts';
import { part, until } from './socket-suite.ts';

const PYTHON = '/usr/bin/python3';
const PEER = join(import.meta.dirname, 'bridge-peer.py');
const GOLDEN = join(import.meta.dirname, '..', 'golden', 'bridge');
const hasPython = spawnSync(PYTHON, ['-c', 'import zmq, msgpack, numpy']).status === 0;

const filesOf = (...path: string[]) =>
  readdirSync(join(GOLDEN, ...path))
    .filter((name) => name.endsWith('.kbm'))
    .sort()
    .map((name) => join(GOLDEN, ...path, name));
const FILES = [
  ...filesOf('ok'),
  ...filesOf('foreign'),
  ...filesOf('recording', 'v1.0'),
  ...filesOf('recording', 'v2.2'),
];

/** What we encode in another form than it came in, with the reason. */
const OTHER_FORM: Readonly<Record<string, string>> = {
  'masked_array_v1.0': 'an array map inside an array map is written as one',
};

/** Sources as one text that loses nothing: bytes as their hash. */
const textOf = (sources: readonly BridgeSource[]): string =>
  inspect(hashed(sources), { depth: null, maxArrayLength: null, maxStringLength: null });

function hashed(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return { bytes: value.length, sha256: createHash('sha256').update(value).digest('hex') };
  if (Array.isArray(value)) return value.map(hashed);
  if (typeof value !== 'object' || value === null) return value;
  return {
    class: value.constructor.name,
    ...Object.fromEntries(Object.entries(value).map(([key, each]) => [key, hashed(each)])),
  };
}

const PAIRS = (['tcp', 'ipc'] as const).flatMap((way) =>
  (
    [
      ['REP', 'REQ'],
      ['PUB', 'SUB'],
      ['PUSH', 'PULL'],
    ] as const
  ).map(([server, client]): [ServerSocketKind, ClientSocketKind, 'tcp' | 'ipc'] => [server, client, way]),
);

const folder = mkdtempSync(join(tmpdir(), 'hutch-messages-'));
const open: { close(): unknown }[] = [];
const children: ChildProcess[] = [];
let sockets = 0;
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const each of open.splice(0)) await each.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function startPeer(what: 'read' | 'write', endpoint: string, kind: string, files: readonly string[]) {
  const child = spawn(PYTHON, [PEER, what, endpoint, kind, ...files], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { lines, say: (line: string) => child.stdin.write(`${line}\n`) };
}

describe.skipIf(!hasPython)('every golden message (needs python3-zmq, python3-msgpack, python3-numpy)', () => {
  it.each(PAIRS)(
    'our %s server, messages encoded anew, to a python %s client over %s',
    async (kind, socket, way) => {
      const endpoint = way === 'ipc' ? `ipc://${join(folder, `${sockets++}.sock`)}` : 'tcp://127.0.0.1:0';
      const server = await zmtpTransport.bind(endpoint, kind);
      open.push(server);
      const replies: ((parts: readonly Uint8Array[]) => void)[] = [];
      server.onRequest((request, reply) => {
        expect(request).toEqual([part('next')]);
        replies.push(reply);
      });
      const { lines } = startPeer('read', server.endpoint, socket, FILES);
      expect((await lines.next()).value).toBe('connected');
      for (const file of FILES) {
        const parts = readKbm(file);
        const sources = decodeBridgeMessage(parts);
        const again = encodeBridgeMessage(sources, { protocol: parts.length === 1 ? '1.0' : '2.2' });
        if (kind === 'REP') {
          await until(() => replies.length > 0, 'a request', 10_000);
          replies.shift()?.(again);
        } else await until(() => server.send(again) === 1, 'a client that is ready', 10_000);
        const [isSame, count, values] = JSON.parse((await lines.next()).value ?? 'null');
        const isOther = Object.keys(OTHER_FORM).some((name) => file.endsWith(`${name}.kbm`));
        expect([file, isSame, count]).toEqual([file, !isOther, sources.length]);
        if (sources.some(({ data, arrays }) => data.entries.length + arrays.length > 0))
          expect(values).toBeGreaterThan(0);
      }
    },
    60_000,
  );

  it.each(PAIRS)(
    'a python %s server, messages encoded by it, to our %s client over %s',
    async (kind, socket, way) => {
      const endpoint =
        way === 'ipc' ? `ipc://${join(folder, `${sockets++}.sock`)}` : `tcp://127.0.0.1:${await findFreePort()}`;
      const { lines, say } = startPeer('write', endpoint, kind, FILES);
      expect((await lines.next()).value).toBe('bound');
      const client = await zmtpTransport.connect(endpoint, socket);
      open.push(client);
      const first = textOf(decodeBridgeMessage(readKbm(FILES[0])));
      for (const [i, file] of FILES.entries()) {
        if (kind === 'REP') client.send([part('next')]);
        say(String(i));
        // A subscription travels on its own: what comes before it is missed, and asked for again.
        const again = i === 0 && kind === 'PUB' ? setInterval(say, 300, '0') : undefined;
        let got = '';
        do {
          const message = await client.receive();
          got = textOf(decodeBridgeMessage(message.parts));
          message.release();
        } while (i > 0 && got === first);
        clearInterval(again);
        expect([file, got]).toEqual([file, textOf(decodeBridgeMessage(readKbm(file)))]);
      }
    },
    60_000,
  );
});

it('the golden messages are there in number', () => {
  expect(FILES.length).toBeGreaterThan(70);
});
