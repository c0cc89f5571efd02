import { BridgeTimeout, StateInvalid } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import { CLIENT_SOCKETS, checkChoice, checkTime, startTimer } from './bridge-settings.ts';
import { parsePeerEndpoint } from './endpoint.ts';
import { type BridgeTrain, EndpointReceiver, type EndpointState } from './endpoint-receiver.ts';
import { RecycledMemory } from './recycled-memory.ts';
import type { ClientSocketKind, SocketTransport } from './socket.ts';

/**
 * What becomes of trains that come faster than they are read, for each endpoint on its own: `latest` keeps the newest;
 * a queue keeps the newest so many; what is pushed out is released and counted. `wait` stops reading that endpoint, so that
 * its server keeps the trains or drops them.
 */
export type QueuePolicy = 'latest' | 'wait' | { readonly queue: number };

/** One bridge to listen to. */
export interface BridgeAddress {
  /** `tcp://host:port` or `ipc://path`. */
  readonly endpoint: string;
  /** REQ asks for each train (default); SUB and PULL take what the server sends. */
  readonly socket?: ClientSocketKind;
}

/** How to listen to one bridge or several. */
export interface OpenBridgeOptions {
  /** More can be added later. */
  readonly endpoints: readonly (string | BridgeAddress)[];
  readonly transport: SocketTransport;
  /** Default `wait`. */
  readonly policy?: QueuePolicy;
  /** How long a reader waits for a train, from any endpoint, ms; for ever without it. */
  readonly timeoutMs?: number;
  /** Memory for large arrays; the train's `release` hands it back. Without it memory is recycled as trains are released. */
  readonly allocate?: (byteLength: number) => Lease | undefined;
  /** A longer message ends its connection, with a word about it. */
  readonly maxMessageBytes?: number;
  /** Without a train for this long an endpoint is `silent`, ms. */
  readonly silenceMs?: number;
  /** Without an answer for this long a request is sent again on a new connection, ms. */
  readonly resendMs?: number;
  /** Ends everything: iteration ends quietly, a waiting `next` rejects with the reason. */
  readonly signal?: AbortSignal;
}

/** Trains of several bridges as one stream, in the order of their coming. Each endpoint reconnects by itself. */
export interface BridgeClient extends AsyncIterable<BridgeTrain>, AsyncDisposable {
  /**
   * The next train of any endpoint. One reader at a time.
   * @throws BridgeTimeout after `timeoutMs` with what is wrong at each endpoint, the signal's reason, or when closed; the
   * client goes on, ask again
   */
  next(): Promise<BridgeTrain>;
  /** Listens to one more; an endpoint that is there already stays as it is. @throws EndpointInvalid, StateInvalid */
  add(address: string | BridgeAddress): void;
  /** Listens no more; trains of it that wait are let go. @returns whether it was there */
  remove(endpoint: string): boolean;
  /** What there is to say of each endpoint, in the order in which they were added. A snapshot. */
  states(): readonly EndpointState[];
  /** Ends all connections and lets waiting trains go; resolves when that is done. */
  close(): Promise<void>;
}

/**
 * Listens to any number of bridges.
 * @throws EndpointInvalid if one of the endpoints is none, StateInvalid for settings that make no sense
 * @example
 * await using client = openBridgeClient({ endpoints: ['tcp://a:4500', 'tcp://b:4500'], transport, policy: 'latest' });
 * for await (const train of client) { ..; train.release(); }
 */
export function openBridgeClient(options: OpenBridgeOptions): BridgeClient {
  const { policy = 'wait', signal, timeoutMs } = options;
  for (const field of ['timeoutMs', 'silenceMs', 'resendMs'] as const) checkTime(field, options[field]);
  if (typeof policy !== 'object') checkChoice('policy', policy, ['wait', 'latest', '{ queue: n }']);
  else if (!(Number.isInteger(policy.queue) && policy.queue >= 1))
    throw new StateInvalid(`A queue of ${policy.queue} trains is none: give a whole number from 1 on.`, {
      field: 'policy',
    });
  const memory = new RecycledMemory();
  const allocate = options.allocate ?? ((byteLength: number) => memory.lend(byteLength));
  const receivers = new Map<string, EndpointReceiver>();
  const endings = new Set<Promise<void>>();
  /** In the order of arrival. */
  let waiting: { readonly receiver: EndpointReceiver; readonly train: BridgeTrain }[] = [];
  let reader: { resolve(train: BridgeTrain): void; reject(error: unknown): void } | null = null;
  /** Why it ended, and whether somebody wanted it so. */
  let ended: { readonly error: unknown; readonly isWanted: boolean } | null = null;
  const longest = policy === 'latest' || policy === 'wait' ? 1 : policy.queue;

  const letGo = (receiver: EndpointReceiver) => {
    for (const each of waiting) if (each.receiver === receiver) each.train.release();
    waiting = waiting.filter((each) => each.receiver !== receiver);
  };
  /** @returns resolved once the endpoint may read on */
  const offer = (receiver: EndpointReceiver, train: BridgeTrain): Promise<void> => {
    if (reader) {
      reader.resolve(train);
      reader = null;
      return Promise.resolve();
    }
    const own = waiting.filter((each) => each.receiver === receiver);
    if (policy !== 'wait' && own.length >= longest) {
      own[0].train.release();
      waiting.splice(waiting.indexOf(own[0]), 1);
      receiver.countDropped();
    }
    waiting.push({ receiver, train });
    return policy === 'wait' ? receiver.untilTaken() : Promise.resolve();
  };
  const end = (error: unknown, isWanted: boolean) => {
    if (ended) return;
    ended = { error, isWanted };
    signal?.removeEventListener('abort', onAbort);
    for (const receiver of receivers.values()) receiver.stop();
    for (const { train } of waiting) train.release();
    waiting = [];
    reader?.reject(error);
    reader = null;
  };
  const onAbort = () => end(signal?.reason, true);

  const add = (address: string | BridgeAddress) => {
    const { endpoint, socket = 'REQ' } = typeof address === 'string' ? { endpoint: address } : address;
    parsePeerEndpoint(endpoint);
    checkChoice('socket', socket, CLIENT_SOCKETS);
    if (receivers.has(endpoint) || ended) return;
    const receiver = new EndpointReceiver({ ...options, allocate, endpoint, socket }, offer);
    receivers.set(endpoint, receiver);
    // What no one expects (a fault of ours) is told to the reader: it must not vanish.
    const ending = receiver.run().catch((error: unknown) => end(error, false));
    endings.add(ending);
    void ending.finally(() => endings.delete(ending));
  };
  const remove = (endpoint: string) => {
    const receiver = receivers.get(endpoint);
    if (!receiver) return false;
    receivers.delete(endpoint);
    receiver.stop();
    letGo(receiver);
    return true;
  };
  const next = (): Promise<BridgeTrain> => {
    const first = waiting.shift();
    if (first) {
      first.receiver.taken();
      return Promise.resolve(first.train);
    }
    if (ended) return Promise.reject(ended.error);
    if (reader) return Promise.reject(new Error('This bridge client is read by somebody else already.'));
    return new Promise((resolve, reject) => {
      const timer = startTimer(timeoutMs, () => {
        reader = null;
        reject(timedOut(timeoutMs ?? 0, [...receivers.values()]));
      });
      reader = {
        resolve(train) {
          clearTimeout(timer);
          resolve(train);
        },
        reject(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
    });
  };
  const close = async () => {
    end(new BridgeTimeout('The bridge client was closed.', { endpoint: [...receivers.keys()].join(', ') }), true);
    await Promise.all(endings);
  };

  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  for (const address of options.endpoints) {
    parsePeerEndpoint(typeof address === 'string' ? address : address.endpoint);
    if (typeof address === 'object') checkChoice('socket', address.socket ?? 'REQ', CLIENT_SOCKETS);
  }
  for (const address of options.endpoints) add(address);

  return {
    next,
    add,
    remove,
    states: () => [...receivers.values()].map((receiver) => receiver.state(Date.now())),
    close,
    [Symbol.asyncDispose]: close,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) yield await next();
      } catch (error) {
        if (!ended?.isWanted) throw error;
      } finally {
        await close();
      }
    },
  };
}

function timedOut(timeoutMs: number, receivers: readonly EndpointReceiver[]): BridgeTimeout {
  const endpoints = receivers.map(({ endpoint }) => endpoint);
  const reasons = receivers.flatMap((receiver) => {
    const { endpoint, text, connectedSince } = receiver.state(Date.now());
    if (text !== null) return text;
    return connectedSince === null ? [] : `${endpoint} is connected but has sent nothing. Is its input running?`;
  });
  return new BridgeTimeout(
    `No train from ${endpoints.join(', ') || 'any endpoint: there is none'} in the last ${timeoutMs} ms. ${reasons.join(' ')}`.trim(),
    { endpoint: endpoints.join(', '), timeoutMs },
  );
}
