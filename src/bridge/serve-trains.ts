import { sleep } from '../core/cancel.ts';
import { isNdArray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { encodeBridgeMessage } from '../formats/bridge-message.ts';
import { mergeDetector } from './merged-detector.ts';
import type { ServerSocket } from './socket.ts';
import { messageOfTrain } from './train-message.ts';

/** How trains are streamed. */
export interface ServeTrainsOptions {
  readonly signal: AbortSignal;
  /** Join the modules of a detector to one source, `<detector>/DET/APPEND`. */
  readonly isMerged?: boolean;
  /** Stamp each source with the time of sending, where the trains have none. */
  readonly isStamped?: boolean;
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
  const waiting: ((parts: readonly Uint8Array[]) => void)[] = [];
  let wake = () => {};
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  if (kind === 'REP') {
    socket.onRequest((request, reply) => {
      if (new TextDecoder().decode(request[0]) !== 'next') {
        reply([new TextEncoder().encode('Error: bad request')]);
        return;
      }
      waiting.push(reply);
      wake();
    });
  }
  const handOver = async (parts: readonly Uint8Array[]): Promise<void> => {
    while (!signal.aborted) {
      if (kind === 'REP') {
        const reply = waiting.shift();
        if (reply) {
          reply(parts);
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (socket.send(parts) > 0) return;
      else await sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
    }
  };
  let sent = 0;
  for await (const train of trains) {
    if (signal.aborted) break;
    const streamed = streamedTrain(train, options, Date.now());
    if (streamed.sources.size === 0) continue;
    await handOver(encodeBridgeMessage(messageOfTrain(streamed)));
    if (signal.aborted) break;
    options.onSent?.(++sent, train.trainId);
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
    sources.set(name, { data, metadata: isStamped ? stamped(source.metadata, now) : source.metadata });
  }
  return { ...train, sources };
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

function stamped(metadata: ReadonlyMap<string, TrainValue>, now: number): Map<string, TrainValue> {
  return new Map<string, TrainValue>([
    ...metadata,
    ['timestamp', now / 1000],
    ['timestamp.sec', String(Math.floor(now / 1000))],
    // attoseconds as 18 digits, as Karabo writes them
    ['timestamp.frac', `${String(now % 1000).padStart(3, '0')}${'0'.repeat(15)}`],
  ]);
}
