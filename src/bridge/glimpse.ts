import { isNdArray } from '../core/ndarray.ts';
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

/** The same as text for people. @param milliseconds how long the train took */
export function printTrain(train: Train, milliseconds: number): string {
  const { sources, trainId } = describeTrain(train);
  const lines = [
    `Train ID: ${trainId} --------------------------`,
    `Data from ${sources.length} sources, took ${milliseconds.toFixed(1)} ms`,
    '',
  ];
  for (const [i, source] of sources.entries()) {
    lines.push(`Source ${i + 1}: '${source.name}' @ ${source.metadata['timestamp.tid'] ?? 'no train id'}`);
    lines.push(`timestamp: ${describeTime(source.metadata['timestamp'])}`, 'data:');
    for (const entry of source.keys) {
      const what =
        'dtype' in entry ? `${entry.dtype}, [${entry.shape}]` : shorten(JSON.stringify(entry.value) ?? 'null');
      lines.push(` - [${entry.type}] ${shorten(entry.key)}, ${what}`);
    }
    lines.push('');
  }
  return `${lines.map(printable).join('\n')}\n`;
}

/** Names come from the network: what a terminal would obey is shown as a question mark. */
function printable(line: string): string {
  return line.replace(/\p{C}/gu, '?');
}

/** Beyond this many seconds a Date has no value. */
const LATEST_SECONDS = 8.64e12;

function describeTime(timestamp: unknown): string {
  if (typeof timestamp !== 'number' || !(Math.abs(timestamp) <= LATEST_SECONDS)) return 'No timestamp';
  return `${new Date(timestamp * 1000).toISOString()} (delay ${(Date.now() - timestamp * 1000).toFixed(0)} ms)`;
}

function typeOf(value: TrainValue): string {
  if (isNdArray(value)) return 'array';
  if (value === null) return 'nil';
  if (value instanceof Map) return 'map';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  return { bigint: 'int', number: 'float', boolean: 'bool' }[typeof value as string] ?? 'str';
}

/** JSON has neither 64-bit integers nor bytes, NaN or infinity: those become text. */
function plain(value: TrainValue): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry)]));
  if (Array.isArray(value)) return value.map(plain);
  if (isNdArray(value)) return `${value.dtype} [${value.shape}]`;
  return value;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
