import { afterEach, describe, expect, it } from 'vitest';
import { part, textOf, until } from '../../test/conformance/socket-suite.ts';
import { zmtpTransport } from '../platform/node/zmtp/zmtp-transport.ts';
import { type ServeOptions, serveMessages } from './server.ts';
import type { ClientSocketKind, ServerSocketKind } from './socket.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(kind: ServerSocketKind, options: Partial<ServeOptions> = {}) {
  const socket = await zmtpTransport.bind('tcp://127.0.0.1:0', kind);
  const controller = new AbortController();
  let made = 0;
  const counts: number[] = [];
  const running = serveMessages(socket, kind, () => [part(String(made++))], {
    rate: 100,
    signal: controller.signal,
    onSent: (receivers) => counts.push(receivers),
    ...options,
  });
  open.push({
    async close() {
      controller.abort();
      await running;
      await socket.close();
    },
  });
  const connect = async (client: ClientSocketKind) => {
    const connected = await zmtpTransport.connect(socket.endpoint, client);
    open.push(connected);
    return {
      ask: async (request = 'next') => {
        connected.send([part(request)]);
        return textOf((await connected.receive()).parts)[0];
      },
      next: async () => textOf((await connected.receive()).parts)[0],
    };
  };
  return { socket, running, counts, connect, controller, made: () => made };
}

describe('serveMessages', () => {
  it('keeps its rate whether somebody asks or not, and makes messages only for somebody', async () => {
    const { counts, connect, made } = await start('REP', { rate: 50 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect([counts.length > 40 && counts.length <= 52, made()]).toEqual([true, 0]);
    const client = await connect('REQ');
    const started = performance.now();
    for (let i = 0; i < 50; i++) expect(await client.ask()).toBe(String(i));
    // each answer waits for its train: 50 trains at 50 Hz
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(performance.now() - started).toBeLessThan(1600);
  });

  it('several clients that ask get the same train', async () => {
    const { connect } = await start('REP', { rate: 20 });
    const clients = await Promise.all([0, 1, 2].map(() => connect('REQ')));
    const askAll = () => Promise.all(clients.map((client) => client.ask()));
    // one that asks late gets the train that was held, so the first round may differ
    let answers = await askAll();
    for (let round = 0; round < 5 && new Set(answers).size > 1; round++) answers = await askAll();
    expect(new Set(answers).size).toBe(1);
  });

  it('a client a little slower than the rate gets nearly every train, not every second one', async () => {
    const { connect } = await start('REP', { rate: 20, onSent: undefined });
    const client = await connect('REQ');
    await client.ask();
    const started = performance.now();
    for (let i = 0; i < 15; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await client.ask();
    }
    // 15 x 60 ms, and not 15 x 2 x 50 ms
    expect(performance.now() - started).toBeLessThan(1400);
  });

  it('answers nonsense with the words of the python server, and goes on', async () => {
    const { connect } = await start('REP');
    const client = await connect('REQ');
    expect(await client.ask('hello')).toBe('Error: bad request hello');
    expect(await client.ask('')).toBe('Error: bad request ');
    expect(await client.ask()).toBe('0');
  });

  it('as fast as asked with rate 0, and idle while nobody asks', async () => {
    const { connect, counts, controller, running } = await start('REP', { rate: 0 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(counts).toEqual([]);
    const client = await connect('REQ');
    const started = performance.now();
    for (let i = 0; i < 300; i++) expect(await client.ask()).toBe(String(i));
    expect(performance.now() - started).toBeLessThan(3000);
    controller.abort();
    await running;
  });

  it.each([
    ['PUB', 'SUB'],
    ['PUSH', 'PULL'],
  ] as const)('%s sends at its rate without being asked, also with nobody counting', async (kind, client) => {
    const { connect } = await start(kind, { rate: 50, onSent: undefined });
    const receiver = await connect(client);
    const first = Number(await receiver.next());
    const started = performance.now();
    for (let i = 1; i <= 25; i++) expect(Number(await receiver.next())).toBe(first + i);
    expect(performance.now() - started).toBeGreaterThan(400);
  });

  it('PUB with rate 0 does not spin while nobody listens', async () => {
    const { counts } = await start('PUB', { rate: 0 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(counts.length).toBeLessThan(80);
  });

  it('ends after its count, and at once with its signal', async () => {
    const { running, counts } = await start('PUB', { rate: 100, count: 5 });
    await running;
    expect(counts).toEqual([0, 0, 0, 0, 0]);
    const slow = await start('REP', { rate: 0.01 });
    slow.controller.abort();
    await slow.running;
    expect(slow.counts).toEqual([]);
    const done = await start('PUB', { signal: AbortSignal.abort() });
    await done.running;
  });

  it('collects no listeners on its signal', async () => {
    const { connect, controller } = await start('REP', { rate: 0 });
    const added: string[] = [];
    const { addEventListener } = controller.signal;
    controller.signal.addEventListener = (...args: unknown[]) => {
      added.push(String(args[0]));
      Reflect.apply(addEventListener, controller.signal, args);
    };
    const client = await connect('REQ');
    for (let i = 0; i < 20; i++) await client.ask();
    await until(() => true, 'nothing');
    expect(added).toEqual([]);
  });
});
