import { sleep } from '../core/cancel.ts';
import { isXfelError, type XfelError } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import type { Train } from '../core/train.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import { parseEndpoint } from './endpoint.ts';
import type { ClientSocket, ClientSocketKind, ReceivedMessage, SocketTransport } from './socket.ts';
import { trainOfMessage } from './train-message.ts';

/** Where a client stands; `text` says what is wrong and what is done about it. */
export interface BridgeStatus {
  readonly state: 'connecting' | 'receiving' | 'silent' | 'error';
  readonly text?: string;
}

/** How to receive. */
export interface BridgeClientOptions {
  /** `tcp://host:port` or `ipc://path`. */
  readonly endpoint: string;
  /** REQ asks for each train; SUB and PULL take what the server sends. */
  readonly socket?: ClientSocketKind;
  readonly transport: SocketTransport;
  /** Memory for large arrays; the train's `release` hands it back. */
  readonly allocate?: (byteLength: number) => Lease | undefined;
  /** A longer message ends the connection, with a word about it. */
  readonly maxMessageBytes?: number;
  readonly signal?: AbortSignal;
  readonly onStatus?: (status: BridgeStatus) => void;
  /** A message that cannot be read was left out; the next one may be good. */
  readonly onInvalid?: (error: XfelError) => void;
  /** Without a train for this long the state is `silent`, ms. */
  readonly silenceMs?: number;
}

const REQUEST = [new TextEncoder().encode('next')];
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;
/** Before asking again after an answer that cannot be read, ms: else two programs spin on an error reply. */
const INVALID_PAUSE_MS = 100;

/**
 * Receives trains from a Karabo bridge for ever: connects, reconnects after a failure (also when a server died with our
 * request), reports messages that cannot be read and goes on. Ends only with the signal (quietly) or by leaving the loop.
 * @throws EndpointInvalid before the first train
 * @example for await (const train of receiveTrains({ endpoint: 'tcp://localhost:4500', transport })) { ..; train.release?.() }
 */
export async function* receiveTrains(options: BridgeClientOptions): AsyncGenerator<Train> {
  const { endpoint, socket: kind = 'REQ', transport, signal, onStatus } = options;
  parseEndpoint(endpoint);
  let pause = FIRST_PAUSE_MS;
  while (!signal?.aborted) {
    let socket: ClientSocket | null = null;
    try {
      if (pause === FIRST_PAUSE_MS) onStatus?.({ state: 'connecting' });
      socket = await transport.connect(endpoint, kind, {
        signal,
        allocate: options.allocate,
        maxMessageBytes: options.maxMessageBytes,
      });
      onStatus?.({ state: 'connecting' });
      for (;;) {
        if (kind === 'REQ') socket.send(REQUEST);
        const message = await receiveOrSay(socket, options);
        const train = readTrain(message, options);
        if (!train) {
          if (kind === 'REQ') await sleep(INVALID_PAUSE_MS, signal);
          continue;
        }
        pause = FIRST_PAUSE_MS;
        onStatus?.({ state: 'receiving' });
        yield train;
      }
    } catch (error) {
      if (signal?.aborted) return;
      const isExpected = isXfelError(error, 'BridgeTimeout') || isXfelError(error, 'MessageInvalid');
      if (!isExpected) throw error;
      onStatus?.({
        state: isXfelError(error, 'MessageInvalid') ? 'error' : 'connecting',
        text: `${(error as Error).message} Trying again.`,
      });
    } finally {
      socket?.close();
    }
    await sleep(pause, signal).catch(() => undefined);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

async function receiveOrSay(
  socket: ClientSocket,
  { endpoint, onStatus, silenceMs = 5000 }: BridgeClientOptions,
): Promise<ReceivedMessage> {
  const timer = setTimeout(
    () =>
      onStatus?.({
        state: 'silent',
        text: `${endpoint} is connected but has sent nothing for ${silenceMs / 1000} s. Is its input running?`,
      }),
    silenceMs,
  );
  try {
    return await socket.receive();
  } finally {
    clearTimeout(timer);
  }
}

/** The train of a message, or null (and a word about it) if it cannot be read. */
function readTrain(message: ReceivedMessage, { onStatus, onInvalid }: BridgeClientOptions): Train | null {
  try {
    return trainOfMessage(decodeBridgeMessage(message.parts), Date.now(), message.release);
  } catch (error) {
    message.release();
    if (!isXfelError(error, 'MessageInvalid')) throw error;
    onStatus?.({ state: 'error', text: `A message was left out. ${error.message}` });
    onInvalid?.(error);
    return null;
  }
}
