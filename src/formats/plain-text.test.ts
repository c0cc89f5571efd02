import { describe, expect, it } from 'vitest';
import { decodeText } from './plain-text.ts';

describe('text of a file', () => {
  it('is UTF-8', () => {
    expect(decodeText(new TextEncoder().encode('; 5 µm at 20 °C €'))).toBe('; 5 µm at 20 °C €');
    expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('a');
    expect(decodeText(new Uint8Array(0))).toBe('');
  });

  it('loses nothing where it is Western European', () => {
    expect(decodeText(Uint8Array.of(0x35, 0x20, 0xb5, 0x6d, 0x20, 0xb0, 0x20, 0x80))).toBe('5 µm ° €');
  });
});
