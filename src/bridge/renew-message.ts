import { wireTypeString } from '../formats/bridge-dtype.ts';
import { numpyOf } from '../formats/bridge-numpy.ts';
import type { BridgeArray, BridgeSource } from '../formats/bridge-source.ts';
import { MsgpackMap, type MsgpackValue } from '../formats/msgpack.ts';
import { sendingTime } from './stamp-train.ts';

const METADATA = 'metadata';
/** Keys that repeat the train id inside the data. */
export const TRAIN_ID_KEY = /(^|\.)trainId$/;

/**
 * The same message at another time: its train id in the metadata and in the data, and the time stamps. All else stays what it
 * is on the wire, with its type: other metadata, records, extensions, byte orders, numpy's scalars.
 * @param now ms since the epoch
 */
export function renewMessage(sources: readonly BridgeSource[], trainId: number, now: number): BridgeSource[] {
  return sources.map((each) => {
    const inside = each.data.get(METADATA);
    const data = each.data.entries.map(([key, value]): readonly [MsgpackValue, MsgpackValue] => {
      // Streams of EXtra-data have the metadata among the data, too.
      if (key === METADATA && value instanceof MsgpackMap) return [key, renewed(value, each.source, trainId, now)];
      return [key, isTrainId(key, value) ? BigInt(trainId) : value];
    });
    const isInside = each.metadata === null && inside instanceof MsgpackMap;
    return {
      ...each,
      metadata: isInside ? null : renewed(each.metadata ?? new MsgpackMap([]), each.source, trainId, now),
      data: new MsgpackMap(data),
      arrays: each.arrays.map((array) => (TRAIN_ID_KEY.test(array.path) ? filled(array, BigInt(trainId)) : array)),
    };
  });
}

function isTrainId(key: MsgpackValue, value: MsgpackValue): boolean {
  if (typeof key !== 'string' || !TRAIN_ID_KEY.test(key)) return false;
  return typeof value === 'bigint' || (value instanceof MsgpackMap && numpyOf(value)?.kind === 'scalar');
}

function renewed(metadata: MsgpackMap, source: string, trainId: number, now: number): MsgpackMap {
  const { timestamp, sec, frac } = sendingTime(now);
  // Karabo writes both as text, EXtra-foam as integers.
  const like = (key: string, text: string) => (typeof metadata.get(key) === 'bigint' ? BigInt(text) : text);
  const values = new Map<MsgpackValue, MsgpackValue>(metadata.entries);
  if (!values.has('source')) values.set('source', source);
  values.set('timestamp', timestamp);
  values.set('timestamp.tid', BigInt(trainId));
  values.set('timestamp.sec', like('timestamp.sec', sec));
  values.set('timestamp.frac', like('timestamp.frac', frac));
  return new MsgpackMap([...values]);
}

/** An array of 64-bit integers with one value; any other as it is. */
function filled(array: BridgeArray, value: bigint): BridgeArray {
  const type = /^([<>])[iu]8$/.exec(wireTypeString(array.dtype));
  if (!type) return array;
  const bytes = new Uint8Array(array.bytes.length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 8) view.setBigUint64(at, value, type[1] === '<');
  return { ...array, bytes };
}
