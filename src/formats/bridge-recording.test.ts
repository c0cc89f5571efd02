import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import {
  decodeFileHeader,
  decodeIndexEntry,
  decodeRecordHead,
  encodeFileHeader,
  encodeIndexEntry,
  encodeRecordHead,
  headBytesOf,
  INDEX_ENTRY_BYTES,
  paddingAfter,
  recordHeadBytes,
  segmentName,
} from './bridge-recording.ts';

const safe = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const facts = fc.record({
  sequence: safe,
  trainId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  receivedAtUs: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  dropped: safe,
  endpoint: fc.nat({ max: 0xffff }),
  protocol: fc.constantFrom(0, 10, 21, 22),
});

describe('heads and entries of a recording', () => {
  it('come back as they were written, train ids of 64 bits as well', () => {
    fc.assert(
      fc.property(
        facts,
        fc.array(fc.nat({ max: 2 ** 40 }), { maxLength: 20 }),
        fc.nat(0xffffffff),
        (f, lengths, crc) => {
          const head = encodeRecordHead(f, lengths, crc, crc32);
          expect([head.length, headBytesOf(head, 'p', 0)]).toEqual([recordHeadBytes(lengths.length), head.length]);
          const body = lengths.reduce((sum, length) => sum + length, 0);
          expect(decodeRecordHead(head, 'p', 0, crc32)).toEqual({
            ...f,
            headBytes: head.length,
            recordBytes: head.length + body + paddingAfter(body),
            partBytes: lengths,
            bodyCrc: crc,
          });
          expect((head.length + body + paddingAfter(body)) % 8).toBe(0);
        },
      ),
    );
    fc.assert(
      fc.property(facts, safe, safe, (f, offset, recordBytes) => {
        const entry = { ...f, segment: 7, offset, recordBytes, headBytes: 80 };
        const bytes = encodeIndexEntry(entry, crc32);
        expect(bytes).toHaveLength(INDEX_ENTRY_BYTES);
        expect(decodeIndexEntry(bytes, 0, crc32)).toEqual(entry);
      }),
    );
  });

  it('with any byte changed, or cut anywhere, are refused', () => {
    const f = { sequence: 3, trainId: 2n ** 64n - 1n, receivedAtUs: 17, dropped: 1, endpoint: 2, protocol: 22 };
    const head = encodeRecordHead(f, [5, 0, 7], 99, crc32);
    const entry = encodeIndexEntry({ ...f, segment: 0, offset: 64, headBytes: 96, recordBytes: 112 }, crc32);
    const header = encodeFileHeader('segment', 5n, 3, crc32);
    expect(decodeFileHeader('segment', header, 'p', crc32)).toEqual({ id: 5n, number: 3 });
    const refuses = (read: () => unknown) => {
      try {
        return read() === null;
      } catch (error) {
        return isXfelError(error, 'FormatInvalid');
      }
    };
    const changed = (bytes: Uint8Array, i: number) => bytes.map((byte, j) => (i === j ? byte ^ 0x41 : byte));
    // The last 4 bytes of a head are zeros after its checksum.
    for (let i = 0; i < head.length - 4; i++)
      expect([i, refuses(() => decodeRecordHead(changed(head, i), 'p', 0, crc32))]).toEqual([i, true]);
    for (let i = 0; i < entry.length; i++) {
      expect(refuses(() => decodeIndexEntry(changed(entry, i), 0, crc32))).toBe(true);
      expect(refuses(() => decodeFileHeader('segment', changed(header, i), 'p', crc32))).toBe(true);
    }
    for (let i = 0; i < head.length; i++)
      expect(refuses(() => decodeRecordHead(head.subarray(0, i), 'p', 0, crc32))).toBe(true);
    for (let i = 0; i < 64; i++) {
      expect(refuses(() => decodeIndexEntry(entry.subarray(0, i), 0, crc32))).toBe(true);
      expect(refuses(() => decodeFileHeader('segment', header.subarray(0, i), 'p', crc32))).toBe(true);
    }
  });

  it('tell what is wrong', () => {
    const header = encodeFileHeader('index', 5n, 0, crc32);
    expect(() => decodeFileHeader('segment', header, 'rec/a', crc32)).toThrow(
      'rec/a: no segment of a bridge recording',
    );
    const newer = header.slice();
    newer[8] = 2;
    new DataView(newer.buffer).setUint32(60, crc32(newer.subarray(0, 60)), true);
    expect(() => decodeFileHeader('index', newer, 'rec/a', crc32)).toThrow('this program reads version 1');
    expect(() => headBytesOf(new Uint8Array(64), 'rec/a', 640)).toThrow('rec/a: no message begins at byte 640');
    expect(segmentName(12)).toBe('000012.rec');
  });
});
