import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { goldenMessages } from '../../test/golden/bridge/kbm.ts';
import { isXfelError } from '../core/errors.ts';
import { type BridgeSource, decodeBridgeMessage, encodeBridgeMessage } from './bridge-message.ts';
import { MsgpackExtension, type MsgpackMap, type MsgpackValue } from './msgpack.ts';

// biome-ignore lint/suspicious/noExplicitAny: tagged JSON of the fixtures, see test/golden/bridge/README.md
type Tagged = any;

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

function bits(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return Buffer.from(view.buffer).toString('hex');
}

/** Compares one decoded value with its tagged JSON. */
function expectValue(value: MsgpackValue | undefined, tagged: Tagged, where: string): unknown {
  switch (tagged.t) {
    case 'int':
      return expect(value, where).toBe(BigInt(tagged.v));
    case 'float':
      expect(typeof value, where).toBe('number');
      if (tagged.v === 'nan') return expect(value, where).toBeNaN();
      return expect(bits(value as number), where).toBe(tagged.f64le);
    case 'bool':
    case 'nil':
      return expect(value, where).toBe(tagged.v ?? null);
    case 'str':
      return tagged.v === undefined
        ? expect(sha256(value as string), where).toBe(tagged.sha256_utf8)
        : expect(value, where).toBe(tagged.v);
    case 'bin':
      expect(value, where).toBeInstanceOf(Uint8Array);
      return tagged.hex === undefined
        ? expect([(value as Uint8Array).length, sha256(value as Uint8Array)], where).toEqual([
            tagged.len,
            tagged.sha256,
          ])
        : expect(Buffer.from(value as Uint8Array).toString('hex'), where).toBe(tagged.hex);
    case 'list': {
      const list = value as MsgpackValue[];
      if (tagged.v === undefined) return expect(list.length, where).toBe(tagged.len);
      expect(list.length, where).toBe(tagged.v.length);
      for (const [i, entry] of tagged.v.entries()) expectValue(list[i], entry, `${where}[${i}]`);
      return;
    }
    case 'map':
      expect((value as MsgpackMap).entries.length, where).toBe(tagged.v.length);
      for (const [i, [key, entry]] of tagged.v.entries()) {
        const [gotKey, got] = (value as MsgpackMap).entries[i];
        expect(gotKey, where).toEqual(typeof key === 'string' ? key : new Uint8Array(Buffer.from(key.binkey, 'hex')));
        expectValue(got, entry, `${where}.${key}`);
      }
      return;
    case 'ext':
    case 'timestamp':
      return expect(value, where).toBeInstanceOf(MsgpackExtension);
    default:
      throw new Error(`the test does not know tag ${tagged.t} of ${where}`);
  }
}

/** Python's dict: the last pair of a key wins, in the place of the first. */
function dictOf(map: MsgpackMap | null): Map<MsgpackValue, MsgpackValue> {
  return new Map(map?.entries ?? []);
}

function expectSources(sources: readonly BridgeSource[], decoded: Tagged): void {
  expect(sources.map((s) => s.source)).toEqual(decoded.map((d: Tagged) => d.source));
  for (const [i, { source, metadata, data, arrays }] of sources.entries()) {
    const { metadata: wantedMetadata, data: wantedData } = decoded[i];
    const gotMetadata = dictOf(metadata);
    expect([...gotMetadata.keys()]).toEqual(wantedMetadata.map(([key]: [string]) => key));
    for (const [key, tagged] of wantedMetadata) expectValue(gotMetadata.get(key), tagged, `${source} metadata ${key}`);
    const scalars = dictOf(data);
    const byPath = new Map(arrays.map((array) => [array.path, array]));
    expect(new Set([...scalars.keys(), ...byPath.keys()])).toEqual(new Set(wantedData.map(([key]: [string]) => key)));
    for (const [key, tagged] of wantedData) {
      if (tagged.t !== 'array') {
        expectValue(scalars.get(key), tagged, `${source} ${key}`);
        continue;
      }
      const array = byPath.get(key);
      expect(array?.shape, key).toEqual(tagged.shape);
      expect([array?.bytes.length, sha256(array?.bytes ?? '')], key).toEqual([tagged.nbytes, tagged.sha256]);
      expect(array?.bytes.length, key).toBe(tagged.itemsize * tagged.shape.reduce((a: number, b: number) => a * b, 1));
    }
  }
}

describe('messages of the Python server, protocol 2.2', () => {
  const messages = goldenMessages('ok');
  it.each(messages)('$name is read, and written byte for byte', ({ parts, answer }) => {
    const sources = decodeBridgeMessage(parts);
    expectSources(sources, answer.decoded);
    const written = encodeBridgeMessage(sources);
    expect(written.map((part) => Buffer.from(part).toString('hex'))).toEqual(
      parts.map((part) => Buffer.from(part).toString('hex')),
    );
  });
  it('covers them all', () => expect(messages.length).toBeGreaterThanOrEqual(25));
});

describe('legal messages that the Python server never sends', () => {
  it.each(goldenMessages('foreign').filter((m) => m.parts.length > 1))('$name', ({ parts, answer }) => {
    expectSources(decodeBridgeMessage(parts), answer.decoded);
  });
});

describe('malformed messages', () => {
  it.each(goldenMessages('bad'))('$name: $answer.must', ({ name, parts, answer }) => {
    let error: unknown;
    try {
      decodeBridgeMessage(parts);
    } catch (caught) {
      error = caught;
    }
    if (error === undefined) return expect([answer.must, name]).toEqual(['implementation-choice', 'content_ImageData']);
    expect(isXfelError(error, 'MessageInvalid') && typeof error.details['part'], String(error)).toBe('number');
    if (answer.must === 'reject-with-this-text') expect((error as Error).message).toContain('Error: bad request');
  });
});

describe('truncation', () => {
  const { parts } = goldenMessages('ok').find((m) => m.name === 'control_scalars_v2.2') ?? { parts: [] };
  it('of any part at any byte is refused', () => {
    for (const [index, part] of parts.entries()) {
      for (let length = 0; length < part.length; length++) {
        const cut = parts.map((p, i) => (i === index ? p.subarray(0, length) : p));
        expect(() => decodeBridgeMessage(cut)).toThrow(/Bridge message, part/);
      }
    }
  });
});
