import {
  allocate,
  type DType,
  type DTypeStorage,
  isBigIntDType,
  itemSizeOf,
  typeStringOf,
  viewBytes,
} from '../core/dtype.ts';
import { bytesOf, elementCount, isNdArray, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { type BridgeArray, type BridgeSource, elementTypeOf } from '../formats/bridge-message.ts';
import { MsgpackExtension, MsgpackMap, type MsgpackValue } from '../formats/msgpack.ts';

/** A received message as a train. Arrays are views on the message unless they are misaligned or big-endian. */
export function trainOfMessage(sources: readonly BridgeSource[], receivedAt: number, release: () => void): Train {
  const result = new Map<string, TrainSource>();
  let trainId = 0;
  for (const { source, metadata, data, arrays } of sources) {
    const values = new Map<string, TrainValue>();
    for (const [key, value] of data.entries) values.set(String(key), trainValueOf(value));
    for (const array of arrays) values.set(array.path, arrayOf(array));
    const facts = metadata ?? data.get('metadata');
    const meta = new Map<string, TrainValue>();
    if (facts instanceof MsgpackMap)
      for (const [key, value] of facts.entries) meta.set(String(key), trainValueOf(value));
    const tid = Number(meta.get('timestamp.tid') ?? 0);
    if (Number.isSafeInteger(tid) && tid > trainId) trainId = tid;
    result.set(source, { data: values, metadata: meta });
  }
  return { trainId, sources: result, receivedAt, release };
}

function trainValueOf(value: MsgpackValue): TrainValue {
  if (value instanceof MsgpackMap)
    return new Map(value.entries.map(([key, entry]) => [String(key), trainValueOf(entry)]));
  if (value instanceof MsgpackExtension) return value.bytes;
  if (Array.isArray(value)) return value.map(trainValueOf);
  return value as TrainValue;
}

/** An array of the wire as ours: text decoded, foreign byte order swapped, types that we do not have as plain bytes. */
function arrayOf({ dtype, shape, bytes }: BridgeArray): NdArray {
  const text = /^[<>|=]?([US])(\d+)$/.exec(dtype);
  if (text)
    return ndarray(
      'string',
      shape,
      readText(bytes, text[1] === 'U', Number(text[2]), elementCount(shape), dtype.startsWith('>')),
    );
  const element = elementTypeOf(dtype);
  if (!element) return ndarray('uint8', [bytes.length], bytes);
  const storageSize = itemSizeOf(element.dtype) / (element.dtype.startsWith('complex') ? 2 : 1);
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
        if (isNdArray(value) && value.shape.length > 0 && value.dtype !== 'string') {
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

/** A 0-d array as one native value, text as a list: what the wire's arrays cannot carry. */
function scalarsOf(array: NdArray): MsgpackValue {
  const native = (i: number): MsgpackValue => {
    const element = array.data[i];
    if (typeof element === 'string' || typeof element === 'bigint') return element;
    if (array.dtype === 'bool') return element !== 0;
    return typeStringOf(array.dtype)[1] === 'f' ? element : BigInt(element);
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
