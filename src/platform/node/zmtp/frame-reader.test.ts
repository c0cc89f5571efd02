import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { command, greeting } from '../../../../test/conformance/raw-zmtp.ts';
import { isXfelError } from '../../../core/errors.ts';
import { FrameReader } from './frame-reader.ts';
import { checkGreeting, messagePieces } from './wire.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A reader and all that it told. */
function startReader(maxMessageBytes = 2 ** 20) {
  const messages: string[][] = [];
  const commands: string[] = [];
  let lent = 0;
  const reader = new FrameReader(
    {
      onGreetingPart: checkGreeting,
      onGreeting: () => commands.push('greeting'),
      onCommand: (name, body) => commands.push(`${name} ${Buffer.from(body)}`),
      onMessage(message) {
        messages.push(message.parts.map(sha256));
        message.release();
      },
    },
    {
      maxMessageBytes,
      maxParts: 100,
      allocate(length) {
        lent++;
        return { bytes: new Uint8Array(length), release: () => lent-- };
      },
    },
  );
  /** Feeds bytes as a socket does: never more at once than the target takes, nor than the given length. */
  const feed = (bytes: Uint8Array, lengths: readonly number[]) => {
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const target = reader.target();
      const count = Math.min(target.length, bytes.length - at, lengths[i % lengths.length]);
      target.set(bytes.subarray(at, at + count));
      reader.advance(count);
      at += count;
    }
  };
  return { reader, messages, commands, feed, lent: () => lent };
}

const part = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(0, 255, 256, 65_535, 65_536, 70_000).map((length) => new Uint8Array(length).fill(length % 251)),
);
/** Tiny and large reads; the large one keeps the number of reads down. */
const lengths = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 100_000 })), { maxLength: 10 })
  .map((some) => [...some, 30_000]);

it('finds the same messages however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(part, { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
      lengths,
      (messages, cuts) => {
        const ping = command('PING', Buffer.from('x'));
        const stream = Buffer.concat([greeting(), ...messages.flatMap((parts) => [...messagePieces(parts), ping])]);
        const { feed, messages: found, commands, lent } = startReader();
        feed(stream, cuts);
        expect(found).toEqual(messages.map((parts) => parts.map(sha256)));
        expect(commands).toEqual(['greeting', ...messages.map(() => 'PING x')]);
        expect(lent()).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});

it('any bytes after a greeting: messages or a clear refusal, and no memory is kept', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), lengths, (bytes, cuts) => {
      const { feed, reader, lent } = startReader(100_000);
      try {
        feed(Buffer.concat([greeting(), bytes]), cuts);
      } catch (error) {
        expect(isXfelError(error, 'MessageInvalid'), String(error)).toBe(true);
      }
      reader.abandon();
      expect(lent()).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

it('reads a large part straight into its memory', () => {
  const { reader, feed } = startReader();
  feed(Buffer.concat([greeting(), Buffer.from('02', 'hex'), Buffer.from('0000000000020000', 'hex')]), [100]);
  expect(reader.target().length).toBe(131_072);
});
