import { describe, expect, it } from 'vitest';
import { type DType, decodeFloat16 } from '../core/dtype.ts';
import { isNdArray, type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { decodeBridgeMessage, encodeBridgeMessage } from '../formats/bridge-message.ts';
import type { BridgeSource } from '../formats/bridge-source.ts';
import { MsgpackExtension, MsgpackMap, type MsgpackValue } from '../formats/msgpack.ts';
import { filledLike, messageOfTrain, trainOfMessage } from './train-message.ts';

function source(parts: Partial<BridgeSource>): BridgeSource {
  return { source: 'S', metadata: null, data: new MsgpackMap([]), arrays: [], ...parts };
}
const read = (...sources: BridgeSource[]) => trainOfMessage(sources, 5, () => {});
const array = (dtype: string, shape: number[], bytes: Uint8Array) =>
  source({ arrays: [{ path: 'x', dtype, shape, bytes }] });
const valueIn = (each: BridgeSource) => read(each).sources.get('S')?.data.get('x') as NdArray;
const meta = (...entries: [string, MsgpackValue][]) => new MsgpackMap(entries);
const train = (data: Record<string, TrainValue>): Train => ({
  trainId: 1,
  sources: new Map([['S', { data: new Map(Object.entries(data)), metadata: new Map() }]]),
});

describe('trainOfMessage', () => {
  it('takes the largest train id, from the metadata or (older protocols) from the data', () => {
    const id = (tid: MsgpackValue) => meta(['timestamp.tid', tid]);
    expect(read(source({ metadata: id(7n) }), source({ source: 'T', metadata: id(9n) })).trainId).toBe(9);
    expect(read(source({ data: meta(['metadata', id(7n)]) })).trainId).toBe(7);
    expect(read(source({ metadata: meta(), data: meta(['metadata', id(7n)]) })).trainId).toBe(7);
    for (const odd of [2n ** 60n, -1n, Number.NaN, 1.5, 'soon', null, true, meta()])
      expect(read(source({ metadata: id(odd) })).trainId, String(odd)).toBe(0);
    expect(read(source({ metadata: id('12') })).trainId).toBe(12);
  });

  it('keeps arrays where they are, unless they are misaligned or big-endian', () => {
    const bytes = Uint8Array.of(0, 0, 1, 0, 2, 0);
    const aligned = valueIn(array('uint16', [2], bytes.subarray(2)));
    expect([(aligned.data as Uint16Array).buffer === bytes.buffer, ...(aligned.data as Uint16Array)]).toEqual([
      true,
      1,
      2,
    ]);
    const odd = valueIn(array('uint16', [2], bytes.subarray(1, 5)));
    expect([(odd.data as Uint16Array).buffer === bytes.buffer, ...(odd.data as Uint16Array)]).toEqual([
      false,
      256,
      512,
    ]);
    const big = valueIn(array('>u2', [2], bytes.subarray(2)));
    expect([big.dtype, ...(big.data as Uint16Array)]).toEqual(['uint16', 256, 512]);
    const complex = valueIn(array('>c8', [1], Uint8Array.of(0x3f, 0x80, 0, 0, 0xbf, 0x80, 0, 0)));
    expect([complex.dtype, ...(complex.data as Float32Array)]).toEqual(['complex64', 1, -1]);
    expect([...bytes]).toEqual([0, 0, 1, 0, 2, 0]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('moves the arrays of a message of its own where they are (name +%i)', (extra) => {
    const values = ndarray(
      'float64',
      [20_000],
      Float64Array.from({ length: 20_000 }, (_, i) => i + 0.5),
    );
    const bytes = new TextEncoder().encode('before the array');
    const data = { text: 'abc', bytes, a: values, small: ndarray('float32', [2], Float32Array.of(1, 2)), b: values };
    const name = `S${'x'.repeat(extra)}`;
    const source = { data: new Map<string, TrainValue>(Object.entries(data)), metadata: new Map([['k', 'v']]) };
    const [part] = encodeBridgeMessage(messageOfTrain({ trainId: 1, sources: new Map([[name, source]]) }), {
      protocol: '1.0',
    });
    let asked = 0;
    const allocate = () => {
      asked++;
      return undefined;
    };
    const got = trainOfMessage(decodeBridgeMessage([part]), 0, () => {}, { mayWrite: true, allocate });
    expect(got.sources).toEqual(new Map([[name, source]]));
    for (const key of ['a', 'b']) {
      const array = got.sources.get(name)?.data.get(key) as NdArray<'float64'>;
      expect(array.data.buffer).toBe(part.buffer);
    }
    expect(asked).toBe(0);
  });

  it('writes to no message that is read by others, and beyond no part', () => {
    const bytes = new Uint8Array(80_008).map((_, i) => i);
    const before = bytes.slice();
    const wire = array('>f8', [10_000], bytes.subarray(8));
    const expected = valueIn(wire);
    expect(bytes).toEqual(before);
    const odd = array('float64', [10_000], bytes.subarray(3, 80_003));
    // A part of protocol 2 begins with the array: what lies before it is not ours.
    trainOfMessage([odd], 0, () => {}, { mayWrite: true });
    expect(bytes).toEqual(before);
    const swapped = trainOfMessage([wire], 0, () => {}, { mayWrite: true })
      .sources.get('S')
      ?.data.get('x') as NdArray;
    expect([swapped, (swapped.data as Float64Array).buffer === bytes.buffer]).toEqual([expected, true]);
  });

  it('reads text, and leaves what we have no type for as bytes', () => {
    const utf32 = new Uint8Array(Uint32Array.of(0xb5, 0x1f600, 0x61, 0).buffer);
    expect(valueIn(array('<U2', [2], utf32))).toEqual(ndarray('string', [2], ['µ😀', 'a']));
    expect(valueIn(array('|S3', [1, 1], Uint8Array.of(65, 0, 0)))).toEqual(ndarray('string', [1, 1], ['A']));
    expect(valueIn(array('<U1', [1], Uint8Array.of(255, 255, 255, 255))).data).toEqual(['\ufffd']);
    for (const [dtype, size] of [
      ['float128', 16],
      ['|V5', 5],
    ] as const)
      expect(valueIn(array(dtype, [2], new Uint8Array(2 * size)))).toMatchObject({ dtype: 'uint8', shape: [2, size] });
    const many = new Uint8Array(2_000_000);
    const bytes = valueIn(array('|S1', [2_000_000], many));
    expect([bytes.dtype, bytes.shape, bytes.data === many]).toEqual(['uint8', [2_000_000, 1], true]);
  });

  it('has text keys only: byte keys are read as text', () => {
    const inner = new MsgpackMap([[new TextEncoder().encode('key'), 1n]]);
    const { sources } = read(
      source({ metadata: inner, data: new MsgpackMap([[new TextEncoder().encode('outer'), inner]]) }),
    );
    expect(sources.get('S')?.metadata).toEqual(new Map([['key', 1n]]));
    expect(sources.get('S')?.data).toEqual(new Map([['outer', new Map([['key', 1n]])]]));
    expect(
      read(source({ data: meta(['x', new MsgpackExtension(5, Uint8Array.of(1))]) }))
        .sources.get('S')
        ?.data.get('x'),
    ).toEqual(Uint8Array.of(1));
  });
});

describe('messageOfTrain', () => {
  const roundTrip = (data: Record<string, TrainValue>) => {
    const sources = decodeBridgeMessage(encodeBridgeMessage(messageOfTrain(train(data))));
    return Object.fromEntries(trainOfMessage(sources, 0, () => {}).sources.get('S')?.data ?? []);
  };

  it('sends arrays of every type as they are', () => {
    const dtypes: DType[] = ['bool', 'int8', 'int64', 'uint64', 'float16', 'float64', 'complex64', 'complex128'];
    const data = Object.fromEntries(dtypes.map((dtype) => [dtype, zeros(dtype, [2, 3])]));
    expect(roundTrip(data)).toEqual(data);
    const [{ arrays }] = messageOfTrain(train(data));
    expect(arrays.map((each) => each.bytes.buffer)).toEqual(
      dtypes.map((dtype) => (data[dtype].data as Uint8Array).buffer),
    );
  });

  it('sends 0-d arrays as their value, and those that no plain value can say as arrays', () => {
    const half = (bits: number) => ndarray('float16', [], Uint16Array.of(bits));
    const sent = roundTrip({
      bool: ndarray('bool', [], Uint8Array.of(1)),
      int: ndarray('int16', [], Int16Array.of(-5)),
      long: ndarray('uint64', [], BigUint64Array.of(2n ** 63n)),
      float: ndarray('float32', [], Float32Array.of(2)),
      half: half(0x3e00),
      text: ndarray('string', [], ['abc']),
      texts: ndarray('string', [2], ['a', 'b']),
      complex: ndarray('complex64', [], Float32Array.of(1.5, -2)),
      list: [half(0x3c00), ndarray('int8', [2], Int8Array.of(1, 2))],
      table: ndarray('string', [2, 2], ['a', 'b', 'c', 'd']),
      inside: [ndarray('int8', [2, 1], Int8Array.of(1, 2)), ndarray('complex64', [], Float32Array.of(1.5, -2))],
    });
    expect(decodeFloat16(0x3e00)).toBe(1.5);
    expect(sent).toEqual({
      bool: true,
      int: -5n,
      long: 2n ** 63n,
      float: 2,
      half: 1.5,
      text: 'abc',
      texts: ['a', 'b'],
      complex: ndarray('complex64', [], Float32Array.of(1.5, -2)),
      list: [1, [1n, 2n]],
      table: [
        ['a', 'b'],
        ['c', 'd'],
      ],
      inside: [
        [[1n], [2n]],
        [1.5, -2],
      ],
    });
  });

  it.each([
    ['undefined', undefined],
    ['Object', { x: 1 }],
    ['Float32Array', Float32Array.of(1)],
    ['function', () => 1],
  ])('refuses what is no value, by its name: %s', (kind, value) => {
    // Callers without types give anything.
    const data = { list: [1, new Map([['x', value as never]])] };
    expect(() => messageOfTrain(train(data))).toThrow(`S list[1].x is ${kind}, which no message carries`);
  });

  it('sorts sources by name, as the python server does', () => {
    const { sources } = train({});
    const [empty] = sources.values();
    expect(
      messageOfTrain({
        trainId: 1,
        sources: new Map([
          ['b', empty],
          ['a', empty],
          ['B', empty],
        ]),
      }).map((s) => s.source),
    ).toEqual(['B', 'a', 'b']);
  });
});

it('fills like', () => {
  expect(filledLike(zeros('uint64', [2]), 7n)).toEqual(ndarray('uint64', [2], BigUint64Array.of(7n, 7n)));
  expect(isNdArray(filledLike(zeros('float64', [1]), 7n))).toBe(true);
});
