import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import { decodeFrame, encodeFrame } from './frames.ts';

describe('binary frames', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.jsonValue(),
        fc.float32Array({ maxLength: 50 }),
        fc.bigUint64Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 13 }),
        (kind, meta, floats, ids, bytes) => {
          const message = encodeFrame(kind, meta, [
            ['floats', ndarray('float32', [floats.length], floats)],
            ['bytes', ndarray('uint8', [bytes.length, 1], bytes)],
            ['ids', ndarray('uint64', [ids.length], ids)],
          ]);
          const frame = decodeFrame(message.buffer);
          expect(frame.kind).toBe(kind);
          expect(frame.meta).toEqual(JSON.parse(JSON.stringify(meta)));
          expect(frame.arrays.get('floats')?.data).toEqual(floats);
          expect(frame.arrays.get('bytes')).toEqual({ dtype: 'uint8', shape: [bytes.length, 1], data: bytes });
          expect(frame.arrays.get('ids')?.data).toEqual(ids);
        },
      ),
    );
  });

  it('refuse anything else with the byte at fault', () => {
    const good = encodeFrame('live', {}, [['a', ndarray('float32', [2], Float32Array.of(1, 2))]]);
    const offsetOf = (change: (bytes: Uint8Array, view: DataView) => Uint8Array) => {
      const copy = new Uint8Array(good);
      const bytes = change(copy, new DataView(copy.buffer));
      try {
        decodeFrame(bytes.slice().buffer);
      } catch (error) {
        return isXfelError(error, 'FormatInvalid') ? error.details.offset : error;
      }
      return 'accepted';
    };
    expect(offsetOf((b) => b.subarray(0, 5))).toBe(0);
    expect(offsetOf((b) => b.fill(0, 0, 4))).toBe(0);
    expect(offsetOf((b) => b.fill(9, 4, 5))).toBe(4);
    expect(
      offsetOf((b, view) => {
        view.setUint32(8, 0xfffffff0, true);
        return b;
      }),
    ).toBe(8);
    expect(offsetOf((b) => b.fill(0x7b, 12, 20))).toBe(12);
    expect(offsetOf((b) => b.subarray(0, b.length - 1))).toBeGreaterThan(12);
  });

  it('survive cutting at any byte', () => {
    const good = encodeFrame('live', { a: 1 }, [['a', ndarray('uint16', [3], Uint16Array.of(1, 2, 3))]]);
    for (let length = 0; length < good.length - 2; length++) {
      expect(() => decodeFrame(good.slice(0, length).buffer)).toThrow(/Binary frame/);
    }
  });
});
