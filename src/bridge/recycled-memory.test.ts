import { expect, it } from 'vitest';
import { RecycledMemory } from './recycled-memory.ts';

it('lends what was handed back, the piece that fits best', () => {
  const memory = new RecycledMemory();
  const [a, b] = [memory.lend(1000), memory.lend(1100)];
  expect(a.bytes.buffer).not.toBe(b.bytes.buffer);
  a.release();
  b.release();
  expect(memory.keptBytes).toBe(2100);
  const again = memory.lend(900);
  expect([again.bytes.buffer, again.bytes.length]).toEqual([a.bytes.buffer, 900]);
  expect(memory.lend(1050).bytes.buffer).toBe(b.bytes.buffer);
  expect(memory.keptBytes).toBe(0);
});

it('takes memory back once, and does not miss what never comes back', () => {
  const memory = new RecycledMemory();
  const lease = memory.lend(100);
  lease.release();
  lease.release();
  const [first, second] = [memory.lend(100), memory.lend(100)];
  expect(first.bytes.buffer).not.toBe(second.bytes.buffer);
  for (let i = 0; i < 100; i++) expect(memory.lend(100).bytes.length).toBe(100);
  expect(memory.keptBytes).toBe(0);
});

it('keeps no more than it may, but one piece of any length; pieces of lengths that come no more are let go', () => {
  const memory = new RecycledMemory(250);
  const leases = [1, 2, 3].map(() => memory.lend(100));
  for (const { release } of leases) release();
  expect(memory.keptBytes).toBe(200);
  const long = memory.lend(1000);
  expect(memory.keptBytes).toBe(100);
  long.release();
  expect(memory.keptBytes).toBe(1000);
  // Far too long for this: it would hold a thousand bytes for one.
  expect(memory.lend(1).bytes.buffer.byteLength).toBe(1);
  expect(memory.keptBytes).toBe(0);
});
