import {
  allocate,
  type DType,
  type DTypeStorage,
  decodeFloat16,
  isBigIntDType,
  isFloatDType,
  itemSizeOf,
  lanesOf,
  viewBytes,
} from '../core/dtype.ts';
import { byteSizeOf, bytesOf, elementCount, isNdArray, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { type BridgeArray, type BridgeSource, elementTypeOf } from '../formats/bridge-message.ts';
import { MsgpackExtension, MsgpackMap, type MsgpackValue } from '../formats/msgpack.ts';

/** Text arrays with more elements stay bytes: a text takes many times its bytes. */
const MAX_TEXTS = 1_000_000;
const decoder = new TextDecoder();

/** A received message as a train. Arrays are views on the message unless they are misaligned or big-endian. */
export function trainOfMessage(sources: readonly BridgeSource[], receivedAt: number, release: () => void): Train {
  const result = new Map<string, TrainSource>();
  let trainId = 0;
  for (const { source, metadata, data, arrays } of sources) {
    const values = valuesOf(data);
    for (const array of arrays) values.set(array.path, arrayOf(array));
    // Protocols before 2.2 have the metadata among the data, and so do streams of EXtra-data.
    const inside = data.get('metadata');
    const facts = valuesOf(metadata && metadata.entries.length > 0 ? metadata : inside);
    trainId = Math.max(trainId, trainIdOf(facts.get('timestamp.tid')));
    result.set(source, { data: values, metadata: facts });
  }
  return { trainId, sources: result, receivedAt, release };
}

/** 0 for what is no train id. */
function trainIdOf(value: TrainValue | undefined): number {
  if (typeof value !== 'bigint' && typeof value !== 'number' && typeof value !== 'string') return 0;
  const trainId = Number(value);
  return Number.isSafeInteger(trainId) && trainId > 0 ? trainId : 0;
}

function valuesOf(map: MsgpackValue | undefined): Map<string, TrainValue> {
  if (!(map instanceof MsgpackMap)) return new Map();
  return new Map(map.entries.map(([key, value]) => [keyOf(key), trainValueOf(value)]));
}

/** The decoder lets text and bytes pass as keys; both are names. */
function keyOf(key: MsgpackValue): string {
  return key instanceof Uint8Array ? decoder.decode(key.slice()) : String(key);
}

function trainValueOf(value: MsgpackValue): TrainValue {
  if (value instanceof MsgpackMap) return valuesOf(value);
  if (value instanceof MsgpackExtension) return value.bytes;
  if (Array.isArray(value)) return value.map(trainValueOf);
  return value as TrainValue;
}

/** An array of the wire as ours: text decoded, foreign byte order swapped, types that we do not have as plain bytes. */
function arrayOf({ dtype, shape, bytes }: BridgeArray): NdArray {
  const text = /^[<>|=]?([US])(\d+)$/.exec(dtype);
  if (text && elementCount(shape) <= MAX_TEXTS)
    return ndarray(
      'string',
      shape,
      readText(bytes, text[1] === 'U', Number(text[2]), elementCount(shape), dtype.startsWith('>')),
    );
  const element = elementTypeOf(dtype);
  if (!element) return ndarray('uint8', [bytes.length], bytes);
  const storageSize = itemSizeOf(element.dtype) / lanesOf(element.dtype);
  const isAligned = bytes.byteOffset % storageSize === 0;
  const own = isAligned && !element.isBigEndian ? bytes : bytes.slice();
  if (element.isBigEndian) swapBytes(own, storageSize);
  return {
    dtype: element.dtype,
    shape,
    data: viewBytes(element.dtype, own.buffer, own.byteOffset, elementCount(shape)),
  };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

function readText(bytes: Uint8Array, isUcs4: boolean, length: number, count: number, isBigEndian: boolean): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => {
    let text = '';
    for (let j = 0; j < length; j++) {
      const code = isUcs4 ? view.getUint32((i * length + j) * 4, !isBigEndian) : bytes[i * length + j];
      text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    }
    return text.replace(/\0+$/, '');
  });
}

/** A train as the sources of a message, in name order as the Python server sends them. Arrays are not copied. */
export function messageOfTrain(train: Train): BridgeSource[] {
  return [...train.sources]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([source, { data, metadata }]) => {
      const scalars: [string, MsgpackValue][] = [];
      const arrays: BridgeArray[] = [];
      for (const [key, value] of data) {
        if (isNdArray(value) && !isPlain(value)) {
          arrays.push({ path: key, dtype: value.dtype, shape: value.shape, bytes: bytesOf(value) });
        } else scalars.push([key, messageValue(value)]);
      }
      const meta = [...metadata].map(([key, value]) => [key, messageValue(value)] as const);
      return { source, metadata: new MsgpackMap(meta), data: new MsgpackMap(scalars), arrays };
    });
}

function messageValue(value: TrainValue): MsgpackValue {
  if (isNdArray(value)) return scalarsOf(value);
  if (value instanceof Map) return new MsgpackMap([...value].map(([key, entry]) => [key, messageValue(entry)]));
  if (Array.isArray(value)) return value.map(messageValue);
  return value as MsgpackValue;
}

/** What goes among the plain values: text, which the wire's arrays cannot carry, and 0-d arrays unless they are complex. */
function isPlain({ dtype, shape }: NdArray): boolean {
  return dtype === 'string' || (shape.length === 0 && lanesOf(dtype) === 1);
}

function scalarsOf(array: NdArray): MsgpackValue {
  const native = (i: number): MsgpackValue => {
    const element = array.data[i];
    if (typeof element === 'string' || typeof element === 'bigint') return element;
    if (array.dtype === 'bool') return element !== 0;
    if (array.dtype === 'float16') return decodeFloat16(element);
    return isFloatDType(array.dtype) || lanesOf(array.dtype) > 1 ? element : BigInt(element);
  };
  return array.shape.length === 0 ? native(0) : Array.from({ length: array.data.length }, (_, i) => native(i));
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
