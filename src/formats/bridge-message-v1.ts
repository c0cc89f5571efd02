import { MessageInvalid } from '../core/errors.ts';
import { NumpyRefusal, type NumpyValue, numpyMap, numpyOf } from './bridge-numpy.ts';
import type { BridgeArray, BridgeSource } from './bridge-source.ts';
import { decodeMsgpack, type MsgpackLimits, MsgpackMap, type MsgpackValue } from './msgpack.ts';
import { encodeMsgpackPieces } from './msgpack-encode.ts';

const METADATA = 'metadata';

/** Whether a single part can be a message of protocol 1.0: it starts as a map does. */
export function isMessageV1(part: Uint8Array): boolean {
  return part.length > 0 && ((part[0] & 0xf0) === 0x80 || part[0] === 0xde || part[0] === 0xdf);
}

/**
 * Reads the one part of a message of protocol 1.0: a map of sources, each a map of its values and `metadata`. No array is
 * copied; they lie anywhere in the part, aligned or not.
 * @throws MessageInvalid with `part` 0, `offset` and the reason
 * @source Karabo bridge protocol 1.0; msgpack_numpy 0.4.8 for arrays
 */
export function decodeMessageV1(part: Uint8Array, limits: MsgpackLimits = {}): BridgeSource[] {
  const message = decodeMsgpack(part, { ...limits, keys: 'text' });
  if (!(message instanceof MsgpackMap)) throw new MessageInvalid('the message is not a map of sources.', { offset: 0 });
  const sources = new Map<string, BridgeSource>();
  for (const [source, values] of message.entries) {
    if (typeof source !== 'string') throw new MessageInvalid('the name of a source is bytes, text is needed.');
    if (!(values instanceof MsgpackMap))
      throw new MessageInvalid(`source ${source} is ${kindOf(values)}, a map of its values is needed.`, { source });
    // A source that comes twice has the values of the last, as in Python's dict.
    sources.set(source, sourceOf(source, values, part));
  }
  return [...sources.values()];
}

function kindOf(value: MsgpackValue): string {
  if (value === null) return 'nil';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'bytes' : `a ${typeof value === 'bigint' ? 'number' : typeof value}`;
}

function sourceOf(source: string, values: MsgpackMap, part: Uint8Array): BridgeSource {
  const refuse = (key: string, { message, at }: NumpyRefusal): never => {
    const offset = at && at.buffer === part.buffer ? at.byteOffset - part.byteOffset : undefined;
    const where = offset === undefined ? '' : ` at byte ${offset}`;
    throw new MessageInvalid(`${source} ${key}: ${message}${where}.`, { source, key, offset });
  };
  const scalars: [MsgpackValue, MsgpackValue][] = [];
  const arrays = new Map<string, BridgeArray>();
  const order = new Set<string>();
  let metadata: MsgpackMap | null = null;
  for (const [key, value] of values.entries) {
    if (typeof key === 'string') order.add(key);
    if (key === METADATA) {
      if (!(value instanceof MsgpackMap))
        throw new MessageInvalid(`the metadata of ${source} is not a map.`, { source });
      metadata = value;
    }
    const name = String(key);
    let numpy: NumpyValue | null = null;
    try {
      numpy = value instanceof MsgpackMap ? numpyOf(value) : null;
      if (!numpy) checkInside(value);
    } catch (cause) {
      if (!(cause instanceof NumpyRefusal)) throw cause;
      refuse(name, cause);
    }
    if (key === METADATA) continue;
    if (numpy?.kind === 'array' && typeof key === 'string') arrays.set(key, { path: key, ...numpy.array });
    else scalars.push([key, value]);
  }
  return { source, metadata, data: new MsgpackMap(scalars), arrays: [...arrays.values()], order: [...order] };
}

/** Values deep inside are read when a train is made of them; what is wrong with them is said now. */
function checkInside(value: MsgpackValue): void {
  const inside = Array.isArray(value) ? value : value instanceof MsgpackMap ? value.entries.map(([, v]) => v) : [];
  for (const each of inside) {
    if (typeof each !== 'object' || each === null) continue;
    if (each instanceof MsgpackMap && numpyOf(each)) continue;
    checkInside(each);
  }
}

/**
 * Writes the one part of a message of protocol 1.0; the order of sources and keys is kept.
 * @returns the part in pieces: arrays from 4 KiB on are handed on as they are, not copied
 */
export function encodeMessageV1(sources: readonly BridgeSource[]): Uint8Array[] {
  return encodeMsgpackPieces(new MsgpackMap(sources.map((each) => [each.source, valuesOf(each)])));
}

function valuesOf({ metadata, data, arrays, order }: BridgeSource): MsgpackMap {
  const values = new Map<MsgpackValue, MsgpackValue>(data.entries);
  for (const array of arrays) values.set(array.path, numpyMap(array));
  if (metadata) values.set(METADATA, metadata);
  if (!order) return new MsgpackMap([...values]);
  const ordered = new Map<MsgpackValue, MsgpackValue>();
  for (const key of order) if (values.has(key)) ordered.set(key, values.get(key) as MsgpackValue);
  for (const [key, value] of values) ordered.set(key, value);
  return new MsgpackMap([...ordered]);
}
