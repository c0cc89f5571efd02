import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { frame, greeting, ready } from '../../test/conformance/raw-zmtp.ts';
import { part, textOf, until } from '../../test/conformance/socket-suite.ts';
import { zeros } from '../core/ndarray.ts';
import type { Train } from '../core/train.ts';
import { zmtpTransport } from '../platform/node/zmtp/zmtp-transport.ts';
import { type OpenBridgeServerOptions, openBridgeServer } from './bridge-server.ts';
import { receiveTrains } from './client.ts';
import type { ClientSocketKind } from './socket.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function train(trainId: number, size = 4): Train {
  const metadata = new Map([['timestamp.tid', BigInt(trainId)]]);
  return { trainId, sources: new Map([['S', { data: new Map([['x', zeros('uint8', [size])]]), metadata }]]) };
}

async function openServer(options: Partial<OpenBridgeServerOptions> = {}) {
  const server = await openBridgeServer({ endpoint: 'tcp://127.0.0.1:0', transport: zmtpTransport, ...options });
  open.push(server);
  return server;
}

/** A client that reads for ever. */
function listen(endpoint: string, socket: ClientSocketKind) {
  const controller = new AbortController();
  const trains: Train[] = [];
  const running = (async () => {
    const stream = receiveTrains({ endpoint, socket, transport: zmtpTransport, signal: controller.signal });
    for await (const each of stream) trains.push(each);
  })();
  open.push({
    close() {
      controller.abort();
      return running;
    },
  });
  return { trains, ids: () => trains.map(({ trainId }) => trainId) };
}

describe('openBridgeServer', () => {
  it('leaving its scope lets the last train arrive, but does not wait for ever for who does not read', async () => {
    const SIZE = 50_000_000;
    const sendOne = async () => {
      await using server = await openServer();
      const client = await zmtpTransport.connect(server.endpoint, 'REQ');
      open.push(client);
      client.send([part('next')]);
      await server.send(train(1, SIZE));
      return client;
    };
    const { parts } = await (await sendOne()).receive();
    expect(parts[3]).toHaveLength(SIZE);

    const started = performance.now();
    const sendToStuck = async () => {
      await using server = await openServer();
      const raw = connect(Number(server.endpoint.split(':').pop()), '127.0.0.1');
      open.push({ close: () => raw.destroy() });
      raw.write(Buffer.concat([greeting(), ready('REQ'), frame('', true), frame('next')]));
      await once(raw, 'readable');
      await server.send(train(2, SIZE));
    };
    await sendToStuck();
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(500);
    expect(took).toBeLessThan(10_000);
  }, 30_000);

  it('REP: a train waits for who asks; all who wait get it; nonsense costs nobody a train', async () => {
    const server = await openServer();
    let isTaken = false;
    const first = server.send(train(1)).then((count) => {
      isTaken = true;
      return count;
    });
    const rude = await zmtpTransport.connect(server.endpoint, 'REQ');
    open.push(rude);
    rude.send([part('give me')]);
    expect(textOf((await rude.receive()).parts)).toEqual(['Error: bad request give me']);
    rude.send([part('next'), part('please')]);
    expect(textOf((await rude.receive()).parts)).toEqual(['Error: bad request next']);
    expect(isTaken).toBe(false);
    const clients = [listen(server.endpoint, 'REQ'), listen(server.endpoint, 'REQ')];
    expect(await first).toBeGreaterThanOrEqual(1);
    for (let id = 2; id < 20; id++) await server.send(train(id));
    await until(() => clients.some(({ ids }) => ids().at(-1) === 19), 'the last train');
    const all = new Set(clients.flatMap(({ ids }) => ids()));
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
  });

  it('REP: who asked and left takes no train with it', async () => {
    const server = await openServer();
    const gone = await zmtpTransport.connect(server.endpoint, 'REQ');
    gone.send([part('next')]);
    await wait(50);
    gone.close();
    await until(() => server.peers === 0, 'the end of the client');
    const sending = server.send(train(1));
    const client = listen(server.endpoint, 'REQ');
    expect(await sending).toBe(1);
    await until(() => client.ids().length === 1, 'the train');
  });

  it('PUSH: waits for a client that is ready, and a stuck one does not matter', async () => {
    const server = await openServer({ socket: 'PUSH' });
    const stuck = await zmtpTransport.connect(server.endpoint, 'PULL');
    open.push(stuck);
    const sent: number[] = [];
    for (let id = 1; ; id++) {
      const isSent = await server.send(train(id, 2 ** 20), { timeoutMs: 100 }).then(
        () => true,
        () => false,
      );
      if (!isSent) break;
      sent.push(id);
    }
    expect(sent.length).toBeLessThan(40);
    const quick = listen(server.endpoint, 'PULL');
    for (let id = 100; id < 120; id++) await server.send(train(id, 2 ** 20));
    await until(() => quick.ids().length >= 19, 'the trains');
    expect(quick.ids().slice(0, 5)).toEqual([100, 101, 102, 103, 104]);
  });

  it('PUB: sends at once, and tells how many got it', async () => {
    const server = await openServer({ socket: 'PUB' });
    expect(await server.send(train(1))).toBe(0);
    const [one, two] = [listen(server.endpoint, 'SUB'), listen(server.endpoint, 'SUB')];
    for (let id = 2; (await server.send(train(id))) < 2; id++) await wait(5);
    await until(() => one.ids().length > 0 && two.ids().length > 0, 'a train each');
  });

  it.each(['1.0', '2.2'] as const)('protocol %s, with the time of sending where there is none', async (protocol) => {
    const server = await openServer({ protocol, isStamped: true });
    const client = listen(server.endpoint, 'REQ');
    await server.send(train(7));
    await until(() => client.trains.length === 1, 'the train');
    const { metadata, data } = client.trains[0].sources.get('S') ?? { metadata: new Map(), data: new Map() };
    expect(metadata.get('timestamp.tid')).toBe(7n);
    expect(Math.abs(Number(metadata.get('timestamp')) * 1000 - Date.now())).toBeLessThan(10_000);
    expect([...data.keys()]).toEqual(['x']);
    await server.send({
      trainId: 8,
      sources: new Map([['S', { data: new Map([['x', 1]]), metadata: new Map([['timestamp', 5]]) }]]),
    });
    await until(() => client.trains.length === 2, 'the second train');
    expect([...(client.trains[1].sources.get('S')?.metadata ?? [])]).toEqual([['timestamp', 5]]);
  });

  it('a train that nobody takes in time, is empty, or is not wanted any more, is told; the next one is sent', async () => {
    const server = await openServer();
    const late = await server.send(train(1), { timeoutMs: 50 }).catch((error) => error);
    expect([late.tag, late.message]).toEqual([
      'BridgeTimeout',
      `Nobody took train 1 from ${server.endpoint} in 50 ms (0 connected).`,
    ]);
    const empty = await server.send({ trainId: 2, sources: new Map() }).catch((error) => error);
    expect([empty.tag, empty.message]).toEqual(['NoData', expect.stringMatching(/Train 2 has no source/)]);
    const controller = new AbortController();
    const reason = new Error('not this one');
    const aborted = server.send(train(3), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(aborted).rejects.toBe(reason);
    const client = listen(server.endpoint, 'REQ');
    expect(await server.send(train(4))).toBe(1);
    await until(() => client.ids().length === 1, 'the train');
    expect(client.ids()).toEqual([4]);
    const last = [server.send(train(5)), server.send(train(6)), server.send(train(7))].map((sent) =>
      sent.catch(({ message }) => message),
    );
    await server.close();
    expect((await Promise.all(last)).at(-1)).toMatch(/was closed/);
  });
});
