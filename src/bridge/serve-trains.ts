import { sleep } from '../core/cancel.ts';
import { isNdArray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import type { BridgeProtocol } from '../formats/bridge-source.ts';
import { mergeDetector } from './merged-detector.ts';
import type { OutgoingPart } from './outgoing-part.ts';
import { RequestQueue } from './request-queue.ts';
import type { ServerSocket } from './socket.ts';
import { stampTrain } from './stamp-train.ts';
import { encodeOutgoing } from './train-message.ts';

/** How trains are streamed. */
export interface ServeTrainsOptions {
  readonly signal: AbortSignal;
  /** Join the modules of a detector to one source, `<detector>/DET/APPEND`. */
  readonly isMerged?: boolean;
  /** Stamp each source with the time of sending, where the trains have none. */
  readonly isStamped?: boolean;
  /** 2.2 unless it says otherwise. */
  readonly protocol?: BridgeProtocol;
  /** Called after each train that was taken, with its number from 1. */
  readonly onSent?: (count: number, trainId: number) => void;
}

/** How long to wait before a client is looked for again, ms. */
const LOOK_AGAIN_MS = 5;

/**
 * Streams trains once, each when a client takes it: none is dropped. Trains without any data are left out.
 * @returns how many were sent
 * @source EXtra-data, export.py (`serve_data`)
 */
export async function serveTrains(
  socket: ServerSocket,
  kind: 'REP' | 'PUB' | 'PUSH',
  trains: AsyncIterable<Train>,
  options: ServeTrainsOptions,
): Promise<number> {
  const { signal } = options;
  const requests = kind === 'REP' ? new RequestQueue(socket) : null;
  let wake = () => {};
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  requests?.onAsked(() => wake());
  const handOver = async (parts: readonly OutgoingPart[]): Promise<void> => {
    while (!signal.aborted) {
      if (requests ? requests.answerFirst(parts) : socket.send(parts) > 0) return;
      if (requests)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      else await sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
    }
  };
  let sent = 0;
  for await (const train of trains) {
    if (signal.aborted) break;
    const streamed = streamedTrain(train, options, Date.now());
    if (streamed.sources.size === 0) continue;
    await handOver(encodeOutgoing(streamed, { protocol: options.protocol }));
    if (signal.aborted) break;
    sent++;
    options.onSent?.(sent, train.trainId);
  }
  signal.removeEventListener('abort', onAbort);
  return sent;
}

/** A train as it is streamed: sources with data only, without lists of text and the times that belong to them. */
export function streamedTrain(
  train: Train,
  { isMerged = false, isStamped = false }: Pick<ServeTrainsOptions, 'isMerged' | 'isStamped'>,
  now: number,
): Train {
  const sources = new Map<string, TrainSource>();
  for (const [name, source] of (isMerged ? mergeDetector(train) : train).sources) {
    const data = withoutTextLists(source.data);
    if (data.size === 0) continue;
    sources.set(name, { data, metadata: source.metadata });
  }
  return isStamped ? stampTrain({ ...train, sources }, now) : { ...train, sources };
}

/** The peer's messages cannot carry arrays of text: it leaves them out, with the time stamp of a property. */
function withoutTextLists(data: ReadonlyMap<string, TrainValue>): Map<string, TrainValue> {
  const isTextList = (value: TrainValue | undefined) =>
    isNdArray(value) && value.dtype === 'string' && value.shape.length > 0;
  const kept = new Map<string, TrainValue>();
  for (const [key, value] of data) {
    const property = key.endsWith('.timestamp') ? `${key.slice(0, -'.timestamp'.length)}.value` : key;
    if (!isTextList(value) && !isTextList(data.get(property))) kept.set(key, value);
  }
  return kept;
}
