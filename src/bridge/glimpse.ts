import { decodeFloat16, lanesOf } from '../core/dtype.ts';
import { isNdArray, type NdArray } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';

/** A train's sources and keys, without the data: what `hutch bridge glimpse --json` prints. */
export function describeTrain(train: Train) {
  return {
    trainId: train.trainId,
    sources: [...train.sources]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { data, metadata }]) => ({
        name,
        metadata: Object.fromEntries([...metadata].map(([key, value]) => [key, plain(value)])),
        keys: [...data].map(([key, value]) => ({
          key,
          type: typeOf(value),
          ...(isNdArray(value) ? { dtype: value.dtype, shape: value.shape } : { value: plain(value) }),
        })),
      })),
  };
}

/** How a train is printed. */
export interface PrintOptions {
  /** From the request, or from the last train, to this one. */
  readonly milliseconds: number;
  /** The client's socket: only a REQ waits for an answer. */
  readonly socket?: 'REQ' | 'SUB' | 'PULL';
  /** 0 = names of keys, 1 = values cut to a line, 2 = whole values, 3 = also what arrays hold. */
  readonly verbosity?: number;
  /** ms since the epoch, for the delay; default: now. */
  readonly now?: number;
}

/** A train as text for people. @source karabo_bridge, glimpse: what is told of a train, line by line */
export function printTrain(
  train: Train,
  { milliseconds, socket = 'REQ', verbosity = 1, now = Date.now() }: PrintOptions,
): string {
  const lines = [`Train ID: ${train.trainId} --------------------------`];
  const took = socket === 'REQ' ? 'REQ-REP took' : `${socket} waited`;
  lines.push(`Data from ${train.sources.size} sources, ${took} ${milliseconds.toFixed(2)} ms`, '');
  if (train.sources.size === 0) lines.push('Empty message: the bridge sent no source.', '');
  const sources = [...train.sources].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [i, [name, { data, metadata }]] of sources.entries()) {
    const tid = metadata.get('timestamp.tid');
    lines.push(`Source ${i + 1}: '${name}' @ ${tid === undefined ? 'no train id' : String(plain(tid))}`);
    lines.push(describeTime(metadata.get('timestamp'), now));
    if (verbosity === 0) {
      lines.push(`- data: [${[...data.keys()].sort().join(', ')}]`);
      lines.push(`- metadata: [${[...metadata.keys()].sort().join(', ')}]`, '');
      continue;
    }
    lines.push('data:', ...mapLines(data, verbosity, ''));
    if (metadata.size > 0) lines.push('metadata:', ...mapLines(metadata, verbosity, ''));
    lines.push('');
  }
  return `${lines.map(printable).join('\n')}\n`;
}

function mapLines(map: ReadonlyMap<string, TrainValue>, verbosity: number, indent: string): string[] {
  return [...map].flatMap(([key, value]) => {
    const name = verbosity > 1 ? key : shorten(key);
    // A sender may nest for ever; nobody reads that far.
    if (value instanceof Map && indent.length < 40)
      return [`${indent} + [dict] ${name}`, ...mapLines(value, verbosity, `${indent}   `)];
    const text = valueText(value, verbosity);
    return [`${indent} - [${typeOf(value)}] ${name}, ${verbosity > 1 ? text : shorten(text)}`];
  });
}

function valueText(value: TrainValue, verbosity: number): string {
  if (!isNdArray(value)) return plainText(value, verbosity);
  const kind = `${value.dtype}, [${value.shape}]`;
  return verbosity > 2 ? `${kind}: ${elementsText(value)}` : kind;
}

/** As JSON, but numbers are numbers, however large, floats look like floats, and keys keep their order. */
function plainText(value: TrainValue, verbosity: number): string {
  if (typeof value === 'bigint') return String(value);
  // From 1e16 on a float has no digit of its own behind the point, and Python, too, writes it with its exponent.
  if (Object.is(value, -0)) return '-0.0';
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
  if (value instanceof Map)
    return `{${[...value].map(([key, entry]) => `${JSON.stringify(key)}:${plainText(entry, verbosity)}`).join(',')}}`;
  if (Array.isArray(value)) return `[${value.map((entry) => plainText(entry, verbosity)).join(',')}]`;
  if (isNdArray(value) && verbosity > 2) return valueText(value, verbosity);
  return JSON.stringify(plain(value)) ?? 'null';
}

/** Elements that are shown of an array: the first and the last ones where there are more. */
const SHOWN = 20;

function elementsText(array: NdArray): string {
  const count = array.data.length / lanesOf(array.dtype);
  const one = (i: number): string => {
    if (lanesOf(array.dtype) === 2) return `${array.data[2 * i]}+${array.data[2 * i + 1]}j`;
    const element = array.data[i];
    if (array.dtype === 'float16') return String(decodeFloat16(element as number));
    if (array.dtype === 'bool') return element ? 'true' : 'false';
    return typeof element === 'string' ? JSON.stringify(element) : String(element);
  };
  const range = (start: number, stop: number) => Array.from({ length: stop - start }, (_, i) => one(start + i));
  if (count <= 2 * SHOWN) return `[${range(0, count).join(' ')}]`;
  return `[${range(0, SHOWN).join(' ')} ... ${range(count - SHOWN, count).join(' ')}]`;
}

/** Names come from the network: what a terminal would obey is shown as a question mark. */
function printable(line: string): string {
  return line.replace(/\p{C}/gu, '?');
}

/** Beyond this many seconds a Date has no value. */
const LATEST_SECONDS = 8.64e12;

function describeTime(timestamp: TrainValue | undefined, now: number): string {
  if (typeof timestamp !== 'number' || !(Math.abs(timestamp) <= LATEST_SECONDS)) return 'No timestamp';
  const delay = (now - timestamp * 1000).toFixed(2);
  return `timestamp: ${new Date(timestamp * 1000).toISOString()} | delay: ${delay} ms`;
}

function typeOf(value: TrainValue): string {
  if (isNdArray(value)) return 'array';
  if (value === null) return 'None';
  if (value instanceof Map) return 'dict';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) {
    const types = new Set((value as readonly TrainValue[]).map(typeOf));
    if (types.size === 0) return 'list';
    return types.size === 1 ? `list of ${[...types][0]}` : 'list of several types';
  }
  return { bigint: 'int', number: 'float', boolean: 'bool' }[typeof value as string] ?? 'str';
}

/** JSON has neither 64-bit integers nor bytes, NaN or infinity: those become text, bytes that are none `{ bytes: hex }`. */
function plain(value: TrainValue): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return bytesText(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry)]));
  if (Array.isArray(value)) return value.map(plain);
  if (isNdArray(value)) return `${value.dtype} [${value.shape}]`;
  return value;
}

function bytesText(bytes: Uint8Array): string | { readonly bytes: string } {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice());
  } catch {
    return { bytes: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') };
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
