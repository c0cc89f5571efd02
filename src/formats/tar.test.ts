import { describe, expect, it } from 'vitest';
import { TAR_BLOCK, tarHeader, tarPadding } from './tar.ts';

const textOf = (block: Uint8Array, from: number, to: number) => new TextDecoder().decode(block.subarray(from, to));

describe('a tar header', () => {
  it('has name, mode, size, time and checksum where POSIX wants them', () => {
    const block = tarHeader('rec/000000.rec', 1234, 1_700_000_000_999);
    expect(block.length).toBe(TAR_BLOCK);
    expect(textOf(block, 0, 15)).toBe('rec/000000.rec\0');
    expect(textOf(block, 100, 108)).toBe('0000644\0');
    expect(textOf(block, 124, 136)).toBe('00000002322\0');
    expect(Number.parseInt(textOf(block, 136, 147), 8)).toBe(1_700_000_000);
    expect(textOf(block, 156, 157) + textOf(block, 257, 265)).toBe('0ustar\x0000');
    const sum = block.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 0x20 : byte), 0);
    expect(textOf(block, 148, 156)).toBe(`${sum.toString(8).padStart(6, '0')}\0 `);
  });

  it('has sizes of 8 GiB and more in base 256', () => {
    const size = 8 ** 11 + 5;
    const block = tarHeader('a', size, 0);
    expect(block[124]).toBe(0x80);
    expect(Number(new DataView(block.buffer).getBigUint64(128))).toBe(size);
    expect(textOf(tarHeader('a', 8 ** 11 - 1, 0), 124, 135)).toBe('77777777777');
  });

  it.each(['', 'x'.repeat(101), 'ü', 'a b', 'a\nb'])('refuses the name "%s"', (name) => {
    expect(() => tarHeader(name, 0, 0)).toThrow(/cannot be in a tar archive/);
  });

  it('is followed by whole blocks', () => {
    expect([0, 1, 511, 512, 513].map(tarPadding)).toEqual([0, 511, 1, 0, 511]);
  });
});
