import { NoData } from '../core/errors.ts';
import { isNdArray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import type { BridgeProtocol } from '../formats/bridge-source.ts';
import { TRAIN_ID_KEY } from './renew-message.ts';
import type { NextMessage } from './server.ts';
import { sendingTime } from './stamp-train.ts';
import { encodeOutgoing, filledLike } from './train-message.ts';

/** First train id of a replay, as of the Python simulator. */
const FIRST_TRAIN_ID = 10_000_000_000;

/**
 * Sends the given trains again and again with new train ids and the time of sending. The big arrays are prepared once and
 * never copied; each message costs only its headers.
 * @throws NoData if there is no train
 */
export function createReplay(
  trains: readonly Train[],
  firstTrainId = FIRST_TRAIN_ID,
  protocol: BridgeProtocol = '2.2',
): NextMessage {
  if (trains.length === 0)
    throw new NoData('There is no train to replay: the run is empty or the selection too narrow.');
  let sent = 0;
  return () => {
    const train = trains[sent % trains.length];
    const message = encodeOutgoing(renewTrain(train, firstTrainId + sent, Date.now()), { protocol });
    sent++;
    return message;
  };
}

/** The same train at another time: its id in the metadata and in the data, and the time stamps. @param now ms since the epoch */
function renewTrain(train: Train, trainId: number, now: number): Train {
  const sources = new Map<string, TrainSource>();
  const { timestamp, sec, frac } = sendingTime(now);
  for (const [name, source] of train.sources) {
    const data = new Map<string, TrainValue>(source.data);
    for (const [key, value] of data) {
      if (!TRAIN_ID_KEY.test(key)) continue;
      if (isNdArray(value) && value.dtype === 'uint64') data.set(key, filledLike(value, BigInt(trainId)));
      else if (typeof value === 'bigint') data.set(key, BigInt(trainId));
    }
    data.delete('metadata');
    const metadata = new Map<string, TrainValue>([
      ['source', name],
      ['timestamp', timestamp],
      ['timestamp.tid', BigInt(trainId)],
      ['timestamp.sec', sec],
      ['timestamp.frac', frac],
    ]);
    for (const [key, value] of source.metadata) if (!metadata.has(key)) metadata.set(key, value);
    sources.set(name, { data, metadata });
  }
  return { ...train, trainId, sources };
}
