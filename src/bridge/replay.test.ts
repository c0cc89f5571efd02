import { describe, expect, it } from 'vitest';
import { goldenMessages } from '../../test/golden/bridge/kbm.ts';
import { type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import { type OutgoingPart, wholeParts } from './outgoing-part.ts';
import { createReplay } from './replay.ts';
import { trainOfMessage } from './train-message.ts';

function train(number: number, image: NdArray = zeros('uint16', [2, 4, 4])): Train {
  const data = new Map<string, TrainValue>([
    ['image.data', image],
    ['image.trainId', ndarray('uint64', [2], BigUint64Array.of(5n, 5n))],
    ['number', BigInt(number)],
    ['data.trainId', 5n],
    ['metadata', new Map([['timestamp.tid', 5n]])],
  ]);
  return {
    trainId: 5,
    sources: new Map([
      [
        'D',
        {
          data,
          metadata: new Map([
            ['timestamp.tid', 5n],
            ['ignored_keys', 7n],
          ]),
        },
      ],
    ]),
  };
}
const read = (parts: readonly OutgoingPart[]) => trainOfMessage(decodeBridgeMessage(wholeParts(parts)), 0, () => {});

describe('createReplay', () => {
  it('goes round, with train ids that only grow, in the metadata and in the data', () => {
    const next = createReplay([train(0), train(1), train(2)], 1000);
    for (let i = 0; i < 7; i++) {
      const sent = read(next());
      const { data, metadata } = sent.sources.get('D') ?? { data: new Map(), metadata: new Map() };
      expect([sent.trainId, data.get('number')]).toEqual([1000 + i, BigInt(i % 3)]);
      expect((data.get('image.trainId') as NdArray).data).toEqual(
        BigUint64Array.of(1000n + BigInt(i), 1000n + BigInt(i)),
      );
      expect(data.get('data.trainId')).toBe(1000n + BigInt(i));
      expect(data.has('metadata')).toBe(false);
      expect(metadata.get('ignored_keys')).toBe(7n);
      const times = ['timestamp', 'timestamp.tid', 'timestamp.sec', 'timestamp.frac'];
      expect([...metadata.keys()]).toEqual(['source', ...times, 'ignored_keys']);
      expect(Math.abs(Number(metadata.get('timestamp')) * 1000 - Date.now())).toBeLessThan(1000);
      expect(metadata.get('timestamp.frac')).toMatch(/^\d{18}$/);
      expect(Number(`${metadata.get('timestamp.sec')}.${metadata.get('timestamp.frac')}`)).toBeCloseTo(
        Number(metadata.get('timestamp')),
        3,
      );
    }
  });

  it.each(['1.0', '2.0', '2.1', '2.2'] as const)('never copies the big arrays, in protocol %s', (protocol) => {
    const large = ndarray('uint16', [4, 1024], new Uint16Array(4096).fill(7));
    const next = createReplay([train(0, large)], 1000, protocol);
    for (let i = 0; i < 3; i++) {
      const parts = next();
      expect(parts.flat().filter((piece) => piece.buffer === large.data.buffer)).toHaveLength(1);
      const { trainId, sources } = read(parts);
      expect([trainId, sources.get('D')?.data.get('image.data')]).toEqual([1000 + i, large]);
    }
  });

  it('says that there is nothing to replay', () => {
    expect(() => createReplay([])).toThrow(/no train to replay/);
  });

  it('sends what was received from a python server the same way again, but for the times', () => {
    const golden = goldenMessages('ok').find(({ name }) => name === 'sim_agipd_raw_v2.2');
    const received = read(golden?.parts ?? []);
    const again = read(createReplay([received])());
    const [[name, { data }]] = received.sources;
    const { data: got } = again.sources.get(name) ?? { data: new Map() };
    expect([...got.keys()]).toEqual([...data.keys()]);
    for (const [key, value] of data) if (!key.endsWith('trainId')) expect(got.get(key), key).toEqual(value);
  });
});
