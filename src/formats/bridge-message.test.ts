import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { goldenMessages, recordedMessages } from '../../test/golden/bridge/kbm.ts';
import { isXfelError } from '../core/errors.ts';
import { wireItemSize, wireTypeString } from './bridge-dtype.ts';
import { decodeBridgeMessage, encodeBridgeMessage } from './bridge-message.ts';
import { numpyOf } from './bridge-numpy.ts';
import type { BridgeArray, BridgeSource } from './bridge-source.ts';
import { decodeMsgpack, MsgpackExtension, MsgpackMap, type MsgpackValue } from './msgpack.ts';
import { encodeMsgpack } from './msgpack-encode.ts';

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
    case 'npscalar':
    case 'array': {
      const numpy = numpyOf(value as MsgpackMap);
      if (numpy?.kind !== (tagged.t === 'array' ? 'array' : 'scalar')) throw new Error(`${where} is ${numpy?.kind}`);
      expectArray(numpy.array, tagged, where);
      return;
    }
    case 'complex':
      expect(numpyOf(value as MsgpackMap), where).toEqual({ kind: 'complex', parts: [tagged.re.v, tagged.im.v] });
      return;
    default:
      throw new Error(`the test does not know tag ${tagged.t} of ${where}`);
  }
}

function expectArray(array: Omit<BridgeArray, 'path'> | undefined, tagged: Tagged, where: string): void {
  if (tagged.hex !== undefined) {
    expect(Buffer.from(array?.bytes ?? []).toString('hex'), where).toBe(tagged.hex);
    expect(wireTypeString(array?.dtype ?? ''), where).toBe(tagged.typestr);
    return;
  }
  expect(array?.shape, where).toEqual(tagged.shape);
  expect([array?.bytes.length, sha256(array?.bytes ?? '')], where).toEqual([tagged.nbytes, tagged.sha256]);
  expect(array?.bytes.length, where).toBe(tagged.itemsize * tagged.shape.reduce((a: number, b: number) => a * b, 1));
  if (tagged.typestr === undefined) return;
  if (typeof tagged.typestr === 'string') expect(wireTypeString(array?.dtype ?? ''), where).toBe(tagged.typestr);
  // Raw bytes are a record with one nameless field to numpy.
  else if (array?.dtype.startsWith('|V')) expect([['', array.dtype]]).toEqual([['', tagged.typestr[0][1]]]);
  else expect(array?.dtype, where).toBe(tagged.dtype);
}

/** Python's dict: the last pair of a key wins, in the place of the first. */
function dictOf(map: MsgpackMap | null): Map<MsgpackValue, MsgpackValue> {
  return new Map(map?.entries ?? []);
}

function expectSources(sources: readonly BridgeSource[], decoded: Tagged): void {
  expect(sources.map((s) => s.source)).toEqual(decoded.map((d: Tagged) => d.source));
  for (const [i, { source, metadata, data, arrays, order }] of sources.entries()) {
    const { metadata: wantedMetadata, data: wantedData } = decoded[i];
    const gotMetadata = dictOf(metadata);
    expect([...gotMetadata.keys()]).toEqual(wantedMetadata.map(([key]: [string]) => key));
    for (const [key, tagged] of wantedMetadata) expectValue(gotMetadata.get(key), tagged, `${source} metadata ${key}`);
    const scalars = dictOf(data);
    // Python's client leaves the metadata of protocol 1.0 among the data as well.
    if (order && metadata) scalars.set('metadata', metadata);
    const byPath = new Map(arrays.map((array) => [array.path, array]));
    const keys = wantedData.map(([key]: [string]) => key);
    if (order) expect(order, source).toEqual(keys);
    expect(new Set([...scalars.keys(), ...byPath.keys()])).toEqual(new Set(keys));
    for (const [key, tagged] of wantedData) {
      if (tagged.t === 'array') expectArray(byPath.get(key), tagged, `${source} ${key}`);
      else expectValue(scalars.get(key), tagged, `${source} ${key}`);
    }
  }
}

const hexOf = (parts: readonly Uint8Array[]) => parts.map((part) => Buffer.from(part).toString('hex'));

/** Legal messages that are written in another way than they came, and why. */
const REWRITTEN: Readonly<Record<string, string>> = {
  'masked_array_v1.0': 'an array map inside an array map is written as one',
};

describe('messages of the Python server', () => {
  const messages = goldenMessages('ok');
  it.each(messages)('$name is read, and written byte for byte', ({ name, parts, answer }) => {
    const sources = decodeBridgeMessage(parts);
    expectSources(sources, answer.decoded);
    const written = encodeBridgeMessage(sources, { protocol: answer.protocol });
    if (!(name in REWRITTEN)) return expect(hexOf(written)).toEqual(hexOf(parts));
    // What it is instead says the same, and is written the same again.
    const again = decodeBridgeMessage(written);
    expectSources(again, answer.decoded);
    expect(hexOf(encodeBridgeMessage(again, { protocol: answer.protocol }))).toEqual(hexOf(written));
  });
  it('covers them all', () => {
    expect(messages.filter(({ name }) => name.endsWith('v2.2')).length).toBe(28);
    expect(messages.filter(({ name }) => name.endsWith('v1.0')).length).toBe(23);
  });
});

describe('recorded trains', () => {
  const both = (['2.2', '1.0'] as const).flatMap((protocol) =>
    recordedMessages(`v${protocol}`).map((each) => ({ ...each, protocol })),
  );
  it.each(both)('$name of protocol $protocol is read, and written byte for byte', ({ parts, protocol }) => {
    expect(encodeBridgeMessage(decodeBridgeMessage(parts), { protocol })).toEqual(parts);
  });
});

describe('legal messages that the Python server never sends', () => {
  it.each(goldenMessages('foreign'))('$name', ({ parts, answer }) => {
    const sources = decodeBridgeMessage(parts);
    expectSources(sources, answer.decoded);
    // Read again after writing it says the same, also when it was written in other words.
    const protocol = parts.length === 1 ? '1.0' : '2.2';
    expectSources(decodeBridgeMessage(encodeBridgeMessage(sources, { protocol })), answer.decoded);
  });
});

/** What each malformed message is told: the part, the offset inside msgpack, the reason. */
const REFUSALS: Readonly<Record<string, string>> = {
  array32_huge: 'Bridge message, part 1: msgpack: 4294967295 elements announced, 0 bytes left at byte 8 of 8.',
  array_before_source: 'Bridge message, part 0: an array of S/1 comes before the source itself.',
  array_bytes_for_empty_shape: 'Bridge message, part 3: array float32 [0] needs 0 bytes, got 8.',
  array_empty_bytes: 'Bridge message, part 3: array float32 [2] needs 8 bytes, got 0.',
  array_long: 'Bridge message, part 3: array float32 [2] needs 8 bytes, got 12.',
  array_map_key: 'Bridge message, part 1: msgpack: a map key is a list, only text is allowed at byte 1 of 4.',
  array_ragged: 'Bridge message, part 3: array float32 [2] needs 8 bytes, got 7.',
  array_shape_float: 'Bridge message, part 2: an axis length is the float 2, a whole number >= 0 is needed.',
  array_shape_overflow:
    'Bridge message, part 3: array float32 [1099511627776,1099511627776] needs 4835703278458516698824704 bytes, got 8.',
  array_shape_string: 'Bridge message, part 2: the header has no "shape" list.',
  array_short: 'Bridge message, part 3: array float32 [2] needs 8 bytes, got 4.',
  bad_utf8_key: 'Bridge message, part 1: msgpack: text that is not UTF-8 at byte 2 of 4.',
  bad_utf8_value: 'Bridge message, part 1: msgpack: text that is not UTF-8 at byte 4 of 6.',
  bin32_huge: 'Bridge message, part 1: msgpack: 4294967295 bytes announced, 0 left at byte 8 of 8.',
  data_not_map: 'Bridge message, part 1: the data of S/1 is not a map.',
  deep_nesting: 'Bridge message, part 1: msgpack: nested more than 256 deep at byte 259 of 20004.',
  dtype_object:
    'Bridge message, part 2: dtype "object" cannot be received (objects are not allowed, they are the sender\'s pickles or pointers: send text as a list).',
  dtype_structured_text:
    "Bridge message, part 2: dtype \"[('a', '<i4'), ('b', '<f8')]\" cannot be received (records are not allowed in protocol 2: send each field as an array of its own).",
  empty_part:
    'Bridge message, part 0: it is the only one, and no bridge message. Check that the endpoint is a Karabo bridge.',
  error_reply: 'The bridge server says: Error: bad request hello',
  header_not_map: 'Bridge message, part 0: the header is not a map.',
  header_source_int: 'Bridge message, part 0: the header has a wrong "source" (text expected).',
  int_map_key: 'Bridge message, part 1: msgpack: a map key is an integer, only text is allowed at byte 1 of 3.',
  map32_huge: 'Bridge message, part 1: msgpack: 4294967295 elements announced, 0 bytes left at byte 5 of 5.',
  missing_content: 'Bridge message, part 0: the header has no "content" (text expected).',
  missing_dtype: 'Bridge message, part 2: the header has no "dtype" (text expected).',
  missing_path: 'Bridge message, part 2: the header has no "path" (text expected).',
  missing_shape: 'Bridge message, part 2: the header has no "shape" list.',
  missing_source: 'Bridge message, part 0: the header has no "source" (text expected).',
  nil_map_key: 'Bridge message, part 1: msgpack: a map key is nil, only text is allowed at byte 1 of 3.',
  odd_part_count: 'Bridge message, part 2: 3 parts; headers and data come in pairs.',
  odd_part_count_5: 'Bridge message, part 4: 5 parts; headers and data come in pairs.',
  random_bytes: 'Bridge message, part 0: msgpack: text that is not UTF-8 at byte 1 of 64.',
  reserved_c1: 'Bridge message, part 0: msgpack: the reserved byte 0xc1 at byte 0 of 1.',
  shape_minus1: 'Bridge message, part 2: an axis length is -1, a whole number >= 0 is needed.',
  shape_plain_int: 'Bridge message, part 2: the header has no "shape" list.',
  str32_huge: 'Bridge message, part 1: msgpack: 4294967295 bytes announced, 0 left at byte 8 of 8.',
  trailing_data: 'Bridge message, part 1: msgpack: 1 bytes after the value at byte 4 of 5.',
  trailing_header: 'Bridge message, part 0: msgpack: 1 bytes after the value at byte 72 of 73.',
  truncated_data: 'Bridge message, part 1: msgpack: 6 bytes announced, 4 left at byte 4 of 8.',
  truncated_header: 'Bridge message, part 0: msgpack: 8 bytes announced, 5 left at byte 64 of 69.',
  unknown_content: 'Bridge message, part 2: content "weird" is unknown (msgpack or array expected).',
  unknown_dtype: 'Bridge message, part 2: dtype "float80x" cannot be received (no numpy type of that name is known).',
  v1_nd_bad_type:
    'Bridge message, part 0: S/1 x: dtype "zz" cannot be received (no numpy type of that name is known) at byte 11.',
  v1_nd_long: 'Bridge message, part 0: S/1 x: array float32 [1] needs 4 bytes, got 8 at byte 49.',
  v1_nd_short: 'Bridge message, part 0: S/1 x: array float32 [3] needs 12 bytes, got 8 at byte 49.',
  v1_not_map:
    'Bridge message, part 0: it is the only one, and no bridge message. Check that the endpoint is a Karabo bridge.',
  v1_pickle:
    "Bridge message, part 0: S/1 x: an array of Python objects comes as a pickle, which is never executed: send text as a list, numbers in numpy's types at byte 49.",
  v1_source_not_map: 'Bridge message, part 0: source S/1 is a number, a map of its values is needed.',
  v1_truncated: 'Bridge message, part 0: msgpack: 1 bytes announced, 0 left at byte 8 of 8.',
  zero_parts: 'Bridge message, part 0: the message is empty.',
};

describe('malformed messages', () => {
  const messages = goldenMessages('bad');
  it.each(messages)('$name: $answer.must', ({ name, parts, answer }) => {
    let error: unknown;
    try {
      decodeBridgeMessage(parts);
    } catch (caught) {
      error = caught;
    }
    // The one that is read: older servers send pictures so.
    if (error === undefined) return expect([answer.must, name]).toEqual(['implementation-choice', 'content_ImageData']);
    if (!isXfelError(error, 'MessageInvalid')) throw error;
    expect(error.message).toBe(REFUSALS[name]);
    const [, part, , offset] = /(?:part (\d+)|The bridge server says).*?(at byte (\d+))?/.exec(error.message) ?? [];
    expect(error.details['part']).toBe(Number(part ?? 0));
    if (offset !== undefined) expect(error.details['offset']).toBe(Number(offset));
  });
  it('are all in the table', () => {
    const names = messages.map(({ name }) => name).filter((name) => name !== 'content_ImageData');
    expect(names.sort()).toEqual(Object.keys(REFUSALS).sort());
  });
});

describe('what numpy would read but no sender writes', () => {
  const read = (dtype: string, shape: bigint[], bytes: number) => {
    const array = { path: 'x', dtype, shape: [], bytes: new Uint8Array(bytes) };
    const parts = encodeBridgeMessage([{ source: 'S', metadata: null, data: new MsgpackMap([]), arrays: [array] }]);
    const header = decodeMsgpack(parts[2]) as MsgpackMap;
    parts[2] = encodeMsgpack(new MsgpackMap(header.entries.map(([k, v]) => [k, k === 'shape' ? shape : v])));
    return decodeBridgeMessage(parts)[0].arrays[0];
  };
  it.each(['<U0', '|S0', '|V0', 'u3', '<i5', 'f1', 'c4', 'b2', 'O8', 'M8', '<U4x', 'string'])('dtype %s', (dtype) => {
    // an element of no bytes would let any shape pass
    expect(() => read(dtype, [2n ** 40n], 0)).toThrow(/part 2: dtype ".*" cannot be received/);
  });
  it.each([
    ['>f8', 8],
    ['<U2', 8],
    ['|S3', 3],
    ['V5', 5],
    ['float128', 16],
    ['=u2', 2],
    ['c16', 16],
  ])('dtype %s has %i bytes', (dtype, size) => {
    expect(read(dtype, [3n], 3 * size).shape).toEqual([3]);
    expect(wireItemSize(dtype)).toBe(size);
  });
  it('33 axes', () => {
    expect(() => read('uint8', new Array(33).fill(1n), 1)).toThrow(/33 dimensions/);
  });
});

describe('one part only', () => {
  it.each([
    ['Error: bad request hello\n', 'The bridge server says: Error: bad request hello'],
    ['Gerät nicht bereit', 'The bridge server says: Gerät nicht bereit'],
    [`${'a'.repeat(499)}ä`, `The bridge server says: ${'a'.repeat(499)}\ufffd`],
    ['\x1b[31mred', 'Check that the endpoint is a Karabo bridge'],
    ['ok', 'Check that the endpoint is a Karabo bridge'],
  ])('the words of a server are shown if they are words: %j', (text, message) => {
    expect(() => decodeBridgeMessage([new TextEncoder().encode(text)])).toThrow(message);
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
