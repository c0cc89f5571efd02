import { describe, expect, it } from 'vitest';
import { goldenMessages } from '../../test/golden/bridge/kbm.ts';
import { ndarray, zeros } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import { describeTrain, printTrain } from './glimpse.ts';
import { trainOfMessage } from './train-message.ts';

function train(data: Record<string, TrainValue>, metadata: Record<string, TrainValue> = {}): Train {
  return {
    trainId: 7,
    sources: new Map([['S/1', { data: new Map(Object.entries(data)), metadata: new Map(Object.entries(metadata)) }]]),
  };
}

describe('glimpse', () => {
  it('lists sources, keys, types and values', () => {
    const text = printTrain(
      train(
        {
          'a.b': zeros('uint16', [2, 3]),
          n: 5n,
          x: 0.5,
          s: 'text',
          l: [1n, 2n],
          q: [1n, 'a'],
          m: new Map([['k', null]]),
          b: new Uint8Array(2),
          t: true,
          z: null,
        },
        { 'timestamp.tid': 7n, timestamp: 1_600_000_000.5 },
      ),
      { milliseconds: 12.345 },
    );
    expect(text).toContain('Train ID: 7 ---');
    expect(text).toContain('Data from 1 sources, REQ-REP took 12.35 ms');
    expect(text).toContain("Source 1: 'S/1' @ 7");
    expect(text).toContain('timestamp: 2020-09-13T12:26:40.500Z | delay: ');
    for (const line of [
      '[array] a.b, uint16, [2,3]',
      '[int] n, 5',
      '[float] x, 0.5',
      '[str] s, "text"',
      '[list of int] l, [1,2]',
      '[list of several types] q, [1,"a"]',
      '[bool] t, true',
      '[None] z, null',
    ])
      expect(text).toContain(` - ${line}\n`);
    expect(text).toContain(' + [dict] m\n    - [None] k, null\n');
    expect(text).toContain('metadata:\n - [int] timestamp.tid, 7\n');
  });

  it('tells as much as it is asked', () => {
    const long = 'x'.repeat(100);
    const data = {
      b: long,
      a: ndarray('uint16', [3], Uint16Array.of(1, 2, 3)),
      c: zeros('complex64', [50]),
      h: ndarray('float16', [1], Uint16Array.of(0x3e00)),
      o: ndarray('bool', [2], Uint8Array.of(0, 1)),
      i: [1n, ndarray('int8', [2], Int8Array.of(1, -2))],
    };
    const [names, cut, whole, all] = [0, 1, 2, 3].map((verbosity) =>
      printTrain(train(data, { timestamp: 1.5, z: 1n }), { milliseconds: 1, verbosity, socket: 'SUB', now: 1750 }),
    );
    expect(names).toContain('timestamp: 1970-01-01T00:00:01.500Z | delay: 250.00 ms\n- data: [a, b, c, h, i, o]\n');
    expect(names).toContain('- metadata: [timestamp, z]\n');
    expect(names).toContain('Data from 1 sources, SUB waited 1.00 ms');
    expect(cut).toContain(`${'x'.repeat(70)}`);
    expect(cut).not.toContain(long);
    for (const text of [whole, all]) expect(text).toContain(long);
    expect(whole).toContain('[array] a, uint16, [3]\n');
    expect(all).toContain('[list of several types] i, [1,int8, [2]: [1 -2]]');
    for (const words of ['a, uint16, [3]: [1 2 3]', 'h, float16, [1]: [1.5]', 'o, bool, [2]: [false true]'])
      expect(all).toContain(words);
    expect(all).toMatch(/c, complex64, \[50\]: \[(0\+0j ){20}\.\.\.( 0\+0j){20}\]/);
  });

  it('writes numbers as numbers, however large, and keys in their order', () => {
    const inside = new Map<string, TrainValue>([
      ['10', -(2n ** 63n)],
      ['2', Number.NEGATIVE_INFINITY],
      ['__proto__', null],
      ['b', new TextEncoder().encode('ON"')],
    ]);
    const raw = Uint8Array.of(0xff, 0);
    const floats = [5, -0, 1e15, 1e16, 1e-7, 2.5];
    const data = {
      raw,
      floats,
      n: 2n ** 64n - 1n,
      nan: Number.NaN,
      l: [2n ** 60n, Number.POSITIVE_INFINITY],
      m: [inside],
    };
    const text = printTrain(train(data), { milliseconds: 1 });
    for (const line of [
      '[bytes] raw, {"bytes":"ff00"}',
      '[list of float] floats, [5.0,-0.0,1000000000000000.0,10000000000000000,1e-7,2.5]',
      '[int] n, 18446744073709551615',
      '[float] nan, NaN',
      '[list of several types] l, [1152921504606846976,Infinity]',
      '[list of dict] m, [{"10":-9223372036854775808,"2":-Infinity,"__proto__":null,"b":"ON\\""}]',
    ])
      expect(text).toContain(` - ${line}\n`);
  });

  it('says that a message is empty', () => {
    expect(printTrain({ trainId: 0, sources: new Map() }, { milliseconds: 1 })).toContain('Empty message');
  });

  it.each([[undefined], ['soon'], [Number.NaN], [Number.POSITIVE_INFINITY], [1e300], [-1e300]])(
    'a timestamp of %s is none',
    (timestamp) => {
      const text = printTrain(train({}, timestamp === undefined ? {} : { timestamp }), { milliseconds: 1 });
      expect(text).toContain('\nNo timestamp\n');
    },
  );

  it('cuts long values, and sends nothing to the terminal that it would obey', () => {
    const text = printTrain(train({ long: 'x'.repeat(500), '\x1b[31mred': '\x1b]0;title\x07', '\u009b2J': 1n }), {
      milliseconds: 1,
    });
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(120);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('as JSON loses no integer', () => {
    const { sources } = describeTrain(
      train({
        n: 2n ** 64n - 1n,
        small: 3n,
        inf: Number.POSITIVE_INFINITY,
        b: new Uint8Array([79, 78]),
        raw: new Uint8Array([255, 1]),
      }),
    );
    expect(JSON.parse(JSON.stringify(sources[0].keys))).toEqual([
      { key: 'n', type: 'int', value: '18446744073709551615' },
      { key: 'small', type: 'int', value: 3 },
      { key: 'inf', type: 'float', value: 'Infinity' },
      { key: 'b', type: 'bytes', value: 'ON' },
      { key: 'raw', type: 'bytes', value: { bytes: 'ff01' } },
    ]);
  });

  it.each(goldenMessages('ok'))('tells something of $name', ({ parts }) => {
    const received = trainOfMessage(decodeBridgeMessage(parts), 0, () => {});
    expect(printTrain(received, { milliseconds: 1 })).toContain(`Data from ${received.sources.size} sources`);
    expect(() => JSON.stringify(describeTrain(received))).not.toThrow();
  });
});
