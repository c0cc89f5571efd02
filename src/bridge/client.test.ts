import { afterEach, describe, expect, it } from 'vitest';
import { frame, greeting, longHeader, RawServer, ready } from '../../test/conformance/raw-zmtp.ts';
import { part, until } from '../../test/conformance/socket-suite.ts';
import type { XfelError } from '../core/errors.ts';
import type { Train } from '../core/train.ts';
import { encodeBridgeMessage } from '../formats/bridge-message.ts';
import { MsgpackMap } from '../formats/msgpack.ts';
import { findFreePort } from '../platform/node/free-port.ts';
import { zmtpTransport } from '../platform/node/zmtp/zmtp-transport.ts';
import { type BridgeClientOptions, type BridgeStatus, receiveTrains } from './client.ts';
import type { ServerSocket } from './socket.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function message(trainId: number, size = 10): Uint8Array[] {
  const metadata = new MsgpackMap([['timestamp.tid', BigInt(trainId)]]);
  const arrays = [{ path: 'x', dtype: 'uint8', shape: [size], bytes: new Uint8Array(size) }];
  return encodeBridgeMessage([{ source: 'S', metadata, data: new MsgpackMap([]), arrays }]);
}

/** A client that runs until the test ends: what it received and what it said. */
function startClient(options: Omit<BridgeClientOptions, 'transport' | 'signal'>) {
  const controller = new AbortController();
  const trains: Train[] = [];
  const statuses: BridgeStatus[] = [];
  const invalid: XfelError[] = [];
  const running = (async () => {
    const stream = receiveTrains({
      ...options,
      transport: zmtpTransport,
      signal: controller.signal,
      onStatus: (status) => statuses.push(status),
      onInvalid: (error) => invalid.push(error),
    });
    for await (const train of stream) {
      trains.push(train);
      train.release?.();
    }
  })();
  const close = () => {
    controller.abort();
    return running;
  };
  open.push({ close });
  const received = (count: number) => until(() => trains.length >= count, `${count} trains`, 8000);
  const said = (text: RegExp) => until(() => statuses.some((s) => text.test(s.text ?? '')), `saying ${text}`, 8000);
  const last = () => statuses.at(-1);
  return { trains, statuses, invalid, close, running, received, said, last };
}

/** A bridge that answers each request with the next message that `make` gives. */
async function startBridge(endpoint: string, make: (n: number) => readonly Uint8Array[] | null) {
  const server = await zmtpTransport.bind(endpoint, 'REP');
  let asked = 0;
  server.onRequest((_, reply) => {
    const parts = make(asked++);
    if (parts) reply(parts);
  });
  open.push(server);
  return { server, asked: () => asked };
}

/** A bridge that answers when the test says so, and never looks whether it still owes an answer, as libzmq's REP does not. */
async function startForgetfulBridge() {
  const bridge = await RawServer.open((socket) => socket.write(Buffer.concat([greeting(), ready('REP')])));
  open.push(bridge);
  const requests = () => bridge.received.toString('latin1').split('\0\x04next').length - 1;
  const send = (trainId: number) => {
    const parts = message(trainId);
    const last = parts.length - 1;
    bridge.sockets[0].write(Buffer.concat([frame('', true), ...parts.map((each, i) => frame(each, i < last))]));
  };
  const answer = async (trainId: number) => {
    await until(() => requests() > trainId, `request ${trainId}`);
    send(trainId);
  };
  return { endpoint: bridge.endpoint, requests, send, answer, connections: () => bridge.sockets.length };
}

const freshEndpoint = async () => `tcp://127.0.0.1:${await findFreePort()}`;

describe('receiveTrains', () => {
  it('waits for an absent bridge, says so, receives when it comes, says when it dies, and goes on when it is back', async () => {
    const endpoint = await freshEndpoint();
    const client = startClient({ endpoint });
    await client.said(/No bridge answers at tcp:.* Is it started\? Trying again\./);
    expect(client.last()?.state).toBe('connecting');
    const first = await startBridge(endpoint, (n) => (n < 5 ? message(n + 1) : null));
    await client.received(5);
    expect(client.last()?.state).toBe('receiving');
    // the bridge dies while it holds a request that it has not answered
    await until(() => first.asked() === 6, 'the sixth request');
    await first.server.close();
    await client.said(/closed the connection\. Trying again\./);
    await startBridge(endpoint, (n) => message(n + 100));
    await client.received(8);
    expect(client.trains.slice(0, 6).map(({ trainId }) => trainId)).toEqual([1, 2, 3, 4, 5, 100]);
    expect(client.last()).toEqual({ state: 'receiving', isConnected: true });
  });

  it('leaves out what cannot be read, says why, and does not hammer a bridge that answers with errors', async () => {
    const bad = [[part('Error: bad request next')], [Uint8Array.of(0x81, 1, 2)], message(1).slice(0, 3)];
    const { asked, server } = await startBridge(
      await freshEndpoint(),
      (n) => bad[n] ?? (n < 40 ? [part('Error: busy')] : message(n)),
    );
    const client = startClient({ endpoint: server.endpoint });
    await client.said(/left out\. The bridge server says: Error: bad request next/);
    expect(client.statuses.find(({ text }) => text)?.state).toBe('error');
    await client.said(/left out\. Bridge message, part 0/);
    await client.said(/left out\. .*headers and data come in pairs/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(asked()).toBeLessThan(12);
    expect(client.invalid.length).toBeGreaterThanOrEqual(asked() - 1);
    await client.received(1);
  }, 10_000);

  it('recovers from garbage on the wire, another program and another socket type on its port', async () => {
    const endpoint = await freshEndpoint();
    const port = Number(endpoint.split(':').at(-1));
    const client = startClient({ endpoint, maxMessageBytes: 2 ** 20 });
    const broken = await RawServer.open((socket, count) => {
      const shaken = [greeting(), ready('REP')];
      const answers: Uint8Array[][] = [
        [part('HTTP/1.1 200 OK\r\n\r\n')],
        [greeting(), ready('PUB')],
        [greeting({ mechanism: 'PLAIN' })],
        [...shaken, longHeader(0, 2 ** 40)],
        [...shaken, frame('', true), longHeader(0, 1000), Buffer.alloc(10)],
      ];
      for (const bytes of answers[Math.min(count, 4)]) socket.write(bytes);
      if (count >= 4) socket.end();
    }, port);
    await client.said(/does not speak ZeroMQ/);
    await client.said(/PUB socket.*REQ/);
    await client.said(/PLAIN/);
    await client.said(/1048576 are allowed/);
    await client.said(/closed the connection/);
    await broken.close();
    await startBridge(endpoint, (n) => message(n + 1));
    await client.received(3);
  }, 20_000);

  it('tells a silent bridge from an absent one', async () => {
    const { server } = await startBridge(await freshEndpoint(), (n) => (n < 1 ? message(1) : null));
    const client = startClient({ endpoint: server.endpoint, silenceMs: 100 });
    await client.said(/is connected but has sent nothing for 0.1 s/);
    expect(client.last()?.state).toBe('silent');
    expect(client.trains.length).toBe(1);
  });

  it.each([
    ['SUB', 'PUB'],
    ['PULL', 'PUSH'],
  ] as const)(
    '%s: a server that restarts is found again',
    async (socket, kind) => {
      const endpoint = await freshEndpoint();
      const client = startClient({ endpoint, socket });
      for (let life = 0; life < 2; life++) {
        const server: ServerSocket = await zmtpTransport.bind(endpoint, kind);
        open.push(server);
        const wanted = client.trains.length + 3;
        let trainId = 1 + 1000 * life;
        await until(
          () => {
            server.send(message(trainId++));
            return client.trains.length >= wanted;
          },
          'three trains',
          8000,
        );
        await server.close();
      }
    },
    20_000,
  );

  it('asks again for an answer that the server has lost, on the same connection', async () => {
    const bridge = await startForgetfulBridge();
    const { trains, received } = startClient({ endpoint: bridge.endpoint });
    for (const n of [0, 1, 2]) await bridge.answer(n);
    await until(() => bridge.requests() === 4, 'the request whose answer is lost');
    await until(() => bridge.requests() === 5, 'a second request', 4000);
    bridge.send(4);
    await until(() => bridge.requests() === 6, 'the next request, without the answer that was lost', 20_000);
    bridge.send(5);
    await received(5);
    expect(trains.map(({ trainId }) => trainId)).toEqual([0, 1, 2, 4, 5]);
    expect(bridge.connections()).toBe(1);
  }, 30_000);

  it('loses no train of a bridge that was only idle, and does not run ahead of it afterwards', async () => {
    const bridge = await startForgetfulBridge();
    const { trains, received } = startClient({ endpoint: bridge.endpoint });
    for (const n of [0, 1, 2]) await bridge.answer(n);
    await until(() => bridge.requests() === 5, 'a second request', 4000);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(bridge.requests()).toBe(5);
    bridge.send(3);
    await received(4);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(bridge.requests()).toBe(5);
    bridge.send(4);
    await received(5);
    await until(() => bridge.requests() === 6, 'the next request');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([bridge.requests(), trains.map(({ trainId }) => trainId)]).toEqual([6, [0, 1, 2, 3, 4]]);
  }, 15_000);

  it('gives memory back: of trains, of messages left out, of messages cut short', async () => {
    let lent = 0;
    const endpoint = await freshEndpoint();
    const large = message(1, 100_000);
    const { server } = await startBridge(endpoint, (n) => (n % 2 ? [...large, part('odd')] : large));
    const client = startClient({
      endpoint,
      allocate: (length) => {
        lent++;
        return { bytes: new Uint8Array(length), release: () => lent-- };
      },
    });
    await client.received(3);
    await server.close();
    await client.close();
    expect([lent, client.invalid.length > 0]).toEqual([0, true]);
  });

  it('ends quietly with its signal: before the start, while connecting, while waiting; and refuses an impossible endpoint', async () => {
    const endpoint = await freshEndpoint();
    const aborted = receiveTrains({ endpoint, transport: zmtpTransport, signal: AbortSignal.abort() });
    expect(await aborted.next()).toEqual({ done: true, value: undefined });
    const client = startClient({ endpoint });
    await client.said(/No bridge answers/);
    await client.close();
    const { server } = await startBridge(endpoint, () => null);
    const waiting = startClient({ endpoint });
    await until(() => server.peers === 1, 'the connection');
    await waiting.close();
    await until(() => server.peers === 0, 'its end');
    await expect(receiveTrains({ endpoint: 'tcp://x/1', transport: zmtpTransport }).next()).rejects.toThrow(
      /after a colon/,
    );
  });

  it('leaving the loop closes the connection', async () => {
    const { server } = await startBridge(await freshEndpoint(), (n) => message(n + 1));
    for await (const train of receiveTrains({ endpoint: server.endpoint, transport: zmtpTransport })) {
      expect(train.trainId).toBe(1);
      break;
    }
    await until(() => server.peers === 0, 'the end');
  });
});
