import { type BridgeStatus, receiveWith } from '../../../bridge/client.ts';
import { parsePeerEndpoint } from '../../../bridge/endpoint.ts';
import type { RecordableMessage } from '../../../bridge/recorded-message.ts';
import type { ClientSocketKind, SocketTransport } from '../../../bridge/socket.ts';
import { Usage } from '../../../core/errors.ts';
import { SlotPool } from '../../../live/slot-pool.ts';
import { zmtpTransport } from '../zmtp/zmtp-transport.ts';
import { type Recorder, type StartRecordingOptions, startRecording } from './start-recording.ts';

/** Which bridges to record, and how. */
export interface RecordBridgeOptions extends Omit<StartRecordingOptions, 'messages' | 'endpoints'> {
  /** `tcp://host:port` or `ipc://path`, one or more; one that is given twice counts once. */
  readonly endpoints: readonly string[];
  /** Default REQ. A SUB never holds a server up, so it drops when the disk is slow; REQ and PULL wait. */
  readonly socket?: ClientSocketKind;
  readonly transport?: SocketTransport;
  readonly onStatus?: (endpoint: string, status: BridgeStatus) => void;
}

/** Received parts lie in recycled memory, bytes; it is taken from the system as it is used. */
const REGION_BYTES = 2 ** 30;

/**
 * Connects to bridges and records all that they send, until it is told to stop. Reconnects for ever.
 * @throws EndpointInvalid, Usage (no endpoint, folder not empty), FileUnreadable
 * @example const recorder = await recordBridge({ endpoints: ['tcp://localhost:4545'], maxMessages: 100 });
 *   await recorder.finished;
 */
export async function recordBridge(options: RecordBridgeOptions): Promise<Recorder> {
  const { socket = 'REQ', transport = zmtpTransport, signal, onStatus, ...rest } = options;
  // Two connections to one bridge would share its trains, or have each twice.
  const endpoints = [...new Set(options.endpoints)];
  if (endpoints.length === 0) throw new Usage('Say which bridge to record: an endpoint such as tcp://localhost:4545.');
  for (const endpoint of endpoints) parsePeerEndpoint(endpoint);
  const stop = new AbortController();
  const slots = new SlotPool(new Uint8Array(REGION_BYTES));
  const streams = endpoints.map((endpoint) =>
    receiveWith<RecordableMessage>(
      {
        endpoint,
        socket,
        transport,
        signal: stop.signal,
        allocate: (bytes) => slots.lend(bytes),
        onStatus: (status) => onStatus?.(endpoint, status),
      },
      ({ parts, release }) => ({
        parts,
        endpoint,
        receivedAt: performance.timeOrigin + performance.now(),
        release,
      }),
    ),
  );
  const recorder = await startRecording({
    whenSlow: socket === 'SUB' ? 'drop' : 'wait',
    ...rest,
    messages: merged(streams),
    endpoints: endpoints.map((endpoint) => ({ endpoint, socket })),
    signal,
  });
  const disconnect = () => stop.abort(new DOMException('The recording ended.', 'AbortError'));
  recorder.finished.then(disconnect, disconnect);
  return recorder;
}

type Arrival = { readonly from: number } & (
  | { readonly result: IteratorResult<RecordableMessage> }
  | { readonly error: unknown }
);

/** Messages of several streams in the order in which they come; one of each waits at most. */
async function* merged(streams: readonly AsyncGenerator<RecordableMessage>[]): AsyncGenerator<RecordableMessage> {
  const arrivals: Arrival[] = [];
  let wake = () => {};
  const arrive = (arrival: Arrival) => {
    arrivals.push(arrival);
    wake();
  };
  const ask = (from: number) => {
    streams[from].next().then(
      (result) => arrive({ from, result }),
      (error) => arrive({ from, error }),
    );
  };
  for (const from of streams.keys()) ask(from);
  try {
    for (let open = streams.length; open > 0; ) {
      const arrival = arrivals.shift();
      if (!arrival) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if ('error' in arrival) throw arrival.error;
      if (arrival.result.done) open--;
      else {
        ask(arrival.from);
        yield arrival.result.value;
      }
    }
  } finally {
    for (const arrival of arrivals) if ('result' in arrival) arrival.result.value?.release?.();
  }
}
