import { describe, expect, it } from 'vitest';
import { goldenMessages, recordedMessages } from '../../test/golden/bridge/kbm.ts';
import { trainOfMessage } from '../bridge/train-message.ts';
import { isXfelError } from '../core/errors.ts';
import { bytesOf, isNdArray } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { decodeBridgeMessage, encodeBridgeMessage } from './bridge-message.ts';

/** Rounds over all messages; each has one mutation more. Bounded by count, so that every run does the same. */
const ROUNDS = 60;
/** Messages longer than this would take all the time, and say nothing new. */
const LONGEST = 30_000;

/** Numbers in [0, n) that are the same in every run. @source Marsaglia, xorshift32 */
function randomNumbers(seed: number): (n: number) => number {
  let state = (seed * 0x9e3779b9) | 1;
  const next = (n: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
  // the first numbers of neighbouring seeds are alike
  for (let i = 0; i < 8; i++) next(1);
  return next;
}

/** Bytes that announce much, or begin something else. */
const NASTY = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc9, 0xcb, 0xcf, 0xd3, 0xd8, 0xdb, 0xdd,
  0xdf, 0xff,
];

/** One small damage: a byte, a length, a cut, a doubled or moved piece, a part too many or too few. */
function damage(parts: readonly Uint8Array[], random: (n: number) => number): Uint8Array[] {
  const result = parts.map((part) => part.slice());
  const index = random(result.length);
  const part = result[index];
  const at = random(Math.max(1, part.length));
  const tail = () => part.slice(at);
  switch (random(9)) {
    case 0:
      if (part.length > 0) part[at] ^= 1 << random(8);
      break;
    case 1:
      if (part.length > 0) part[at] = NASTY[random(NASTY.length)];
      break;
    case 2:
      for (let i = at; i < Math.min(at + 4, part.length); i++) part[i] = 0xff;
      break;
    case 3:
      result[index] = part.slice(0, at);
      break;
    case 4:
      result[index] = Uint8Array.from([...part.slice(0, at), NASTY[random(NASTY.length)], ...tail()]);
      break;
    case 5:
      result[index] = Uint8Array.from([...part.slice(0, at), ...part.slice(at + 1 + random(8))]);
      break;
    case 6:
      result.splice(index, 1);
      break;
    case 7:
      result.splice(random(result.length + 1), 0, part);
      break;
    default:
      result[index] = Uint8Array.from([...tail(), ...part.slice(0, at)]);
  }
  return result;
}

/** Memory that the arrays of a train take beyond the message: big-endian and unaligned ones are copied, once. */
function bytesOfArrays(train: Train): number {
  const sizeOf = (value: TrainValue): number => {
    if (isNdArray(value)) return value.dtype === 'string' ? 0 : bytesOf(value).byteLength;
    if (value instanceof Map)
      return [...value.values()].reduce((sum: number, each) => sum + sizeOf(each as TrainValue), 0);
    return Array.isArray(value) ? value.reduce((sum: number, each) => sum + sizeOf(each), 0) : 0;
  };
  return [...train.sources.values()].reduce((sum, { data, metadata }) => sum + sizeOf(data) + sizeOf(metadata), 0);
}

/** Reads a message to the end as a client would, and writes it again in every protocol. @returns whether it could be read */
function readAll(parts: readonly Uint8Array[]): boolean {
  try {
    const sources = decodeBridgeMessage(parts);
    const train = trainOfMessage(sources, 0, () => {});
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytesOfArrays(train) > size) throw new Error(`arrays of ${bytesOfArrays(train)} bytes from ${size}`);
    for (const protocol of ['1.0', '2.1', '2.2'] as const) encodeBridgeMessage(sources, { protocol });
    return true;
  } catch (error) {
    if (isXfelError(error, 'MessageInvalid')) return false;
    throw error;
  }
}

const messages = [
  ...(['ok', 'foreign', 'bad'] as const).flatMap((kind) => goldenMessages(kind)),
  ...(['v1.0', 'v2.2'] as const).flatMap((protocol) => recordedMessages(protocol).slice(0, 1)),
].filter(({ parts }) => parts.length > 0 && parts.reduce((sum, part) => sum + part.length, 0) <= LONGEST);

describe('damaged messages', () => {
  it(`are read or refused, never anything else (${messages.length} messages, ${ROUNDS} rounds)`, () => {
    const outcome = { read: 0, refused: 0 };
    let slowest = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, { name, parts }] of messages.entries()) {
        const random = randomNumbers(1000 * round + i + 1);
        let damaged = parts;
        for (let n = 0; n <= round % 4 && damaged.length > 0; n++) damaged = damage(damaged, random);
        const start = performance.now();
        try {
          if (readAll(damaged)) outcome.read++;
          else outcome.refused++;
        } catch (cause) {
          throw new Error(`${name}, seed ${1000 * round + i + 1}`, { cause });
        }
        slowest = Math.max(slowest, performance.now() - start);
      }
    }
    expect(outcome.read).toBeGreaterThan(100);
    expect(outcome.refused).toBeGreaterThan(100);
    expect(slowest).toBeLessThan(5000);
  }, 60_000);

  it('random bytes are refused', () => {
    const random = randomNumbers(77);
    for (let i = 0; i < 2000; i++) {
      const length = 1 + random(60);
      const part = Uint8Array.from({ length }, () => (random(3) === 0 ? NASTY[random(NASTY.length)] : random(256)));
      readAll([part]);
      readAll([part, part]);
    }
  });
});

describe('limits', () => {
  const nested = (depth: number) => [
    Uint8Array.from([0x81, 0xa1, 0x53, ...new Array(depth).fill([0x81, 0xa1, 0x61]).flat(), 0x80]),
  ];
  it('of nesting and of values can be set', () => {
    expect(decodeBridgeMessage(nested(200)).length).toBe(1);
    expect(() => decodeBridgeMessage(nested(300))).toThrow(/nested more than 256 deep/);
    expect(decodeBridgeMessage(nested(300), { maxDepth: 400 }).length).toBe(1);
    expect(() => decodeBridgeMessage(nested(5), { maxDepth: 3 })).toThrow(/nested more than 3 deep at byte 12 of 19/);
    expect(() => decodeBridgeMessage(nested(5), { maxValues: 6 })).toThrow(/more than 6 values/);
    // asking for more than the stack can bear does not crash
    expect(() => decodeBridgeMessage(nested(100_000), { maxDepth: 1e9 })).toThrow(/nested more than \d+ deep/);
  });
  it('a deep message that is allowed is read to the end', () => {
    expect(readAll(nested(250))).toBe(true);
    const sources = decodeBridgeMessage(nested(2000), { maxDepth: 2048 });
    expect(encodeBridgeMessage(sources, { protocol: '1.0' })).toEqual(nested(2000));
    expect(trainOfMessage(sources, 0, () => {}).sources.size).toBe(1);
  });
});
