import { expect, it } from 'vitest';
import { bytesOf, type NdArray, ndarray } from '../core/ndarray.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import { SlotPool } from '../live/slot-pool.ts';
import { AlignedMemory } from './aligned-memory.ts';
import { encodeTrain } from './train-message.ts';
import { TrainReader } from './train-reader.ts';

it.each([0, 1, 2, 3, 4, 5, 6, 7])(
  'the second message of a stream is not copied, wherever its array is (name +%i)',
  (extra) => {
    const values = ndarray(
      'float64',
      [20_000],
      Float64Array.from({ length: 20_000 }, (_, i) => i),
    );
    const name = `S${'x'.repeat(extra)}`;
    const source = { data: new Map([['a', values]]), metadata: new Map() };
    const [message] = encodeTrain({ trainId: 1, sources: new Map([[name, source]]) }, { protocol: '1.0' });
    const slots = new SlotPool(new Uint8Array(new SharedArrayBuffer(1 << 20)));
    const reader = new TrainReader((byteLength) => slots.lend(byteLength));
    const receive = () => {
      const lease = reader.allocate(message.length);
      if (!lease) throw new Error('no memory');
      lease.bytes.set(message);
      const train = reader.read({ parts: [lease.bytes], release: lease.release });
      const array = train.sources.get(name)?.data.get('a') as NdArray<'float64'>;
      expect(array).toEqual(values);
      const { byteOffset } = bytesOf(array);
      const isInPlace = byteOffset > lease.bytes.byteOffset && byteOffset < lease.bytes.byteOffset + message.length;
      const { lent } = slots;
      train.release?.();
      expect(slots.lent).toBe(0);
      return [isInPlace, lent];
    };
    const first = receive();
    expect(first).toEqual(first[0] ? [true, 1] : [false, 2]);
    expect(receive()).toEqual([true, 1]);
    expect(receive()).toEqual([true, 1]);
  },
);

it('makes memory of its own for a message that must be moved, where none is lent', () => {
  const values = ndarray('float64', [20_000], new Float64Array(20_000).fill(7));
  const reader = new TrainReader();
  expect(reader.allocate(1000)).toBeUndefined();
  const places = ['S', 'SS', 'SSS'].map((name) => {
    const source = { data: new Map([['a', values]]), metadata: new Map() };
    const [message] = encodeTrain({ trainId: 1, sources: new Map([[name, source]]) }, { protocol: '1.0' });
    reader.read({ parts: [message], release: () => {} });
    const own = reader.allocate(message.length)?.bytes ?? new Uint8Array(message.length);
    own.set(message);
    const array = reader
      .read({ parts: [own], release: () => {} })
      .sources.get(name)
      ?.data.get('a') as NdArray;
    expect(array).toEqual(values);
    return bytesOf(array).buffer === own.buffer;
  });
  expect(places).toEqual([true, true, true]);
});

it('says no when there is no memory, and leaves protocol 2 alone', () => {
  const source = { data: new Map([['a', ndarray('uint8', [9], new Uint8Array(9))]]), metadata: new Map() };
  const parts = encodeTrain({ trainId: 1, sources: new Map([['S', source]]) });
  const asked: number[] = [];
  const memory = new AlignedMemory((byteLength) => {
    asked.push(byteLength);
    return undefined;
  });
  memory.learn(parts, decodeBridgeMessage(parts));
  expect(memory.lend(100)).toBeUndefined();
  expect(asked).toEqual([100]);
});
