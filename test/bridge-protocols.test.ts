import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeTrain, trainOfMessage } from '../src/bridge/train-message.ts';
import { bytesOf, isNdArray } from '../src/core/ndarray.ts';
import type { Train, TrainValue } from '../src/core/train.ts';
import { decodeBridgeMessage, encodeBridgeMessage } from '../src/formats/bridge-message.ts';
import { openRun } from '../src/platform/node/open-run.ts';
import { goldenMessages, recordedMessages } from './golden/bridge/kbm.ts';

const RUN = join(import.meta.dirname, 'golden', 'extra-data', 'root', 'SPB', '202301', 'p900001', 'raw', 'r0034');
const PROTOCOLS = ['1.0', '2.0', '2.1', '2.2'] as const;

const read = (parts: readonly Uint8Array[]): Train => trainOfMessage(decodeBridgeMessage(parts), 0, () => {});
/** A value in few words: of long arrays and texts a hash, so that a difference is one line and not a million. */
function wordsOf(value: TrainValue | undefined): unknown {
  const hash = (what: string | Uint8Array) => createHash('sha256').update(what).digest('hex').slice(0, 16);
  if (isNdArray(value)) {
    const { dtype, shape, data } = value;
    // Arrays of text are sent as lists, which every client can read.
    if (dtype === 'string') return [...data];
    return `${dtype} [${shape}] ${hash(bytesOf(value))}`;
  }
  if (value instanceof Uint8Array) return `bytes ${hash(value)}`;
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [`.${key}`, wordsOf(each)]));
  if (Array.isArray(value)) return value.length > 50 ? `list ${hash(value.map(wordsOf).join())}` : value.map(wordsOf);
  if (typeof value === 'string') return value.length > 100 ? `text ${hash(value)}` : value;
  return typeof value === 'bigint' ? `int ${value}` : Object.is(value, -0) ? '-0' : value;
}

/** The sources of a train in few words, without the order of their keys, which protocol 2 does not keep. */
const sourcesOf = ({ sources }: Train) =>
  Object.fromEntries(
    [...sources].map(([name, { data, metadata }]) => [name, [wordsOf(data as never), wordsOf(metadata as never)]]),
  );

/** Messages of which the two captures hold other values, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  dummy_timestamps: 'stamped with the time of sending',
};

describe('protocol 1.0 and 2.2', () => {
  const ok = new Map(goldenMessages('ok').map((each) => [each.name, each]));
  const pairs = [...ok.keys()]
    .filter((name) => name.endsWith('_v1.0') && ok.has(name.replace('_v1.0', '_v2.2')))
    .map((name) => name.replace('_v1.0', ''))
    .filter((name) => !name.startsWith('sim_'));
  it.each(pairs)('%s makes the same train', (name) => {
    const [first, second] = ['1.0', '2.2'].map((protocol) => read(ok.get(`${name}_v${protocol}`)?.parts ?? []));
    if (name in DIFFERENT) return expect(Object.keys(sourcesOf(first))).toEqual(Object.keys(sourcesOf(second)));
    expect(sourcesOf(first)).toEqual(sourcesOf(second));
    expect(first.trainId).toBe(second.trainId);
    for (const { data } of first.sources.values()) expect(data.get('metadata')).toBeUndefined();
  });
  it('of the simulator have the same keys, axes and dtypes', () => {
    const simulated = [...ok.keys()].filter((name) => name.startsWith('sim_') && name.endsWith('_v1.0'));
    let compared = 0;
    for (const name of simulated) {
      const other = ok.get(name.replace('_v1.0', '_v2.2'));
      if (!other) continue;
      compared++;
      const [first, second] = [read(ok.get(name)?.parts ?? []), read(other.parts)].map(({ sources }) =>
        [...sources].map(([source, { data }]) => [source, new Map([...data].map(([k, v]) => [k, shapeOf(v)]))]),
      );
      expect(first, name).toEqual(second);
    }
    expect(compared).toBeGreaterThanOrEqual(7);
  });
  it('recorded trains are the same', () => {
    const [first, second] = (['v1.0', 'v2.2'] as const).map((protocol) => recordedMessages(protocol));
    expect(first.length).toBe(6);
    for (const [i, { parts }] of first.entries())
      expect(sourcesOf(read(parts))).toEqual(sourcesOf(read(second[i].parts)));
  });
  it('what one has is sent in any other, and is the same train', () => {
    for (const { name, parts } of goldenMessages('ok')) {
      // Single numbers in arrays and texts in arrays are plain values once they have been sent.
      const expected = read(encodeTrain(read(parts)));
      expect(expected.trainId, name).toBe(read(parts).trainId);
      for (const protocol of PROTOCOLS) {
        const again = read(encodeTrain(expected, { protocol }));
        expect(sourcesOf(again), `${name} in ${protocol}`).toEqual(sourcesOf(expected));
        expect(sourcesOf(read(encodeTrain(read(parts), { protocol }))), `${name} in ${protocol}`).toEqual(
          sourcesOf(expected),
        );
      }
    }
  });
  it('values that only 1.0 has are sent in 2.2 as what is nearest', () => {
    const parts = ok.get('v1_only_values_v1.0')?.parts ?? [];
    const [[, { data }]] = read(encodeBridgeMessage(decodeBridgeMessage(parts))).sources;
    expect(data.get('np.bool')).toBe(true);
    expect(data.get('py.complex')).toEqual({ dtype: 'complex128', shape: [], data: Float64Array.of(1.5, 2.25) });
    expect(data.get('np.complex64')).toEqual({ dtype: 'complex64', shape: [], data: Float32Array.of(1, -2) });
    expect(data.get('list.np')).toEqual([1n, 2.5, false]);
    expect(data.get('list.arrays')).toEqual([[0n, 1n, 2n], [1.5]]);
    expect(data.get('dict.array')).toEqual(
      new Map<string, TrainValue>([
        ['a', [0n, 1n, 2n, 3n]],
        ['b', new Map([['c', 2.5]])],
      ]),
    );
    // and in 1.0 they are what they were
    const [[, direct]] = read(parts).sources;
    expect(direct.data.get('list.arrays')).toEqual([
      { dtype: 'uint16', shape: [3], data: Uint16Array.of(0, 1, 2) },
      { dtype: 'float64', shape: [1], data: Float64Array.of(1.5) },
    ]);
  });
});

function shapeOf(value: TrainValue): unknown {
  if (isNdArray(value)) return [value.dtype, value.shape];
  return Array.isArray(value) ? value : typeof value;
}

describe('a train of a run', () => {
  it('is the same from its file and from a bridge: keys, axes, dtypes, values', async () => {
    await using run = await openRun({ path: RUN });
    const trains = [];
    for (const trainId of run.trainIds.slice(0, 2)) trains.push(await run.readTrain(trainId));
    for (const train of trains) {
      for (const protocol of PROTOCOLS) {
        const got = read(encodeTrain(train, { protocol }));
        expect(got.trainId).toBe(train.trainId);
        let arrays = 0;
        for (const [name, { data, metadata }] of train.sources) {
          const received = got.sources.get(name);
          expect(received?.metadata, name).toEqual(metadata);
          expect(new Set(received?.data.keys()), name).toEqual(new Set(data.keys()));
          for (const [key, value] of data) {
            // Single numbers are numbers and text is text on the wire, as in Python's messages.
            if (!isNdArray(value) || value.dtype === 'string' || value.shape.length === 0) continue;
            expect(wordsOf(received?.data.get(key)), `${name} ${key}`).toEqual(wordsOf(value));
            arrays++;
          }
        }
        expect(arrays).toBeGreaterThan(20);
      }
    }
  });
});
