import { FormatInvalid } from '../core/errors.ts';
import { elementCount, isNdArray, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { decodeFrame, encodeFrame } from './frames.ts';

/** What binary frames of trains are called. */
const KIND = 'train';

/*
 * Values of a train in the frame's JSON. Plain: null, true, text, finite numbers except minus zero (floats). All else is a
 * list whose first element says what it is: ["i", "123"] integer, ["f", "NaN"] other floats, ["a", 3] the frame's array
 * "3", ["b", 4] bytes in the array "4", ["t", shape, texts] text array, ["l", values] list, ["m", [[key, value]]] map.
 */
type Encoded = null | boolean | string | number | readonly unknown[];

interface TrainMeta {
  readonly trainId: number;
  readonly receivedAt: number | null;
  readonly sources: readonly (readonly [string, { readonly data: Encoded; readonly metadata: Encoded }])[];
}

/** A train as one binary frame; nothing of it is lost: integers stay integers, arrays keep dtype and shape. */
export function encodeTrainFrame(train: Train): Uint8Array<ArrayBuffer> {
  const arrays: [string, NdArray][] = [];
  const place = (array: NdArray) => {
    arrays.push([String(arrays.length), array]);
    return arrays.length - 1;
  };
  const sources = [...train.sources].map(
    ([name, { data, metadata }]) =>
      [name, { data: encodeValue(data, place), metadata: encodeValue(metadata, place) }] as const,
  );
  const meta: TrainMeta = { trainId: train.trainId, receivedAt: train.receivedAt ?? null, sources };
  return encodeFrame(KIND, meta, arrays);
}

/**
 * The train of a frame of {@link encodeTrainFrame}; arrays are views on `buffer`.
 * @throws FormatInvalid if it is no such frame
 */
export function decodeTrainFrame(buffer: ArrayBuffer): Train {
  const { kind, meta, arrays } = decodeFrame<TrainMeta>(buffer);
  if (kind !== KIND || !Array.isArray(meta?.sources))
    throw new FormatInvalid(
      `A frame of kind "${kind}" is not a train. Reload the page: the server may be another.`,
      {},
    );
  const sources = new Map<string, TrainSource>();
  for (const [name, { data, metadata }] of meta.sources)
    sources.set(name, { data: mapOf(decodeValue(data, arrays)), metadata: mapOf(decodeValue(metadata, arrays)) });
  const { trainId, receivedAt } = meta;
  return receivedAt === null ? { trainId, sources } : { trainId, sources, receivedAt };
}

function encodeValue(value: TrainValue, place: (array: NdArray) => number): Encoded {
  if (typeof value === 'bigint') return ['i', String(value)];
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : ['f', Object.is(value, -0) ? '-0' : String(value)];
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return ['b', place(ndarray('uint8', [value.length], value))];
  if (isNdArray(value))
    return value.dtype === 'string' ? ['t', value.shape, [...(value as NdArray<'string'>).data]] : ['a', place(value)];
  if (Array.isArray(value)) return ['l', value.map((each: TrainValue) => encodeValue(each, place))];
  return ['m', [...(value as ReadonlyMap<string, TrainValue>)].map(([key, each]) => [key, encodeValue(each, place)])];
}

function decodeValue(value: unknown, arrays: ReadonlyMap<string, NdArray>): TrainValue {
  if (!Array.isArray(value)) return value as null | boolean | string | number;
  const [tag, first, second] = value as readonly unknown[];
  const array = () => {
    const found = arrays.get(String(first));
    if (!found) throw damaged(`array ${first} is not there`);
    return found;
  };
  switch (tag) {
    case 'i':
      if (!/^-?\d+$/.test(String(first))) throw damaged(`"${first}" is no integer`);
      return BigInt(String(first));
    case 'f':
      return Number(first);
    case 'a':
      return array();
    case 'b':
      return array().data as Uint8Array;
    case 't': {
      const shape = first as readonly number[];
      const texts = second as string[];
      if (!Array.isArray(shape) || !Array.isArray(texts) || elementCount(shape) !== texts.length)
        throw damaged('a text array has another number of texts than its shape says');
      return ndarray('string', shape, texts);
    }
    case 'l':
      return (first as readonly unknown[]).map((each) => decodeValue(each, arrays));
    case 'm':
      return new Map(
        (first as readonly (readonly [string, unknown])[]).map(([key, each]) => [key, decodeValue(each, arrays)]),
      );
    default:
      throw damaged(`"${tag}" is no kind of value`);
  }
}

function mapOf(value: TrainValue): ReadonlyMap<string, TrainValue> {
  if (value instanceof Map) return value;
  throw damaged('a source is not a map');
}

function damaged(why: string): FormatInvalid {
  return new FormatInvalid(`Frame of a train: ${why}. Reload the page: its version may differ from the server's.`, {});
}
