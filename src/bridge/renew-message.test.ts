import { describe, expect, it } from 'vitest';
import { goldenMessages } from '../../test/golden/bridge/kbm.ts';
import { decodeBridgeMessage, encodeBridgeMessage } from '../formats/bridge-message.ts';
import type { BridgeSource } from '../formats/bridge-source.ts';
import { MsgpackMap, type MsgpackValue } from '../formats/msgpack.ts';
import { factsOfMessage } from './recorded-message.ts';
import { renewMessage } from './renew-message.ts';

const NOW = 1_700_000_000_012;
const RENEWED = new Set(['source', 'timestamp', 'timestamp.tid', 'timestamp.sec', 'timestamp.frac', 'metadata']);
const isSame = (key: MsgpackValue) => !RENEWED.has(String(key)) && !/(^|\.)trainId$/.test(String(key));

/** What a message holds apart from ids and times. */
function rest(sources: readonly BridgeSource[]) {
  return sources.map(({ source, metadata, data, arrays }) => ({
    source,
    metadata: metadata?.entries.filter(([key]) => isSame(key)) ?? [],
    inside: ((data.get('metadata') as MsgpackMap | undefined)?.entries ?? []).filter(([key]) => isSame(key)),
    data: data.entries.filter(([key]) => isSame(key)),
    arrays: arrays.map(({ path, dtype, shape, bytes, fields }) => ({
      path,
      dtype,
      shape,
      fields,
      bytes: isSame(path) ? [...bytes] : bytes.length,
    })),
  }));
}

const messages = (['ok', 'foreign'] as const)
  .flatMap((kind) => goldenMessages(kind))
  .filter(({ name, parts }) => factsOfMessage(parts).trainId > 0n && !name.includes('fullsize'));

describe('a message under a new train id', () => {
  it.each(messages)('$name keeps all else, with its types', ({ parts }) => {
    const { protocol } = factsOfMessage(parts);
    if (protocol === 'unknown') throw new Error('a golden message that cannot be read');
    const sources = decodeBridgeMessage(parts);
    const sent = encodeBridgeMessage(renewMessage(sources, 777, NOW), { protocol });
    expect(factsOfMessage(sent)).toMatchObject({ protocol, trainId: 777n });
    const again = decodeBridgeMessage(sent);
    expect(rest(again)).toEqual(rest(sources));
    for (const { metadata, data } of again)
      for (const map of [metadata, data.get('metadata')]) {
        if (!(map instanceof MsgpackMap)) continue;
        expect(map.get('timestamp.tid')).toBe(777n);
        expect(map.get('timestamp')).toBe(NOW / 1000);
        expect(BigInt(map.get('timestamp.frac') as string | bigint)).toBe(12n * 10n ** 15n);
      }
  });

  it('has it wherever the data repeat it: numbers, and arrays of 64 bits in their byte order', () => {
    const id = (text: string, value: bigint) => {
      const bytes = new Uint8Array(16);
      const view = new DataView(bytes.buffer);
      for (const at of [0, 8]) view.setBigUint64(at, value, !text.startsWith('>'));
      return { path: `${text}.trainId`, dtype: text, shape: [2], bytes };
    };
    const source = (value: bigint, frac: MsgpackValue): BridgeSource => ({
      source: 'S',
      metadata: new MsgpackMap([
        ['timestamp.tid', value],
        ['timestamp.frac', frac],
      ]),
      data: new MsgpackMap([
        ['trainId', value],
        ['data.trainId', value],
        ['my.trainIdea', 5n],
        ['header.trainId', 'text'],
      ]),
      arrays: [id('uint64', value), id('>u8', value), id('int64', value)],
    });
    const [renewed] = renewMessage([source(5n, 3n)], 777, NOW);
    expect(renewed.data.entries).toEqual([
      ['trainId', 777n],
      ['data.trainId', 777n],
      ['my.trainIdea', 5n],
      ['header.trainId', 'text'],
    ]);
    expect(renewed.arrays).toEqual(source(777n, 3n).arrays);
    expect(renewed.metadata?.entries).toEqual([
      ['timestamp.tid', 777n],
      ['timestamp.frac', 12n * 10n ** 15n],
      ['source', 'S'],
      ['timestamp', NOW / 1000],
      ['timestamp.sec', '1700000000'],
    ]);
  });
});
