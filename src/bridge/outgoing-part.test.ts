import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginsWith, partLength, wholeParts } from './outgoing-part.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 5, max: 2 }), { maxLength: 4 });

describe('a part in pieces', () => {
  it('has the length and the bytes of all, one after another', () => {
    fc.assert(
      fc.property(pieces, (part) => {
        const bytes = part.flatMap((piece) => [...piece]);
        expect(partLength(part)).toBe(bytes.length);
        expect([...wholeParts([part])[0]]).toEqual(bytes);
      }),
    );
  });

  it('begins as its bytes do', () => {
    fc.assert(
      fc.property(pieces, fc.uint8Array({ maxLength: 6, max: 2 }), (part, start) => {
        const [whole] = wholeParts([part]);
        const isStart = Buffer.from(whole).subarray(0, start.length).equals(start);
        expect([beginsWith(part, start), beginsWith(whole, start)]).toEqual([isStart, isStart]);
      }),
    );
  });

  it('that is whole is not copied', () => {
    const [whole, single] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    expect(wholeParts([whole, [single]])[0]).toBe(whole);
    expect(wholeParts([whole, [single]])[1]).toBe(single);
  });
});
