import { describe, expect, it } from 'vitest';
import { goldenMessages } from '../../test/golden/bridge/kbm.ts';
import { zeros } from '../core/ndarray.ts';
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
          m: new Map([['k', null]]),
          b: new Uint8Array(2),
          t: true,
          z: null,
        },
        { 'timestamp.tid': 7n, timestamp: 1_600_000_000.5 },
      ),
      12.345,
    );
    expect(text).toContain('Train ID: 7 ---');
    expect(text).toContain('Data from 1 sources, took 12.3 ms');
    expect(text).toContain("Source 1: 'S/1' @ 7");
    expect(text).toContain('timestamp: 2020-09-13T12:26:40.500Z (delay ');
    for (const line of [
      '[array] a.b, uint16, [2,3]',
      '[int] n, 5',
      '[float] x, 0.5',
      '[str] s, "text"',
      '[list] l, [1,2]',
      '[map] m, {"k":null}',
      '[bool] t, true',
      '[nil] z, null',
    ])
      expect(text).toContain(` - ${line}\n`);
  });

  it.each([[undefined], ['soon'], [Number.NaN], [Number.POSITIVE_INFINITY], [1e300], [-1e300]])(
    'a timestamp of %s is none',
    (timestamp) => {
      const text = printTrain(train({}, timestamp === undefined ? {} : { timestamp }), 1);
      expect(text).toContain('timestamp: No timestamp');
    },
  );

  it('cuts long values, and sends nothing to the terminal that it would obey', () => {
    const text = printTrain(train({ long: 'x'.repeat(500), '\x1b[31mred': '\x1b]0;title\x07', '\u009b2J': 1n }), 1);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(120);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('as JSON loses no integer', () => {
    const { sources } = describeTrain(
      train({ n: 2n ** 64n - 1n, small: 3n, inf: Number.POSITIVE_INFINITY, b: new Uint8Array([79, 78]) }),
    );
    expect(JSON.parse(JSON.stringify(sources[0].keys))).toEqual([
      { key: 'n', type: 'int', value: '18446744073709551615' },
      { key: 'small', type: 'int', value: 3 },
      { key: 'inf', type: 'float', value: 'Infinity' },
      { key: 'b', type: 'bytes', value: 'ON' },
    ]);
  });

  it.each(goldenMessages('ok'))('tells something of $name', ({ parts }) => {
    const received = trainOfMessage(decodeBridgeMessage(parts), 0, () => {});
    expect(printTrain(received, 1)).toContain(`Data from ${received.sources.size} sources`);
    expect(() => JSON.stringify(describeTrain(received))).not.toThrow();
  });
});
