import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { decodeMsgpack, MsgpackExtension, MsgpackMap, type MsgpackValue } from './msgpack.ts';
import { encodeMsgpack, encodeMsgpackPieces, joinPieces } from './msgpack-encode.ts';

const { value } = fc.letrec<{ value: MsgpackValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.integer().map(BigInt),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 20 }).map((entries) => new MsgpackMap(entries)),
    fc
      .tuple(fc.integer({ min: -128, max: 127 }), fc.uint8Array({ maxLength: 20 }))
      .map(([code, bytes]) => new MsgpackExtension(code, bytes)),
  ),
}));

it('comes back as it was written', () => {
  fc.assert(
    fc.property(value, (v) => {
      expect(decodeMsgpack(encodeMsgpack(v))).toEqual(v);
    }),
  );
});

it('tells keys apart that differ in one character, wherever it stands, also those that it has seen before', () => {
  const letters = fc.constantFrom('a', 'b', '\0', '\u007f', '\u00ff', '\u20ac', '\u{1f52c}');
  const key = fc.array(letters, { maxLength: 20 }).map((each) => each.join(''));
  const changed = fc
    .tuple(key, fc.nat(), letters)
    .map(([text, at, letter]) => [...text].map((each, i, { length }) => (i === at % length ? letter : each)).join(''));
  const keys = fc
    .tuple(key, changed, fc.nat({ max: 7 }))
    .map(([text, other, cut]) => [text, other, `${text}${other}`, `${text}\0`, [...text].slice(0, cut).join('')]);
  fc.assert(
    fc.property(fc.array(keys, { minLength: 1, maxLength: 8 }), (lists) => {
      const map = new MsgpackMap(lists.flat().map((text, i) => [text, BigInt(i)]));
      for (let round = 0; round < 2; round++) expect(decodeMsgpack(encodeMsgpack(map))).toEqual(map);
    }),
    { numRuns: 500 },
  );
});

it('takes the smallest form at every border, and floats as 64 bits', () => {
  const hex = (v: MsgpackValue) => Buffer.from(encodeMsgpack(v)).toString('hex');
  expect([0n, 127n, 128n, 255n, 256n, 65535n, 65536n, 2n ** 32n - 1n, 2n ** 32n].map(hex)).toEqual([
    '00',
    '7f',
    'cc80',
    'ccff',
    'cd0100',
    'cdffff',
    'ce00010000',
    'ceffffffff',
    'cf0000000100000000',
  ]);
  expect([-1n, -32n, -33n, -128n, -129n, -32769n, -(2n ** 31n) - 1n].map(hex)).toEqual([
    'ff',
    'e0',
    'd0df',
    'd080',
    'd1ff7f',
    'd2ffff7fff',
    'd3ffffffff7fffffff',
  ]);
  expect([5, -0].map(hex)).toEqual(['cb4014000000000000', 'cb8000000000000000']);
  expect(['a'.repeat(31), 'a'.repeat(32), 'a'.repeat(256)].map((s) => hex(s).slice(0, 6))).toEqual([
    'bf6161',
    'd92061',
    'da0100',
  ]);
  expect(() => encodeMsgpack(2n ** 64n)).toThrow(/64 bits/);
});

it('survives any bytes: a value or a clear refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decodeMsgpack(bytes);
      } catch (error) {
        expect(isXfelError(error, 'MessageInvalid') && typeof error.details['offset'], String(error)).toBe('number');
      }
    }),
    { numRuns: 2000 },
  );
});

it('reads from shared memory', () => {
  const bytes = encodeMsgpack('train');
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  expect(decodeMsgpack(shared)).toBe('train');
});

it('takes no memory for lies, and bounds the values of a truthful message', () => {
  for (const form of [0xc6, 0xdb, 0xdd, 0xdf])
    expect(() => decodeMsgpack(Uint8Array.of(form, 255, 255, 255, 255, 0))).toThrow(/4294967295 .* announced/);
  const list = new Uint8Array(5_000_005).fill(0xc0);
  list.set([0xdd, 0, 0x4c, 0x4b, 0x40]);
  expect(() => decodeMsgpack(list)).toThrow(/more than 4000000 values at byte 4000004/);
});

it('pieces are the value, one after another, and large bytes are the ones that were given', () => {
  const size = fc.constantFrom(0, 1, 255, 4095, 4096, 4097, 70_000);
  const item = fc.oneof(
    size.map((length) => new Uint8Array(length).fill(length)),
    size.map((length) => 'x'.repeat(length)),
    fc.integer().map(BigInt),
  );
  fc.assert(
    fc.property(fc.array(item, { maxLength: 12 }), (values) => {
      const pieces = encodeMsgpackPieces(values);
      const whole = joinPieces(pieces);
      expect(Buffer.compare(whole, encodeMsgpack(values))).toBe(0);
      const decoded = decodeMsgpack(whole) as MsgpackValue[];
      for (const [i, value] of values.entries()) {
        // Comparing large arrays element by element takes seconds.
        if (value instanceof Uint8Array) expect(Buffer.compare(decoded[i] as Uint8Array, value)).toBe(0);
        else expect(decoded[i] === value).toBe(true);
      }
      const large = values.filter((value) => value instanceof Uint8Array && value.length >= 4096);
      for (const bytes of large) expect(pieces.some((piece) => piece === bytes)).toBe(true);
      for (const piece of pieces) expect(piece.length).toBeGreaterThan(0);
    }),
    { numRuns: 300, seed: 4 },
  );
});
