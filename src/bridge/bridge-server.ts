import { sleep } from '../core/cancel.ts';
import { BridgeTimeout, NoData } from '../core/errors.ts';
import type { Train } from '../core/train.ts';
import { BRIDGE_PROTOCOLS, type BridgeProtocol } from '../formats/bridge-source.ts';
import { checkChoice, checkTime, SERVER_SOCKETS, startTimer } from './bridge-settings.ts';
import type { OutgoingPart } from './outgoing-part.ts';
import { RequestQueue } from './request-queue.ts';
import type { ServerSocketKind, SocketTransport } from './socket.ts';
import { stampTrain } from './stamp-train.ts';
import { encodeOutgoing } from './train-message.ts';

/** How to serve trains that a program makes. */
export interface OpenBridgeServerOptions {
  /** `tcp://host:port`, `tcp://*:port`, port 0 for a free one, `ipc://path`. */
  readonly endpoint: string;
  readonly transport: SocketTransport;
  /** REP answers who asks (default), PUB sends to all who listen, PUSH to one after the other. */
  readonly socket?: ServerSocketKind;
  /** 2.2 unless it says otherwise. */
  readonly protocol?: BridgeProtocol;
  /** Sources without a time stamp get the time of sending. */
  readonly isStamped?: boolean;
}

/** How one train is sent. */
export interface SendTrainOptions {
  readonly signal?: AbortSignal;
  /** How long to wait for somebody who takes it, ms; for ever without it. */
  readonly timeoutMs?: number;
}

/** A Karabo bridge of one's own. With `await using`, clients have two seconds at its end to read what was sent. */
export interface BridgeServer extends AsyncDisposable {
  /** The address with the real port. */
  readonly endpoint: string;
  /** Clients that are connected. */
  readonly peers: number;
  /**
   * Sends one train; a second call waits for the first. REP: waits until somebody asks, then gives it to all who wait. PUSH:
   * waits for one client that is ready. PUB: at once, to all that are ready; who is slow misses it. The train's arrays are not
   * copied, and a slow client may read them long after this: do not write to them any more.
   * @returns how many clients got it; 0 for a PUB that nobody listens to
   * @throws NoData for a train without sources, BridgeTimeout if nobody took it, the signal's reason; the train is then not sent
   */
  send(train: Train, options?: SendTrainOptions): Promise<number>;
  /** @param options.flush let what was sent reach its clients first */
  close(options?: { readonly flush?: boolean }): Promise<void>;
}

/** How long to wait before a client that is ready is looked for again, ms. */
const LOOK_AGAIN_MS = 2;
/** How long clients may go on reading what was sent when the scope of a server is left, ms. */
const FLUSH_MS = 2000;

/**
 * Opens a Karabo bridge. A client that is slow, dead or asks nonsense never holds up the others.
 * @throws EndpointInvalid, PortInUse, StateInvalid for settings that make no sense
 * @example
 * await using server = await openBridgeServer({ endpoint: 'tcp://*:4545', transport });
 * for (const train of trains) await server.send(train);
 */
export async function openBridgeServer(options: OpenBridgeServerOptions): Promise<BridgeServer> {
  const { socket: kind = 'REP', protocol = '2.2', isStamped = false } = options;
  checkChoice('socket', kind, SERVER_SOCKETS);
  checkChoice('protocol', protocol, BRIDGE_PROTOCOLS);
  const socket = await options.transport.bind(options.endpoint, kind);
  const requests = kind === 'REP' ? new RequestQueue(socket) : null;
  const closed = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let wake = () => {};
  requests?.onAsked(() => wake());

  const hand = (parts: readonly OutgoingPart[]) => requests?.answerAll(parts) ?? socket.send(parts);
  const untilAsked = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      wake = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
    });
  const deliver = async (train: Train, signal: AbortSignal): Promise<number> => {
    signal.throwIfAborted();
    const parts = encodeOutgoing(isStamped ? stampTrain(train, Date.now()) : train, { protocol });
    if (train.sources.size === 0 || parts.length === 0)
      throw new NoData(`Train ${train.trainId} has no source: there is nothing to send.`, { trainId: train.trainId });
    for (;;) {
      const count = hand(parts);
      if (count > 0 || kind === 'PUB') return count;
      if (requests) await untilAsked(signal);
      else await sleep(LOOK_AGAIN_MS, signal);
    }
  };
  const close = async (how?: { readonly flush?: boolean }) => {
    closed.abort(new BridgeTimeout(`The bridge ${socket.endpoint} was closed.`, { endpoint: socket.endpoint }));
    await last;
    await socket.close(how);
  };

  return {
    endpoint: socket.endpoint,
    get peers() {
      return socket.peers;
    },
    async send(train, { signal, timeoutMs } = {}) {
      checkTime('timeoutMs', timeoutMs);
      const late = new AbortController();
      const ends = AbortSignal.any([closed.signal, late.signal, ...(signal ? [signal] : [])]);
      const timer = startTimer(timeoutMs, () => {
        const text = `Nobody took train ${train.trainId} from ${socket.endpoint} in ${timeoutMs} ms (${socket.peers} connected).`;
        late.abort(new BridgeTimeout(text, { endpoint: socket.endpoint, timeoutMs }));
      });
      const sending = last.then(() => deliver(train, ends)).finally(() => clearTimeout(timer));
      last = sending.catch(() => undefined);
      return sending;
    },
    close,
    async [Symbol.asyncDispose]() {
      const flushed = close({ flush: true });
      const late = new AbortController();
      await Promise.race([flushed, sleep(FLUSH_MS, late.signal).catch(() => undefined)]);
      late.abort();
      await socket.close();
      await flushed;
    },
  };
}
