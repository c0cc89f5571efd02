import { sleep } from '../core/cancel.ts';
import { BridgeTimeout, isXfelError, type XfelError } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import type { Train } from '../core/train.ts';
import { CLIENT_SOCKETS, checkChoice, checkTime, startTimer } from './bridge-settings.ts';
import { parsePeerEndpoint } from './endpoint.ts';
import { RecycledMemory } from './recycled-memory.ts';
import { RequestPace } from './request-pace.ts';
import type { ClientSocket, ClientSocketKind, ReceivedMessage, SocketTransport } from './socket.ts';
import { TrainReader } from './train-reader.ts';

/** Where a client stands; `text` says what is wrong and what is done about it. */
export interface BridgeStatus {
  readonly state: 'connecting' | 'receiving' | 'silent' | 'error';
  /** Whether there is a connection. */
  readonly isConnected: boolean;
  readonly text?: string;
}

/** How to receive. */
export interface BridgeClientOptions {
  /** `tcp://host:port` or `ipc://path`. */
  readonly endpoint: string;
  /** REQ asks for each train; SUB and PULL take what the server sends. */
  readonly socket?: ClientSocketKind;
  readonly transport: SocketTransport;
  /** Memory for large arrays; the train's `release` hands it back. Without it memory is recycled as trains are released. */
  readonly allocate?: (byteLength: number) => Lease | undefined;
  /** A longer message ends the connection, with a word about it. */
  readonly maxMessageBytes?: number;
  readonly signal?: AbortSignal;
  readonly onStatus?: (status: BridgeStatus) => void;
  /** A message that cannot be read was left out; the next one may be good. */
  readonly onInvalid?: (error: XfelError) => void;
  /** Without a train for this long the state is `silent`, ms. */
  readonly silenceMs?: number;
  /**
   * Without an answer for this long the connection is given up and the request sent again on a new one, ms; for ever without
   * it. A server that dies is noticed anyhow, and an overdue answer is asked for again anyhow; this is for a broker in
   * between that has lost the first request of a connection. A server that was only idle answers the old one, too: to nobody.
   */
  readonly resendMs?: number;
}

const REQUEST = [new TextEncoder().encode('next')];
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;
/** A connection is opened anew after this part of the pause and up to all of it: clients of one bridge do not storm it together. */
const SHORTEST_SHARE = 0.75;
/** Before asking again after an answer that cannot be read, ms: else two programs spin on an error reply. */
const INVALID_PAUSE_MS = 100;

/**
 * Receives trains from a Karabo bridge for ever: connects, reconnects after a failure (also when a server died with our
 * request), reports messages that cannot be read and goes on. Ends only with the signal (quietly) or by leaving the loop.
 * Nothing is read ahead but one message of the socket: what a slow reader misses, the server drops.
 * @throws EndpointInvalid, StateInvalid before the first train
 * @example for await (const train of receiveTrains({ endpoint: 'tcp://localhost:4500', transport })) { ..; train.release?.() }
 */
export function receiveTrains(options: BridgeClientOptions): AsyncGenerator<Train> {
  const memory = new RecycledMemory();
  const reader = new TrainReader(options.allocate ?? ((byteLength) => memory.lend(byteLength)), { mayWrite: true });
  return receiveWith({ ...options, allocate: reader.allocate }, (message) => reader.read(message));
}

/**
 * As {@link receiveTrains}, for who wants something else of a message: its parts as they are, or its size too.
 * @param read makes of a message what is handed out; when it throws MessageInvalid the message is left out and released
 * @throws EndpointInvalid, StateInvalid before the first message
 */
export async function* receiveWith<T>(
  options: BridgeClientOptions,
  read: (message: ReceivedMessage) => T,
): AsyncGenerator<T> {
  const { endpoint, socket: kind = 'REQ', transport, signal, onStatus } = options;
  parsePeerEndpoint(endpoint);
  checkChoice('socket', kind, CLIENT_SOCKETS);
  for (const field of ['silenceMs', 'resendMs'] as const) checkTime(field, options[field]);
  let pause = FIRST_PAUSE_MS;
  while (!signal?.aborted) {
    let socket: ClientSocket | null = null;
    try {
      if (pause === FIRST_PAUSE_MS) onStatus?.({ state: 'connecting', isConnected: false });
      socket = await transport.connect(endpoint, kind, {
        signal,
        allocate: options.allocate,
        maxMessageBytes: options.maxMessageBytes,
      });
      onStatus?.({ state: 'connecting', isConnected: true });
      const pace = new RequestPace();
      while (!pace.isDoubtful) {
        if (kind === 'REQ' && pace.mustAsk) {
          socket.send(REQUEST);
          pace.asked();
        }
        const result = readOrSay(await receiveOrSay(socket, pace, options), read, options);
        if (!result) {
          if (kind === 'REQ') await sleep(INVALID_PAUSE_MS, signal);
          continue;
        }
        pause = FIRST_PAUSE_MS;
        onStatus?.({ state: 'receiving', isConnected: true });
        yield result.value;
      }
    } catch (error) {
      if (signal?.aborted) return;
      const isExpected = isXfelError(error, 'BridgeTimeout') || isXfelError(error, 'MessageInvalid');
      if (!isExpected) throw error;
      onStatus?.({
        state: isXfelError(error, 'MessageInvalid') ? 'error' : 'connecting',
        isConnected: false,
        text: `${(error as Error).message} Trying again.`,
      });
    } finally {
      socket?.close();
    }
    const share = SHORTEST_SHARE + (1 - SHORTEST_SHARE) * Math.random();
    await sleep(share * pause, signal).catch(() => undefined);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

/** @throws BridgeTimeout after `resendMs`, and what the socket throws */
async function receiveOrSay(
  socket: ClientSocket,
  pace: RequestPace,
  { endpoint, socket: kind = 'REQ', onStatus, silenceMs = 5000, resendMs }: BridgeClientOptions,
): Promise<ReceivedMessage> {
  const silence = startTimer(silenceMs, () =>
    onStatus?.({
      state: 'silent',
      isConnected: true,
      text: `${endpoint} is connected but has sent nothing for ${silenceMs / 1000} s. Is its input running?`,
    }),
  );
  let resend: ReturnType<typeof setTimeout> | undefined;
  let isGivenUp = false;
  const patienceMs = kind === 'REQ' ? pace.patienceMs : undefined;
  const overdue =
    patienceMs === undefined
      ? undefined
      : setTimeout(() => {
          socket.send(REQUEST);
          pace.askedAgain();
        }, patienceMs);
  const started = performance.now();
  const givenUp = new Promise<never>((_, reject) => {
    if (resendMs === undefined || kind !== 'REQ') return;
    resend = startTimer(resendMs, () => {
      isGivenUp = true;
      const text = `${endpoint} has not answered the request in ${resendMs} ms; it is sent again.`;
      reject(new BridgeTimeout(text, { endpoint, timeoutMs: resendMs }));
    });
  });
  try {
    const message = socket.receive();
    // Given up, the socket is closed, and what it still says is nobody's business.
    message.then(({ release }) => isGivenUp && release()).catch(() => undefined);
    const received = await Promise.race([message, givenUp]);
    if (kind === 'REQ') pace.answered(performance.now() - started);
    return received;
  } finally {
    clearTimeout(silence);
    clearTimeout(overdue);
    clearTimeout(resend);
  }
}

/** What `read` makes of a message, or null (and a word about it) if it cannot be read. */
function readOrSay<T>(
  message: ReceivedMessage,
  read: (message: ReceivedMessage) => T,
  { onStatus, onInvalid }: BridgeClientOptions,
): { readonly value: T } | null {
  try {
    return { value: read(message) };
  } catch (error) {
    message.release();
    if (!isXfelError(error, 'MessageInvalid')) throw error;
    onStatus?.({ state: 'error', isConnected: true, text: `A message was left out. ${error.message}` });
    onInvalid?.(error);
    return null;
  }
}
