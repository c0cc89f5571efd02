import { expect, it } from 'vitest';
import { bytesText, clockText, kindText } from './live-text.ts';

it('tells bytes, times and kinds of keys', () => {
  expect([0, 999, 1000, 999_600, 12_345_678, 2.5e9, 3e15].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '1.00 kB',
    '1.00 MB',
    '12.3 MB',
    '2.50 GB',
    '3 000 TB',
  ]);
  expect(bytesText(null)).toBe('–');
  expect([0, 59_999, 60_000, 3_725_000].map(clockText)).toEqual(['0:00', '0:59', '1:00', '1:02:05']);
  expect([kindText('uint16', [16, 512]), kindText('int', null), kindText('float32', [])]).toEqual([
    'uint16 [16, 512]',
    'int',
    'float32',
  ]);
});
