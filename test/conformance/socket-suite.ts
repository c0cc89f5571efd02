import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientSocket, ServerSocket, SocketTransport } from '../../src/bridge/socket.ts';
import type { XfelErrorTag } from '../../src/core/errors.ts';

/** An adapter of the socket port, and where its sockets may meet. */
export interface SocketAdapter {
  readonly transport: SocketTransport;
  /** An endpoint that nobody uses. */
  freshEndpoint(): Promise<string>;
  /** What this adapter cannot do, with the reason. */
  readonly cannot?: Partial<Readonly<Record<SocketAbility, string>>>;
}

/** What a test asks of an adapter beyond delivering messages. */
export type SocketAbility =
  /** PUB tells how many subscribers got a message, and not only how many there are. */
  | 'count missed'
  /** The error names the peer's socket type. */
  | 'name peer type'
  /** The error says that one part was above the limit. */
  | 'say part limit'
  /** A message that nobody has asked for yet lies in lent memory already. */
  | 'read ahead into lent memory';

const LARGE = 20 * 2 ** 20;

/** Text as one part. */
export const part = (text: string) => new TextEncoder().encode(text);
/** The parts as text. */
export const textOf = (parts: readonly Uint8Array[]) => parts.map((bytes) => new TextDecoder().decode(bytes));

/** Asks until the answer is yes. */
export async function until(isTrue: () => boolean, what: string, milliseconds = 5000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`${what} did not happen within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A large part that differs at every place a wrong copy would show. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >> 2);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 0x9e3779b1) ^ seed;
  return bytes;
}

const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** What every adapter of the socket port must do. */
export function testSocketTransport(name: string, { transport, freshEndpoint, cannot = {} }: SocketAdapter): void {
  /** The title of a test, with what is left out of it for this adapter. */
  const titled = (title: string, ability: SocketAbility) =>
    cannot[ability] ? `${title} [without "${ability}": ${cannot[ability]}]` : title;
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  const bind = async (...args: Parameters<SocketTransport['bind']>): Promise<ServerSocket> => {
    const socket = await transport.bind(...args);
    open.push(socket);
    return socket;
  };
  const connect = async (...args: Parameters<SocketTransport['connect']>): Promise<ClientSocket> => {
    const socket = await transport.connect(...args);
    open.push(socket);
    return socket;
  };
  const ready = (server: ServerSocket, count: number) => until(() => server.peers === count, `${count} ready peers`);
  const fails = (tag: XfelErrorTag, text: RegExp) =>
    expect.objectContaining({ tag, message: expect.stringMatching(text) });

  describe(`socket port: ${name}`, () => {
    it('REQ and REP: many parts, empty ones too, in both directions', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const asked: string[][] = [];
      const answers = [['a'], ['', 'b', '', ''], [''], ['x'.repeat(255), 'y'.repeat(256), 'z'.repeat(70_000)]];
      server.onRequest((request, reply) => {
        asked.push(textOf(request));
        reply(answers[asked.length - 1].map(part));
      });
      const client = await connect(server.endpoint, 'REQ');
      for (const [i, answer] of answers.entries()) {
        client.send([part(`next ${i}`), part(''), part('please')]);
        expect(textOf((await client.receive()).parts)).toEqual(answer);
      }
      expect(asked).toEqual(answers.map((_, i) => [`next ${i}`, '', 'please']));
    });

    it('thousands of small parts keep their order', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const parts = Array.from({ length: 5000 }, (_, i) => part(String(i)));
      server.onRequest((_, reply) => reply(parts));
      const client = await connect(server.endpoint, 'REQ');
      client.send([part('next')]);
      expect(textOf((await client.receive()).parts)).toEqual(textOf(parts));
    });

    it('large parts land in the memory that is lent for them, and it is handed back once', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const [first, second] = [pattern(LARGE, 1), pattern(LARGE + 3, 2)];
      server.onRequest((_, reply) => reply([part('head'), first, part(''), second, part('tail')]));
      const memory = new Uint8Array(new SharedArrayBuffer(2 * LARGE + 64));
      const released: number[] = [];
      let used = 0;
      const client = await connect(server.endpoint, 'REQ', {
        allocate: (length) => {
          const at = used;
          used += length;
          return { bytes: memory.subarray(at, at + length), release: () => released.push(at) };
        },
      });
      client.send([part('next')]);
      const message = await client.receive();
      expect(message.parts.map((bytes) => bytes.length)).toEqual([4, LARGE, 0, LARGE + 3, 4]);
      expect(message.parts.map((bytes) => bytes.buffer === memory.buffer)).toEqual([false, true, false, true, false]);
      expect([isSame(message.parts[1], first), isSame(message.parts[3], second)]).toEqual([true, true]);
      expect(released).toEqual([]);
      message.release();
      expect(released).toEqual([0, LARGE]);
    });

    it.each(['REP', 'PUB', 'PUSH'] as const)('%s: a part in pieces comes out as one', async (kind) => {
      const server = await bind(await freshEndpoint(), kind);
      const [one, two] = [pattern(LARGE, 4), pattern(70_001, 5)];
      const parts = [
        part('head'),
        [part('a'), one, part(''), two, part('b')],
        [],
        [part('c'), part('d')],
        part('tail'),
      ];
      const whole = Buffer.concat([part('a'), one, two, part('b')]);
      server.onRequest((_, reply) => reply(parts));
      const client = await connect(server.endpoint, kind === 'REP' ? 'REQ' : kind === 'PUB' ? 'SUB' : 'PULL');
      await ready(server, 1);
      for (let round = 0; round < 2; round++) {
        if (kind === 'REP') client.send([part('next')]);
        else await until(() => server.send(parts) === 1, 'a subscription');
        const got = await client.receive();
        expect(got.parts.map(({ length }) => length)).toEqual([4, whole.length, 0, 2, 4]);
        expect(isSame(got.parts[1], whole)).toBe(true);
        expect(textOf([got.parts[0], got.parts[3], got.parts[4]])).toEqual(['head', 'cd', 'tail']);
        got.release();
      }
    });

    it('takes memory of its own when none is lent', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const large = pattern(LARGE, 3);
      server.onRequest((_, reply) => reply([large]));
      const client = await connect(server.endpoint, 'REQ', { allocate: () => undefined });
      client.send([part('next')]);
      const message = await client.receive();
      expect(isSame(message.parts[0], large)).toBe(true);
      message.release();
    });

    it('several clients get their own answers, also when they come late and in another order', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const waiting: (() => void)[] = [];
      server.onRequest((request, reply) => waiting.push(() => reply([part('for'), ...request])));
      const clients = await Promise.all([0, 1, 2].map(() => connect(server.endpoint, 'REQ')));
      for (let round = 0; round < 10; round++) {
        for (const [i, client] of clients.entries()) client.send([part(`${i} ${round}`)]);
        await until(() => waiting.length === 3, 'three requests');
        for (const answer of waiting.splice(0).reverse()) answer();
        const answers = await Promise.all(clients.map(async (client) => textOf((await client.receive()).parts)));
        expect(answers).toEqual([0, 1, 2].map((i) => ['for', `${i} ${round}`]));
      }
    });

    it('a second request may be sent before the first is answered: both answers come, and then one at a time again', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const replies: ((parts: Uint8Array[]) => void)[] = [];
      server.onRequest((_, reply) => replies.push(reply));
      const client = await connect(server.endpoint, 'REQ');
      const first = client.receive();
      client.send([part('next')]);
      await until(() => replies.length === 1, 'a request');
      client.send([part('next')]);
      // libzmq's REP takes a request when the one before is answered.
      await new Promise((resolve) => setTimeout(resolve, 20));
      replies[0]([part('one')]);
      expect(textOf((await first).parts)).toEqual(['one']);
      await until(() => replies.length === 2, 'a second request');
      replies[1]([part('two')]);
      expect(textOf((await client.receive()).parts)).toEqual(['two']);
      client.send([part('next')]);
      await until(() => replies.length === 3, 'a third request');
      replies[2]([part('three')]);
      expect(textOf((await client.receive()).parts)).toEqual(['three']);
    });

    it('a request that comes before anybody listens is not lost', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const client = await connect(server.endpoint, 'REQ');
      client.send([part('early')]);
      await ready(server, 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      server.onRequest((request, reply) => reply(request));
      expect(textOf((await client.receive()).parts)).toEqual(['early']);
    });

    it('an answer is given once, and one for a client that has gone does no harm', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const replies: ((parts: Uint8Array[]) => void)[] = [];
      server.onRequest((_, reply) => replies.push(reply));
      const gone = await connect(server.endpoint, 'REQ');
      gone.send([part('next')]);
      await until(() => replies.length === 1, 'a request');
      gone.close();
      await ready(server, 0);
      const client = await connect(server.endpoint, 'REQ');
      client.send([part('next')]);
      await until(() => replies.length === 2, 'a second request');
      replies[0]([part('nobody')]);
      replies[1]([part('one')]);
      replies[1]([part('two')]);
      expect(textOf((await client.receive()).parts)).toEqual(['one']);
      client.send([part('next')]);
      await until(() => replies.length === 3, 'a third request');
      replies[2]([part('three')]);
      expect(textOf((await client.receive()).parts)).toEqual(['three']);
    });

    it('PUB reaches every subscriber in order, and those who come later get what comes later', async () => {
      const server = await bind(await freshEndpoint(), 'PUB');
      expect(server.send([part('nobody hears')])).toBe(0);
      const clients = await Promise.all([0, 1].map(() => connect(server.endpoint, 'SUB')));
      /** The number wanted; before it only what was repeated because somebody had missed it. */
      const next = async (client: ClientSocket, wanted: number): Promise<void> => {
        for (let number = -1; number !== wanted; ) {
          const texts = textOf((await client.receive()).parts);
          number = Number(texts[0]);
          expect([texts.length, number >= wanted - 1, number <= wanted]).toEqual([2, true, true]);
        }
      };
      const publish = async (number: number, to: readonly ClientSocket[]) => {
        let isWithAll = false;
        const received = Promise.all(to.map((client) => next(client, number))).then(() => {
          isWithAll = true;
        });
        while (!isWithAll) {
          const count = server.send([part(String(number)), part('')]);
          if (count === to.length && !cannot['count missed']) break;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await received;
      };
      for (let i = 0; i < 20; i++) await publish(i, clients);
      const late = await connect(server.endpoint, 'SUB');
      await publish(20, [...clients, late]);
    });

    it('PUSH gives each message to one of its clients', async () => {
      const server = await bind(await freshEndpoint(), 'PUSH');
      expect(server.send([part('nobody takes it')])).toBe(0);
      const clients = await Promise.all([0, 1, 2].map(() => connect(server.endpoint, 'PULL')));
      await ready(server, 3);
      const got: string[][] = [[], [], []];
      const reading = clients.map(async (client, i) => {
        for (let n = 0; n < 10; n++) got[i].push(...textOf((await client.receive()).parts));
      });
      for (let i = 0; i < 30; i++) await until(() => server.send([part(String(i))]) === 1, `message ${i}`);
      await Promise.all(reading);
      expect(
        got
          .flat()
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(Array.from({ length: 30 }, (_, i) => i));
    });

    it.each(['PUB', 'PUSH'] as const)(
      titled(
        '%s never waits for a client that does not read: it misses whole messages, counted, and memory is bounded',
        'count missed',
      ),
      async (kind) => {
        const isCounted = kind === 'PUSH' || !cannot['count missed'];
        const server = await bind(await freshEndpoint(), kind);
        const stuck = await connect(server.endpoint, kind === 'PUB' ? 'SUB' : 'PULL');
        await ready(server, 1);
        const payload = pattern(2 ** 20, 7);
        let taken = 0;
        let missed = 0;
        const sent: number[] = [];
        for (let i = 0; i < 200; i++) {
          if (server.send([part(String(i)), payload]) === 1) sent.push(i);
          else missed++;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        taken = sent.length;
        // what the system's own buffers hold, and not more
        if (isCounted) expect(taken).toBeLessThan(40);
        expect(missed).toBe(200 - taken);
        const quick = await connect(server.endpoint, kind === 'PUB' ? 'SUB' : 'PULL');
        await ready(server, 2);
        const receivers = isCounted ? 1 : 2;
        await until(() => server.send([part('for the quick one'), payload]) >= receivers, 'a message to the quick one');
        expect(textOf((await quick.receive()).parts)[0]).toBe('for the quick one');
        if (isCounted) {
          for (const i of sent) {
            const message = await stuck.receive();
            expect([textOf([message.parts[0]])[0], isSame(message.parts[1], payload)]).toEqual([String(i), true]);
          }
          return;
        }
        // The stuck one has missed some, and each that it got is whole.
        const got: number[] = [];
        for (let text = ''; text !== 'for the quick one'; ) {
          const waiting = stuck.receive();
          const message = await Promise.race([waiting, new Promise<null>((resolve) => setTimeout(resolve, 300, null))]);
          if (!message) break;
          text = textOf([message.parts[0]])[0];
          expect(isSame(message.parts[1], payload)).toBe(true);
          got.push(Number(text));
        }
        expect(got.length).toBeLessThan(40);
        expect(got.every((number, i) => i === 0 || !(number <= got[i - 1]))).toBe(true);
      },
    );

    it('a client that asks and never reads does not hold up the others, and its answers do not pile up', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const payload = pattern(2 ** 20, 7);
      server.onRequest((_, reply) => reply([payload]));
      const stuck = await connect(server.endpoint, 'REQ');
      for (let i = 0; i < 100; i++) stuck.send([part('next')]);
      const client = await connect(server.endpoint, 'REQ');
      for (let i = 0; i < 20; i++) {
        client.send([part('next')]);
        expect((await client.receive()).parts[0].length).toBe(payload.length);
      }
    });

    it('a signal ends connecting and waiting with its reason, and the connection with it', async () => {
      const reason = new Error('the user left');
      const server = await bind(await freshEndpoint(), 'REP');
      await expect(transport.connect(server.endpoint, 'REQ', { signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      );
      const controller = new AbortController();
      const client = await connect(server.endpoint, 'REQ', { signal: controller.signal });
      await ready(server, 1);
      const waiting = client.receive();
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await expect(client.receive()).rejects.toBe(reason);
      await ready(server, 0);
    });

    const handedBack = 'after an abort or a close no message is handed out, and its memory is handed back';
    it(titled(handedBack, 'read ahead into lent memory'), async () => {
      const server = await bind(await freshEndpoint(), 'PUSH');
      for (const end of ['abort', 'close']) {
        const controller = new AbortController();
        let lent = 0;
        const client = await connect(server.endpoint, 'PULL', {
          signal: controller.signal,
          allocate: (length) => {
            lent++;
            return { bytes: new Uint8Array(length), release: () => lent-- };
          },
        });
        await ready(server, 1);
        const payload = pattern(2 ** 20, 7);
        for (let i = 0; i < 30; i++) {
          server.send([payload, payload]);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        if (!cannot['read ahead into lent memory']) expect(lent).toBeGreaterThan(0);
        if (end === 'abort') controller.abort();
        else client.close();
        expect(lent).toBe(0);
        await expect(client.receive()).rejects.toThrow();
        await ready(server, 0);
      }
    });

    it('closing a client while it waits ends the wait', async () => {
      const server = await bind(await freshEndpoint(), 'REP');
      const client = await connect(server.endpoint, 'REQ');
      const waiting = client.receive();
      client.close();
      client.close();
      await expect(waiting).rejects.toEqual(fails('BridgeTimeout', /closed/));
    });

    it('a server that goes away ends the wait; another one at the same place is found', async () => {
      const endpoint = await freshEndpoint();
      const server = await transport.bind(endpoint, 'REP');
      const client = await connect(endpoint, 'REQ');
      client.send([part('next')]);
      const waiting = client.receive();
      await new Promise((resolve) => server.onRequest(resolve));
      await server.close();
      await expect(waiting).rejects.toEqual(fails('BridgeTimeout', /closed/));
      await expect(transport.connect(endpoint, 'REQ')).rejects.toEqual(fails('BridgeTimeout', /No bridge answers/));
      const again = await bind(endpoint, 'REP');
      again.onRequest((_, reply) => reply([part('back')]));
      const anew = await connect(endpoint, 'REQ');
      anew.send([part('next')]);
      expect(textOf((await anew.receive()).parts)).toEqual(['back']);
    });

    it('says that there is no folder for its socket, and listens at an interface by its name', async () => {
      await expect(transport.bind('ipc:///no/such/folder/bridge', 'REP')).rejects.toEqual(
        fails('EndpointInvalid', /Cannot listen on .*no.*(folder|directory)/i),
      );
      const [loopback] =
        Object.entries(networkInterfaces()).find(([, each]) => each?.some(({ internal }) => internal)) ?? [];
      const server = await bind(`tcp://${loopback}:0`, 'REP');
      expect(server.endpoint).toMatch(/^tcp:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
      server.onRequest((request, reply) => reply(request));
      const client = await connect(server.endpoint, 'REQ');
      client.send([part('here?')]);
      expect(textOf((await client.receive()).parts)).toEqual(['here?']);
    });

    it('says what is wrong with an endpoint, and that one is taken', async () => {
      for (const bad of ['nonsense', 'tcp://host/4510', 'tcp://host:99999', 'http://host:80', 'ipc://']) {
        await expect(transport.connect(bad, 'REQ')).rejects.toEqual(fails('EndpointInvalid', /tcp:\/\/host:port/));
        await expect(async () => transport.bind(bad, 'REP')).rejects.toEqual(
          fails('EndpointInvalid', /is no endpoint/),
        );
      }
      for (const bad of ['tcp://*:4545', 'tcp://localhost:0'])
        await expect(transport.connect(bad, 'REQ')).rejects.toEqual(fails('EndpointInvalid', /a client needs/));
      const server = await bind(await freshEndpoint(), 'REP');
      await expect(transport.bind(server.endpoint, 'PUB')).rejects.toEqual(
        fails('PortInUse', /is used by another program/),
      );
    });

    it.each([
      ['REQ', 'PUB'],
      ['SUB', 'REP'],
      ['PULL', 'PUB'],
      ['REQ', 'PUSH'],
    ] as const)(titled('%s does not go with %s, and the message says so', 'name peer type'), async (client, kind) => {
      const server = await bind(await freshEndpoint(), kind);
      const words = cannot['name peer type'] ? '.*socket type' : `.* ${kind} socket.* ${client}`;
      await expect(transport.connect(server.endpoint, client)).rejects.toEqual(
        fails('MessageInvalid', new RegExp(`${server.endpoint.replaceAll('*', '.')}${words}`)),
      );
    });

    it(titled('a message above the limit ends the connection with a word about it', 'say part limit'), async () => {
      const server = await bind(await freshEndpoint(), 'PUSH');
      for (const parts of [[new Uint8Array(1001)], Array.from({ length: 101 }, () => new Uint8Array(10))]) {
        const client = await connect(server.endpoint, 'PULL', { maxMessageBytes: 1000 });
        await ready(server, 1);
        await until(() => server.send(parts) === 1, 'a message');
        const isVague = parts.length === 1 && cannot['say part limit'];
        await expect(client.receive()).rejects.toEqual(
          isVague ? fails('BridgeTimeout', /above 1000 bytes/) : fails('MessageInvalid', /1000 are allowed/),
        );
        await ready(server, 0);
      }
    });

    it('what was sent before a server ends reaches a client that reads later, when the server wants it so', async () => {
      const server = await transport.bind(await freshEndpoint(), 'PUSH');
      const client = await connect(server.endpoint, 'PULL');
      await ready(server, 1);
      const payload = pattern(8 * 2 ** 20, 9);
      server.send([part('last'), payload]);
      const closed = server.close({ flush: true });
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { parts } = await client.receive();
      expect([textOf([parts[0]])[0], isSame(parts[1], payload)]).toEqual(['last', true]);
      await closed;
      await expect(client.receive()).rejects.toEqual(fails('BridgeTimeout', /closed/));
    });
  });
}
