import { isNdArray, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import type { Hdf5AttributeValue, Hdf5Writer } from '../formats/hdf5-writer.ts';
import { nestedValues } from './nested-values.ts';

/** Something of a train that has no place in the file. */
export interface UnsavedValue {
  readonly path: string;
  readonly reason: string;
}

const INT64_MAX = 2n ** 63n - 1n;
/** A text that stands for a value of another kind says which, in this attribute. */
const KIND = 'bridge_type';

/**
 * Writes a train as groups of HDF5: one a source (a `/` in its name nests), a dataset for each key, the metadata as
 * attributes of the source's group.
 *
 * Arrays, text, integers (int64, beyond it uint64), floats and booleans are datasets of that type; lists of one of them too.
 * Bytes that are text are that text, others uint8. What HDF5 has no type for (lists of lists, of maps, of several types;
 * None; text with a NUL) is JSON. `bridge_type` at a dataset says where its type is not that of the value: `bytes`, `json`.
 * @returns what is left out because its name is taken: a source or key that is also the beginning of another one's name
 * @source karabo_bridge, glimpse --save: groups and names
 */
export function writeTrain(writer: Hdf5Writer, train: Train): UnsavedValue[] {
  const target = new Target(writer);
  for (const [name, { data, metadata }] of train.sources) {
    const group = target.group(pathOf('', name));
    if (group === null) continue;
    target.map(group, data);
    const attributes: Record<string, Hdf5AttributeValue> = {};
    for (const [key, value] of metadata) attributes[key.replaceAll('\0', '') || '_'] = attributeOf(value);
    if (metadata.size > 0) writer.attributes(group, attributes);
  }
  return target.unsaved;
}

class Target {
  readonly unsaved: UnsavedValue[] = [];
  readonly #writer: Hdf5Writer;
  readonly #kinds = new Map<string, 'group' | 'dataset'>();

  constructor(writer: Hdf5Writer) {
    this.#writer = writer;
  }

  /** Makes a group and those on the way; null if one of them is a dataset. */
  group(path: string): string | null {
    const names = path.slice(1).split('/');
    for (let i = 1; i <= names.length; i++) {
      if (this.#kinds.get(`/${names.slice(0, i).join('/')}`) !== 'dataset') continue;
      this.unsaved.push({ path, reason: 'a part of its name is a dataset already' });
      return null;
    }
    for (let i = 1; i <= names.length; i++) this.#kinds.set(`/${names.slice(0, i).join('/')}`, 'group');
    this.#writer.group(path);
    return path;
  }

  map(group: string, values: ReadonlyMap<string, TrainValue>): void {
    for (const [key, value] of values) {
      const path = pathOf(group, key);
      if (value instanceof Map) {
        const inner = this.group(path);
        if (inner !== null) this.map(inner, value);
        continue;
      }
      if (this.#kinds.has(path)) {
        this.unsaved.push({ path, reason: 'something of this name is there already' });
        continue;
      }
      if (this.group(path.slice(0, path.lastIndexOf('/'))) === null) continue;
      const { array, kind } = datasetOf(value);
      this.#kinds.set(path, 'dataset');
      this.#writer.write(path, array);
      if (kind) this.#writer.attributes(path, { [KIND]: kind });
    }
  }
}

/** HDF5 has no name for nothing, for `.`, nor with a NUL. */
function pathOf(group: string, name: string): string {
  const parts = name.replaceAll('\0', '').split('/').filter(Boolean);
  const safe = parts.map((part) => (part === '.' || part === '..' ? part.replaceAll('.', '_') : part));
  return `${group}/${safe.join('/') || '_'}`;
}

function datasetOf(value: TrainValue): { readonly array: NdArray; readonly kind?: 'bytes' | 'json' } {
  if (isNdArray(value)) {
    const isCut = value.dtype === 'string' && (value.data as readonly string[]).some((text) => text.includes('\0'));
    return isCut ? jsonOf(value) : { array: value };
  }
  if (value instanceof Uint8Array) {
    const text = textOf(value);
    return { array: text === null ? ndarray('uint8', [value.length], value) : textArray([], [text]), kind: 'bytes' };
  }
  const scalar = scalarsOf([value], []);
  if (scalar) return { array: scalar };
  if (Array.isArray(value) && value.length > 0) {
    const list = scalarsOf(value, [value.length]);
    if (list) return { array: list };
  }
  return jsonOf(value);
}

function textArray(shape: readonly number[], texts: string[]): NdArray {
  return ndarray('string', shape, texts);
}

/** Values of one kind as an array, or null. */
function scalarsOf(values: readonly TrainValue[], shape: readonly number[]): NdArray | null {
  if (values.every((value): value is boolean => typeof value === 'boolean'))
    return ndarray('bool', shape, Uint8Array.from(values, Number));
  if (values.every((value): value is number => typeof value === 'number'))
    return ndarray('float64', shape, Float64Array.from(values));
  if (values.every((value): value is string => typeof value === 'string' && !value.includes('\0')))
    return textArray(shape, [...values]);
  if (!values.every((value): value is bigint => typeof value === 'bigint')) return null;
  if (values.every((value) => value <= INT64_MAX)) return ndarray('int64', shape, BigInt64Array.from(values));
  return values.every((value) => value >= 0n) ? ndarray('uint64', shape, BigUint64Array.from(values)) : null;
}

function jsonOf(value: TrainValue): { readonly array: NdArray; readonly kind: 'json' } {
  return { array: textArray([], [jsonText(value)]), kind: 'json' };
}

/** JSON with all digits of 64-bit integers; NaN and infinities as Python's json writes them. */
function jsonText(value: TrainValue): string {
  if (typeof value === 'bigint') return String(value);
  if (Object.is(value, -0)) return '-0.0';
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
    return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  }
  if (value instanceof Uint8Array) return `{"bytes": "${Array.from(value, hex).join('')}"}`;
  if (value instanceof Map)
    return `{${[...value].map(([key, entry]) => `${JSON.stringify(key)}: ${jsonText(entry)}`).join(', ')}}`;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (isNdArray(value)) return jsonText(nestedValues(value));
  return JSON.stringify(value);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** The text of bytes, or null if they are none that HDF5 can hold. */
function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice());
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

function attributeOf(value: TrainValue): Hdf5AttributeValue {
  const { array } = datasetOf(value);
  if (array.shape.length > 0 || array.dtype === 'uint64') return array;
  const [only] = array.data;
  return array.dtype === 'bool' ? only !== 0 : only;
}
