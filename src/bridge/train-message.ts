import {
  allocate,
  type DType,
  type DTypeStorage,
  isBigIntDType,
  itemSizeOf,
  lanesOf,
  viewBytes,
} from '../core/dtype.ts';
import { MessageInvalid } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import { byteSizeOf, bytesOf, elementCount, isNdArray, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { elementTypeOf } from '../formats/bridge-dtype.ts';
import { type EncodeOptions, encodeBridgeMessage, encodeBridgePieces } from '../formats/bridge-message.ts';
import { elementsOf, numpyOf, textAt } from '../formats/bridge-numpy.ts';
import type { BridgeArray, BridgeSource } from '../formats/bridge-source.ts';
import { MsgpackExtension, MsgpackMap, type MsgpackValue } from '../formats/msgpack.ts';
import { nestedValues } from './nested-values.ts';
import type { OutgoingPart } from './outgoing-part.ts';

/** Text arrays with more elements stay bytes: a text takes many times its bytes. */
const MAX_TEXTS = 1_000_000;
/** Smaller arrays are not worth a slot of lent memory, bytes; larger ones have a header of five bytes in msgpack. */
const LENT_BYTES = 65_536;
const METADATA = 'metadata';
const decoder = new TextDecoder();

/** What a train is made with. */
export interface TrainOptions {
  /**
   * Memory for large arrays that cannot stay where they are (misaligned, as in protocol 1.0, or big-endian). Recycled memory
   * spares the system finding new pages for each train. The train's `release` hands it back.
   */
  readonly allocate?: (byteLength: number) => Lease | undefined;
  /**
   * Nobody else reads the message, now or later: a large array is moved or swapped where it is, which needs no memory and
   * leaves a message that cannot be read again.
   */
  readonly mayWrite?: boolean;
}

interface Hands extends TrainOptions {
  readonly leases: Lease[];
}

/**
 * A received message as a train, the same whatever its protocol: numpy's scalars are plain numbers, the metadata is not among
 * the data. Arrays are views on the message unless they are misaligned or big-endian.
 * @param release hands the message's memory back
 * @throws MessageInvalid never for what `decodeBridgeMessage` returned
 */
export function trainOfMessage(
  sources: readonly BridgeSource[],
  receivedAt: number,
  release: () => void,
  options: TrainOptions = {},
): Train {
  const result = new Map<string, TrainSource>();
  const hands: Hands = { ...options, leases: [] };
  let trainId = 0;
  for (const { source, metadata, data, arrays, order } of sources) {
    const isNumpy = order !== undefined;
    const values = valuesOf(data, isNumpy);
    for (const array of arrays) values.set(array.path, arrayOf(array, hands, isNumpy));
    // Protocols before 2.2 have the metadata among the data, and so do streams of EXtra-data.
    const inside = values.get(METADATA);
    if (inside instanceof Map) values.delete(METADATA);
    const header = valuesOf(metadata ?? undefined, isNumpy);
    const facts = header.size > 0 || !(inside instanceof Map) ? header : new Map<string, TrainValue>(inside);
    trainId = Math.max(trainId, trainIdOf(facts.get('timestamp.tid')));
    result.set(source, { data: order ? ordered(values, order) : values, metadata: facts });
  }
  if (hands.leases.length === 0) return { trainId, sources: result, receivedAt, release };
  const releaseAll = () => {
    for (const lease of hands.leases) lease.release();
    release();
  };
  return { trainId, sources: result, receivedAt, release: releaseAll };
}

function ordered(values: ReadonlyMap<string, TrainValue>, order: readonly string[]): Map<string, TrainValue> {
  const result = new Map<string, TrainValue>();
  for (const key of order) {
    const value = values.get(key);
    if (value !== undefined) result.set(key, value);
  }
  for (const [key, value] of values) result.set(key, value);
  return result;
}

/** 0 for what is no train id. */
function trainIdOf(value: TrainValue | undefined): number {
  if (typeof value !== 'bigint' && typeof value !== 'number' && typeof value !== 'string') return 0;
  const trainId = Number(value);
  return Number.isSafeInteger(trainId) && trainId > 0 ? trainId : 0;
}

function valuesOf(map: MsgpackValue | undefined, isNumpy: boolean): Map<string, TrainValue> {
  const values = new Map<string, TrainValue>();
  if (map instanceof MsgpackMap)
    for (const [key, value] of map.entries) values.set(keyOf(key), trainValueOf(value, isNumpy));
  return values;
}

/** The decoder lets text and bytes pass as keys; both are names. */
function keyOf(key: MsgpackValue): string {
  if (typeof key === 'string') return key;
  return key instanceof Uint8Array ? decoder.decode(key.slice()) : String(key);
}

/** @param isNumpy maps may be numpy's values, as in protocol 1.0 */
function trainValueOf(value: MsgpackValue, isNumpy: boolean): TrainValue {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (value instanceof MsgpackMap) return (isNumpy ? numpyValue(value) : undefined) ?? valuesOf(value, isNumpy);
  if (value instanceof MsgpackExtension) return value.bytes;
  return value.map((each) => trainValueOf(each, isNumpy));
}

/** Arrays and complex numbers as arrays, scalars as what they are in protocol 2; undefined for a map that is just a map. */
function numpyValue(map: MsgpackMap): TrainValue | undefined {
  const numpy = numpyOf(map);
  if (!numpy) return undefined;
  if (numpy.kind === 'complex') return ndarray('complex128', [], Float64Array.from(numpy.parts));
  const array = arrayOf({ path: '', ...numpy.array }, { leases: [] });
  if (numpy.kind === 'array' || lanesOf(array.dtype) > 1) return array;
  const [element] = elementsOf(numpy.array) ?? [];
  return element === undefined ? array : (element as TrainValue);
}

/**
 * An array of the wire as ours: text decoded, foreign byte order swapped, types that we do not have as their bytes.
 * @param isInside its bytes lie inside a part of protocol 1.0, behind their header in msgpack
 */
function arrayOf({ dtype, shape, bytes }: BridgeArray, hands: Hands, isInside = false): NdArray {
  const count = elementCount(shape);
  const text = /^[<>|=]?([US])(\d+)$/.exec(dtype);
  if (text && count <= MAX_TEXTS) {
    const length = Number(text[2]);
    const isUcs4 = text[1] === 'U';
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const textOf = (i: number) => textAt(view, i * length * (isUcs4 ? 4 : 1), length, isUcs4, !dtype.startsWith('>'));
    return ndarray(
      'string',
      shape,
      Array.from({ length: count }, (_, i) => textOf(i)),
    );
  }
  const element = elementTypeOf(dtype);
  // One more axis has the bytes of each element.
  if (!element) return ndarray('uint8', [...shape, count === 0 ? 1 : bytes.length / count], bytes);
  const storageSize = itemSizeOf(element.dtype) / lanesOf(element.dtype);
  const excess = bytes.byteOffset % storageSize;
  const isOurs = hands.mayWrite === true && bytes.length > LENT_BYTES && (excess === 0 || isInside);
  const isInPlace = isOurs || (excess === 0 && !element.isBigEndian);
  const own = isInPlace ? movedDown(bytes, excess) : copyOf(bytes, hands);
  if (element.isBigEndian) swapBytes(own, storageSize);
  return {
    dtype: element.dtype,
    shape,
    data: viewBytes(element.dtype, own.buffer, own.byteOffset, count),
  };
}

/**
 * The bytes, moved down by a few in their memory. Up to seven that come before are written over: the header of the array (five)
 * and the end of the key `data`, which have been read.
 */
function movedDown(bytes: Uint8Array, by: number): Uint8Array {
  if (by === 0) return bytes;
  const around = new Uint8Array(bytes.buffer, bytes.byteOffset - by, bytes.length + by);
  around.copyWithin(0, by);
  return around.subarray(0, bytes.length);
}

function copyOf(bytes: Uint8Array, { allocate: lend, leases }: Hands): Uint8Array {
  const lease = bytes.length >= LENT_BYTES ? lend?.(bytes.length) : undefined;
  if (!lease) return bytes.slice();
  leases.push(lease);
  lease.bytes.set(bytes);
  return lease.bytes;
}

/** Turns the bytes of each element around, in place. @param bytes start at a multiple of `size` */
function swapBytes(bytes: Uint8Array, size: number): void {
  const { buffer, byteOffset, length } = bytes;
  if (size === 2) {
    const words = new Uint16Array(buffer, byteOffset, length >> 1);
    for (let i = 0; i < words.length; i++) words[i] = (words[i] << 8) | (words[i] >> 8);
    return;
  }
  const words = new Uint32Array(buffer, byteOffset, length >> 2);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    words[i] = (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
  }
  if (size === 8) for (let i = 0; i < words.length; i += 2) [words[i], words[i + 1]] = [words[i + 1], words[i]];
}

/**
 * A train as the parts of one message. @param options the protocol, 2.2 unless told
 * @returns none if the train has no source and the protocol is not 1.0
 * @throws MessageInvalid for integers beyond 64 bits, and for what is no value of a train
 */
export function encodeTrain(train: Train, options: EncodeOptions = {}): Uint8Array[] {
  return encodeBridgeMessage(messageOfTrain(train), options);
}

/**
 * A train as what a socket sends: as {@link encodeTrain}, but in protocol 1.0 the part comes in pieces. Arrays are never
 * copied: leave them alone until the message has left.
 */
export function encodeOutgoing(train: Train, options: EncodeOptions = {}): OutgoingPart[] {
  return encodeBridgePieces(messageOfTrain(train), options);
}

/**
 * A train as the sources of a message, in name order as the Python server sends them. Arrays are not copied.
 * @throws MessageInvalid for what is no value of a train
 */
export function messageOfTrain(train: Train): BridgeSource[] {
  return [...train.sources]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([source, { data, metadata }]) => {
      const scalars: [string, MsgpackValue][] = [];
      const arrays: BridgeArray[] = [];
      for (const [key, value] of data) {
        if (isNdArray(value) && !isPlain(value)) {
          arrays.push({ path: key, dtype: value.dtype, shape: value.shape, bytes: bytesOf(value) });
        } else scalars.push([key, messageValue(value, source, key)]);
      }
      const meta = [...metadata].map(([key, value]) => [key, messageValue(value, source, key)] as const);
      return { source, metadata: new MsgpackMap(meta), data: new MsgpackMap(scalars), arrays, order: [...data.keys()] };
    });
}

/** @throws MessageInvalid for what is no value of a train; callers without types give anything */
function messageValue(value: TrainValue, source: string, key: string): MsgpackValue {
  // Lists and maps have no arrays; what comes of one has plain values only.
  if (isNdArray(value)) return nestedValues(value) as MsgpackValue;
  if (value instanceof Map)
    return new MsgpackMap([...value].map(([name, entry]) => [name, messageValue(entry, source, `${key}.${name}`)]));
  if (Array.isArray(value)) return value.map((entry, i) => messageValue(entry, source, `${key}[${i}]`));
  if (value === null || value instanceof Uint8Array || /^(string|boolean|number|bigint)$/.test(typeof value))
    return value as MsgpackValue;
  const kind = typeof value === 'object' ? (value as object).constructor?.name : typeof value;
  throw new MessageInvalid(
    `${source} ${key} is ${kind}, which no message carries: give numbers (float), bigint (integer), text, booleans, null, Uint8Array, arrays made with ndarray(), lists, or a Map.`,
    { source, key },
  );
}

/** What goes among the plain values: text, which the wire's arrays cannot carry, and 0-d arrays unless they are complex. */
function isPlain({ dtype, shape }: NdArray): boolean {
  return dtype === 'string' || (shape.length === 0 && lanesOf(dtype) === 1);
}

/** A copy of a small integer array filled with one value: train ids of frames when a message is sent again. */
export function filledLike(array: NdArray, value: bigint): NdArray {
  const data: DTypeStorage[DType] = allocate(array.dtype, elementCount(array.shape));
  if (isBigIntDType(array.dtype)) (data as BigUint64Array).fill(value);
  else (data as Float64Array).fill(Number(value));
  return { dtype: array.dtype, shape: array.shape, data };
}

/** Memory that a train's arrays take, bytes; an array of several sources counts once. */
export function bytesOfTrain(train: Train): number {
  const arrays = new Set<NdArray>();
  for (const { data } of train.sources.values())
    for (const value of data.values()) if (isNdArray(value)) arrays.add(value);
  return [...arrays].reduce((sum, array) => sum + byteSizeOf(array), 0);
}
