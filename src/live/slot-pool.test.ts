import { expect, it } from 'vitest';
import { SlotPool } from './slot-pool.ts';

it('lends, recycles, and says no when all is out', () => {
  const region = new Uint8Array(new SharedArrayBuffer(3 * 1024));
  const pool = new SlotPool(region);
  const leases = [pool.lend(1000), pool.lend(1000), pool.lend(1000)];
  expect(leases.map((lease) => lease?.bytes.byteOffset)).toEqual([0, 1024, 2048]);
  expect(leases[0]?.bytes.buffer).toBe(region.buffer);
  expect(pool.lend(1000)).toBeUndefined();
  leases[1]?.release();
  leases[1]?.release();
  expect(pool.lent).toBe(2);
  const again = pool.lend(900);
  expect([again?.bytes.byteOffset, again?.bytes.length]).toEqual([1024, 900]);
  leases[1]?.release();
  expect(pool.lent).toBe(3);
});

it('starts afresh for trains of another size once all slots are back', () => {
  const pool = new SlotPool(new Uint8Array(1024 * 1024));
  const small = Array.from({ length: 8 }, () => pool.lend(128 * 1024));
  expect(pool.lend(512 * 1024)).toBeUndefined();
  for (const lease of small) lease?.release();
  expect(pool.lend(512 * 1024)?.bytes.length).toBe(512 * 1024);
  expect(pool.lend(1024 * 1024)).toBeUndefined();
});
