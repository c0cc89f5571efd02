import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { receiveTrains } from '../../src/bridge/client.ts';
import { parsePeerEndpoint } from '../../src/bridge/endpoint.ts';
import type { ClientSocketKind, ServerSocketKind } from '../../src/bridge/socket.ts';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { zmtpTransport } from '../../src/platform/node/zmtp/zmtp-transport.ts';
import { frame, greeting, longHeader, ready } from './raw-zmtp.ts';
import { until } from './socket-suite.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const CLIENTS = 100;
const MIB = 2 ** 20;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * A simulator as a process of its own: trains of half a MiB, 50 a second. Of PUSH each client gets its share until the
 * system's buffers for it are full: at 500 a second that is soon over.
 */
async function startSimulator(endpoint: string, kind: ServerSocketKind): Promise<ChildProcess> {
  const options = ['-z', kind, '-d', 'AGIPDModule', '--raw', '--pulses', '2', '--rate', kind === 'PUSH' ? '500' : '50'];
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    MAIN,
    'bridge',
    'sim',
    endpoint,
    ...options,
  ]);
  open.push({ close: () => child.kill('SIGKILL') });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the simulator ended with code ${code}`)));
  });
  return child;
}

const descriptorsOf = ({ pid }: ChildProcess) => readdirSync(`/proc/${pid}/fd`).length;
const memoryOf = ({ pid }: ChildProcess) =>
  (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / MIB;

/** A connection of raw bytes that never reads. */
async function connectRaw(endpoint: string): Promise<Socket> {
  const address = parsePeerEndpoint(endpoint);
  const socket =
    address.transport === 'tcp' ? connect({ host: address.host, port: address.port }) : connect({ path: address.path });
  socket.on('error', () => undefined);
  socket.pause();
  open.push({ close: () => socket.destroy() });
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** A client that reads, for as long as the test runs. */
function startReader(endpoint: string, socket: ClientSocketKind) {
  const controller = new AbortController();
  let count = 0;
  const running = (async () => {
    for await (const train of receiveTrains({
      endpoint,
      socket,
      transport: zmtpTransport,
      signal: controller.signal,
    })) {
      count++;
      train.release?.();
    }
  })();
  open.push({
    close: () => {
      controller.abort();
      return running;
    },
  });
  return {
    /** Waits for so many more. */
    receives: (more: number, milliseconds: number) => {
      const wanted = count + more;
      return until(() => count >= wanted, `${more} more trains`, milliseconds);
    },
  };
}

/** What a client of a kind says first, so that messages are meant for it: subscribed, or with its requests. */
function hello(kind: ClientSocketKind): Buffer {
  const shaken = [greeting(), ready(kind)];
  if (kind === 'SUB') return Buffer.concat([...shaken, frame(Buffer.of(1))]);
  if (kind === 'PULL') return Buffer.concat(shaken);
  return Buffer.concat([...shaken, ...Array.from({ length: 5 }, () => [frame('', true), frame('next')]).flat()]);
}

/** Drips a handshake, and when that is done half a message, byte by byte until the other side has had enough. */
async function drip(socket: Socket, kind: ClientSocketKind): Promise<void> {
  for (const byte of Buffer.concat([greeting(), ready(kind), longHeader(0, 1000)])) {
    if (socket.destroyed || !socket.writable) return;
    socket.write(Buffer.of(byte));
    await wait(40);
  }
}

/** Comes and goes, in every state of the handshake and in the middle of a message. */
async function storm(endpoint: string, kind: ClientSocketKind, count: number): Promise<void> {
  const { transport } = parsePeerEndpoint(endpoint);
  const said = Buffer.concat([hello(kind), longHeader(0, 1000), Buffer.alloc(20)]);
  for (let i = 0; i < count; i++) {
    const socket = await connectRaw(endpoint);
    socket.write(said.subarray(0, (i * 7) % said.length));
    // Reset (a unix socket has no such thing), or ended in order.
    if (i % 2 && transport === 'tcp') socket.resetAndDestroy();
    else if (i % 2) socket.destroy();
    else socket.end(() => socket.destroy());
  }
}

const CASES = (
  [
    ['REP', 'REQ'],
    ['PUB', 'SUB'],
    ['PUSH', 'PULL'],
  ] as const
).flatMap(([server, client]) => (['tcp', 'ipc'] as const).map((transport) => [server, client, transport] as const));

const hasProc = existsSync('/proc/self/fd');

describe.skipIf(!hasProc)(
  `a simulator as a process of its own${hasProc ? '' : ' [not run: descriptors and memory are counted in /proc]'}`,
  () => {
    let folder = '';
    const freshEndpoint = async (transport: 'tcp' | 'ipc') => {
      if (transport === 'tcp') return `tcp://127.0.0.1:${await findFreePort()}`;
      folder = mkdtempSync(join(tmpdir(), 'hutch-flood-'));
      open.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
      return `ipc://${join(folder, 'bridge.sock')}`;
    };

    it.each(CASES)(
      `%s to %s over %s: ${CLIENTS} clients that never read, slow ones, a storm; who reads does not notice, nothing stays behind`,
      async (server, client, transport) => {
        const endpoint = await freshEndpoint(transport);
        const simulator = await startSimulator(endpoint, server);
        const reader = startReader(endpoint, client);
        await reader.receives(20, 15_000);
        const descriptors = descriptorsOf(simulator);
        const memory = memoryOf(simulator);

        const idle = await Promise.all(Array.from({ length: CLIENTS }, () => connectRaw(endpoint)));
        for (const socket of idle) socket.write(hello(client));
        const slow = await Promise.all(Array.from({ length: 20 }, () => connectRaw(endpoint)));
        const attacks = Promise.all([...slow.map((socket) => drip(socket, client)), storm(endpoint, client, 300)]);
        for (let second = 0; second < 4; second++) {
          await reader.receives(5, 8000);
          await wait(500);
        }
        expect(memoryOf(simulator) - memory).toBeLessThan(300);
        expect(descriptorsOf(simulator)).toBeGreaterThan(descriptors + CLIENTS / 2);
        await attacks;

        for (const socket of [...idle, ...slow]) socket.destroy();
        await until(() => descriptorsOf(simulator) <= descriptors, 'the end of all connections', 8000);
        await reader.receives(20, 15_000);
        expect(simulator.exitCode).toBeNull();
      },
      60_000,
    );

    it.each(CASES)(
      '%s to %s over %s: killed in the middle of its trains and started again, it is found again',
      async (server, client, transport) => {
        const endpoint = await freshEndpoint(transport);
        const first = await startSimulator(endpoint, server);
        const reader = startReader(endpoint, client);
        await reader.receives(10, 8000);
        const gone = new Promise((resolve) => first.once('exit', resolve));
        first.kill('SIGKILL');
        await gone;
        await startSimulator(endpoint, server);
        await reader.receives(10, 15_000);
      },
      60_000,
    );
  },
);
