import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../test/conformance/socket-suite.ts';
import type { NdArray } from '../core/ndarray.ts';
import { encodeBridgeMessage } from '../formats/bridge-message.ts';
import { MsgpackMap } from '../formats/msgpack.ts';
import { findFreePort } from '../platform/node/free-port.ts';
import { zmtpTransport } from '../platform/node/zmtp/zmtp-transport.ts';
import { type BridgeClient, type OpenBridgeOptions, openBridgeClient } from './bridge-client.ts';
import type { BridgeTrain } from './endpoint-receiver.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function message(trainId: number, size = 10): Uint8Array[] {
  const metadata = new MsgpackMap([['timestamp.tid', BigInt(trainId)]]);
  const arrays = [{ path: 'x', dtype: 'uint8', shape: [size], bytes: new Uint8Array(size) }];
  return encodeBridgeMessage([{ source: 'S', metadata, data: new MsgpackMap([]), arrays }]);
}

const freshEndpoint = async () => `tcp://127.0.0.1:${await findFreePort()}`;

/** A bridge that answers each request with the next message; null = no answer. */
async function startBridge(endpoint: string, make: (n: number) => readonly Uint8Array[] | null) {
  const server = await zmtpTransport.bind(endpoint, 'REP');
  let asked = 0;
  server.onRequest((_, reply) => {
    const parts = make(asked++);
    if (parts) reply(parts);
  });
  open.push(server);
  return { server, endpoint: server.endpoint, asked: () => asked };
}

/** A bridge that pushes numbered trains to whom it has, one each call. */
async function startPush(kind: 'PUSH' | 'PUB' = 'PUSH') {
  const server = await zmtpTransport.bind('tcp://127.0.0.1:0', kind);
  open.push(server);
  let trainId = 0;
  const push = () => until(() => server.send(message(++trainId)) > 0 || --trainId < 0, 'a client for the train');
  return { server, endpoint: server.endpoint, push };
}

function openClient(options: Omit<OpenBridgeOptions, 'transport'>): BridgeClient {
  const client = openBridgeClient({ transport: zmtpTransport, ...options });
  open.push(client);
  return client;
}

const stateOf = (client: BridgeClient, endpoint: string) => {
  const state = client.states().find((each) => each.endpoint === endpoint);
  if (!state) throw new Error(`no state of ${endpoint}`);
  return state;
};

/** Memory that counts what is lent. */
function countedMemory() {
  let lent = 0;
  const allocate = (length: number) => {
    lent++;
    return { bytes: new Uint8Array(length), release: () => lent-- };
  };
  return { allocate, lent: () => lent };
}

describe('openBridgeClient', () => {
  it('merges several bridges, of which one is absent at first and one dies and comes back', async () => {
    const [first, second] = [await freshEndpoint(), await freshEndpoint()];
    const one = await startBridge(first, (n) => message(n + 1));
    const client = openClient({ endpoints: [first, { endpoint: second, socket: 'REQ' }] });
    const from = new Map<string, number[]>();
    const read = async (endpoint: string, count: number) => {
      while ((from.get(endpoint)?.length ?? 0) < count) {
        const train = await client.next();
        from.set(train.endpoint, [...(from.get(train.endpoint) ?? []), train.trainId]);
        train.release();
      }
    };
    await read(first, 3);
    expect(stateOf(client, second)).toMatchObject({ received: 0, connectedSince: null, connections: 0 });
    expect(stateOf(client, second).text).toMatch(/No bridge answers at .* Trying again\./);
    await startBridge(second, (n) => message(n + 1000));
    await read(second, 3);
    await one.server.close();
    while (stateOf(client, first).connectedSince !== null) (await client.next()).release();
    // A server that had not read our request yet resets the connection, another closes it.
    expect(stateOf(client, first).text).toMatch(/(closed|broke) the connection.*\. Trying again\./);
    await startBridge(first, (n) => message(n + 500));
    const before = from.get(first)?.length ?? 0;
    await read(first, before + 3);
    expect(from.get(first)?.slice(-3)).toEqual([500, 501, 502]);
    const state = stateOf(client, first);
    expect(state).toMatchObject({ state: 'receiving', text: null, connections: 2, dropped: 0, socket: 'REQ' });
    expect(state.trainsPerSecond).toBeGreaterThan(0);
    expect(state.bytesPerSecond).toBeGreaterThan(100 * state.trainsPerSecond);
    expect(Math.abs(Date.now() - (state.lastReceivedAt ?? 0))).toBeLessThan(5000);
    expect(state.lastTrainId).toBeGreaterThanOrEqual(502);
  }, 20_000);

  it('adds and removes endpoints while somebody reads; the others do not notice', async () => {
    const memory = countedMemory();
    const one = await startBridge('tcp://127.0.0.1:0', (n) => message(n + 1, 100_000));
    const two = await startBridge('tcp://127.0.0.1:0', (n) => message(n + 1000, 100_000));
    const client = openClient({ endpoints: [], allocate: memory.allocate });
    const first = client.next();
    client.add(one.endpoint);
    client.add(one.endpoint);
    expect((await first).endpoint).toBe(one.endpoint);
    (await first).release();
    client.add({ endpoint: two.endpoint });
    expect(client.states().map(({ endpoint }) => endpoint)).toEqual([one.endpoint, two.endpoint]);
    const seen = new Set<string>();
    while (seen.size < 2) {
      const train = await client.next();
      seen.add(train.endpoint);
      train.release();
    }
    expect([client.remove(two.endpoint), client.remove(two.endpoint)]).toEqual([true, false]);
    await until(() => two.server.peers === 0, 'the end of the connection');
    for (let n = 0; n < 5; n++) {
      const train = await client.next();
      expect(train.endpoint).toBe(one.endpoint);
      train.release();
    }
    await client.close();
    expect([memory.lent(), one.server.peers <= 1]).toEqual([0, true]);
    expect(() => client.add('tcp://host/1')).toThrow(/after a colon/);
  });

  it.each([
    ['2.2', 'S'],
    // Names of all lengths, so that the array lies at every place there is.
    ...['S', 'Sx', 'Sxx', 'Sxxx', 'Sxxxx', 'Sxxxxx', 'Sxxxxxx', 'Sxxxxxxx'].map((name) => ['1.0', name] as const),
  ] as const)(
    'receives into the memory of released trains, and into other memory where none was released (%s, %s)',
    async (protocol, source) => {
      const metadata = new MsgpackMap([['timestamp.tid', 7n]]);
      const values = Float64Array.from({ length: 40_000 }, (_, i) => i / 3);
      const arrays = [{ path: 'x', dtype: 'float64', shape: [40_000], bytes: new Uint8Array(values.buffer) }];
      const parts = encodeBridgeMessage([{ source, metadata, data: new MsgpackMap([]), arrays }], { protocol });
      const bridge = await startBridge('tcp://127.0.0.1:0', () => parts);
      const arrayOf = (train: BridgeTrain) => train.sources.get(source)?.data.get('x') as NdArray<'float64'>;
      const buffersOf = async (isReleased: boolean) => {
        const client = openClient({ endpoints: [bridge.endpoint] });
        const trains: BridgeTrain[] = [];
        for (let n = 0; n < 6; n++) {
          trains.push(await client.next());
          const { dtype, shape, data } = arrayOf(trains[n]);
          const isSame = Buffer.from(values.buffer).equals(
            new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
          );
          expect([dtype, shape, isSame]).toEqual(['float64', [40_000], true]);
          if (isReleased) trains[n].release();
        }
        await client.close();
        const received = trains.map(arrayOf);
        return new Set(received.map(({ data }) => data.buffer));
      };
      // One is read, one waits, one is on its way.
      expect((await buffersOf(true)).size).toBeLessThanOrEqual(3);
      expect((await buffersOf(false)).size).toBe(6);
    },
  );

  it.each([
    ['latest' as const, 1],
    [{ queue: 3 }, 3],
  ])('%j: a slow reader gets the newest, and what was pushed out is counted and released', async (policy, kept) => {
    const memory = countedMemory();
    const { endpoint, push } = await startPush();
    const client = openClient({ endpoints: [{ endpoint, socket: 'PULL' }], policy, allocate: memory.allocate });
    for (let i = 0; i < 20; i++) await push();
    await until(() => stateOf(client, endpoint).received === 20, 'twenty trains');
    expect(stateOf(client, endpoint).dropped).toBe(20 - kept);
    const ids: number[] = [];
    for (let i = 0; i < kept; i++) {
      const train = await client.next();
      ids.push(train.trainId);
      train.release();
    }
    expect(ids).toEqual([20, 19, 18].slice(0, kept).reverse());
    expect(memory.lent()).toBe(0);
  });

  it('wait: a slow reader misses nothing, the server waits', async () => {
    const { endpoint, asked } = await startBridge('tcp://127.0.0.1:0', (n) => message(n + 1));
    const client = openClient({ endpoints: [endpoint], policy: 'wait' });
    await until(() => stateOf(client, endpoint).received === 1, 'a train');
    await wait(100);
    expect(asked()).toBe(1);
    for (let i = 1; i <= 10; i++) {
      await wait(5);
      expect((await client.next()).trainId).toBe(i);
    }
    expect(stateOf(client, endpoint).dropped).toBe(0);
  });

  it('a fast endpoint does not push out the trains of a slow one', async () => {
    const [fast, slow] = [await startPush(), await startPush()];
    const endpoints = [fast, slow].map(({ endpoint }) => ({ endpoint, socket: 'PULL' as const }));
    const client = openClient({ endpoints, policy: 'latest' });
    await slow.push();
    await until(() => stateOf(client, slow.endpoint).received === 1, 'the slow train');
    for (let i = 0; i < 10; i++) await fast.push();
    await until(() => stateOf(client, fast.endpoint).received === 10, 'the fast trains');
    const trains = [await client.next(), await client.next()];
    expect(trains.map(({ endpoint, trainId }) => [endpoint, trainId])).toEqual([
      [slow.endpoint, 1],
      [fast.endpoint, 10],
    ]);
  });

  it('a reader that waits too long is told so with the endpoints and the time, and may ask again', async () => {
    const endpoint = await freshEndpoint();
    const client = openClient({ endpoints: [endpoint], timeoutMs: 150 });
    const error = await client.next().catch((caught) => caught);
    expect([error.tag, error.details.timeoutMs]).toEqual(['BridgeTimeout', 150]);
    expect(error.message).toMatch(new RegExp(`No train from ${endpoint} in the last 150 ms. No bridge answers at`));
    await startBridge(endpoint, (n) => message(n + 1));
    let train: BridgeTrain | null = null;
    for (let n = 0; !train && n < 50; n++) train = await client.next().catch(() => null);
    expect(train?.trainId).toBe(1);
    const held = await startBridge('tcp://127.0.0.1:0', () => null);
    const waiting = openClient({ endpoints: [held.endpoint], timeoutMs: 300 });
    expect(await waiting.next().catch(String)).toMatch(
      /in the last 300 ms\. tcp:\S+ is connected but has sent nothing/,
    );
    expect(await openClient({ endpoints: [], timeoutMs: 10 }).next().catch(String)).toMatch(/there is none/);
  });

  it('a request that gets no answer is sent again on a new connection, if so wished', async () => {
    const { endpoint, asked } = await startBridge('tcp://127.0.0.1:0', (n) => (n === 1 ? null : message(n + 1)));
    const client = openClient({ endpoints: [endpoint], resendMs: 100 });
    const ids = [(await client.next()).trainId, (await client.next()).trainId];
    expect([ids, asked() >= 3]).toEqual([[1, 3], true]);
    expect(stateOf(client, endpoint).connections).toBe(2);
  });

  it('counts messages that cannot be read, with the last reason', async () => {
    const { endpoint } = await startBridge('tcp://127.0.0.1:0', (n) =>
      n < 2 ? message(1).slice(0, 3) : message(n + 1),
    );
    const client = openClient({ endpoints: [endpoint] });
    expect((await client.next()).trainId).toBe(3);
    const state = stateOf(client, endpoint);
    expect([state.invalid, state.state, state.text]).toEqual([2, 'receiving', null]);
    expect(state.lastInvalid).toMatch(/headers and data come in pairs/);
  });

  it('does not storm a server that shakes hands and closes', async () => {
    const server = await zmtpTransport.bind('tcp://127.0.0.1:0', 'REP');
    let attempts = 0;
    const transport = {
      ...zmtpTransport,
      async connect(...args: Parameters<typeof zmtpTransport.connect>) {
        attempts++;
        const socket = await zmtpTransport.connect(...args);
        socket.close();
        return socket;
      },
    };
    open.push(server);
    const client = openBridgeClient({ endpoints: [server.endpoint], transport });
    open.push(client);
    await wait(1500);
    // pauses of 0.2, 0.4, 0.8 s
    expect([attempts >= 2, attempts <= 5]).toEqual([true, true]);
  });

  it('ends quietly with its signal or by leaving the loop; a waiting reader hears the reason', async () => {
    const { endpoint, server } = await startBridge('tcp://127.0.0.1:0', (n) => (n < 3 ? message(n + 1) : null));
    const controller = new AbortController();
    const ids: number[] = [];
    for await (const { trainId } of openClient({ endpoints: [endpoint], signal: controller.signal })) {
      ids.push(trainId);
      if (ids.length === 3) setTimeout(() => controller.abort(), 20);
    }
    expect(ids).toEqual([1, 2, 3]);
    await until(() => server.peers === 0, 'the end of the connection');
    const reason = new Error('enough');
    const other = new AbortController();
    const waiting = openClient({ endpoints: [endpoint], signal: other.signal }).next();
    setTimeout(() => other.abort(reason), 20);
    await expect(waiting).rejects.toBe(reason);
    const early = openClient({ endpoints: [endpoint], signal: AbortSignal.abort(reason) });
    expect(await early[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    const two = await startBridge('tcp://127.0.0.1:0', (n) => message(n + 1));
    for await (const train of openClient({ endpoints: [two.endpoint] })) {
      expect(train.trainId).toBe(1);
      break;
    }
    await until(() => server.peers === 0 && two.server.peers === 0, 'the end of all connections');
  });

  it('refuses what is impossible, and two readers at once', async () => {
    const open = (options: Partial<OpenBridgeOptions>) =>
      openBridgeClient({ endpoints: [], transport: zmtpTransport, ...options });
    expect(() => open({ endpoints: ['tcp://*:45'] })).toThrow(/a client needs the name/);
    expect(() => open({ policy: { queue: 0 } })).toThrow(/whole number from 1/);
    const client = openClient({ endpoints: [] });
    const first = client.next();
    await expect(client.next()).rejects.toThrow(/read by somebody else/);
    await client.close();
    await expect(first).rejects.toThrow(/was closed/);
  });
});
