import { decodeFloat16, lanesOf } from '../core/dtype.ts';
import { isNdArray, type NdArray } from '../core/ndarray.ts';
import type { TrainValue } from '../core/train.ts';

/** What is told of a key without its data. */
export interface KeyFacts {
  readonly key: string;
  /** dtype of an array, else `int`, `float`, `bool`, `text`, `bytes`, `list`, `map` or `none`. */
  readonly type: string;
  /** Of an array; null for what is none. */
  readonly shape: readonly number[] | null;
  /** The value of a scalar or of an array of one element as text, else null. */
  readonly value: string | null;
}

/** Longer texts are cut. */
const TEXT_LENGTH = 80;

/** Type, shape and, of a scalar, value. Nothing of the value's memory is kept. */
export function factsOfKey(key: string, value: TrainValue): KeyFacts {
  if (isNdArray(value))
    return {
      key,
      type: value.dtype,
      shape: value.shape,
      value: value.data.length === lanesOf(value.dtype) ? elementText(value) : null,
    };
  if (value === null) return { key, type: 'none', shape: null, value: null };
  if (value instanceof Uint8Array) return { key, type: 'bytes', shape: [value.length], value: null };
  if (Array.isArray(value)) return { key, type: 'list', shape: [value.length], value: null };
  if (value instanceof Map) return { key, type: 'map', shape: [value.size], value: null };
  const type = { bigint: 'int', number: 'float', boolean: 'bool' }[typeof value as string] ?? 'text';
  return { key, type, shape: null, value: cut(String(value)) };
}

function elementText(array: NdArray): string {
  const [first, second] = array.data as ArrayLike<unknown> as readonly unknown[];
  if (lanesOf(array.dtype) === 2) return `${first}+${second}j`;
  if (array.dtype === 'float16') return String(decodeFloat16(first as number));
  if (array.dtype === 'bool') return first ? 'true' : 'false';
  return cut(String(first));
}

function cut(text: string): string {
  return text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH - 1)}…` : text;
}
