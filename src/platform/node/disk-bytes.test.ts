import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { stepsOf } from '../../formats/hdf5-reader/box.ts';
import { DiskBytes } from './disk-bytes.ts';
import { openReaderFile } from './hdf5-open.ts';

const folder = mkdtempSync(join(tmpdir(), 'hutch-disk-'));
afterAll(() => rmSync(folder, { recursive: true }));

const values = new Uint8Array(5_000_000);
for (let i = 0; i < values.length; i++) values[i] = (i * 2654435761) >>> 24;
const file = (name: string) => {
  const path = join(folder, name);
  writeFileSync(path, values);
  return path;
};
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
/** How often this process has a file open; on Linux alone is there such a list. */
const handlesOf = (path: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // the handle of this very list
    }
  }).length;

describe('bytes of a file on disk', () => {
  it('come the same at once and later, several at a time', async () => {
    const bytes = new DiskBytes(file('a'));
    const out = new Uint8Array(values.length);
    const parts = [0, 1_000_001, 1_000_002, 4_999_999].map((start, i, all) => ({
      start,
      end: all[i + 1] ?? 5_000_000,
    }));
    await Promise.all(parts.map(({ start, end }) => bytes.readLater(start, out.subarray(start, end))));
    expect(isSame(out, values)).toBe(true);
    out.fill(0);
    bytes.readInto(0, out);
    expect(isSame(out, values)).toBe(true);
    bytes.close();
  });

  it('that are no longer there are an error with their place', async () => {
    const path = file('b');
    const bytes = new DiskBytes(path);
    truncateSync(path, 1000);
    await expect(bytes.readLater(900, new Uint8Array(200))).rejects.toMatchObject({
      tag: 'FileUnreadable',
      message: expect.stringContaining('ends at byte 1000'),
    });
    expect(() => bytes.readInto(900, new Uint8Array(200))).toThrow('ends at byte 1000');
    bytes.close();
  });

  it.skipIf(process.platform !== 'linux')('keep their handle while they are on their way, and no longer', async () => {
    const path = file('c');
    const bytes = new DiskBytes(path);
    const out = new Uint8Array(values.length);
    const reading = bytes.readLater(0, out);
    bytes.suspend();
    expect(handlesOf(path)).toBe(1);
    await reading;
    expect(isSame(out, values)).toBe(true);
    expect(handlesOf(path)).toBe(0);
    await bytes.readLater(0, out.subarray(0, 10)); // opens the file again
    expect(handlesOf(path)).toBe(1);
    bytes.close();
    expect(handlesOf(path)).toBe(0);
  });
});

describe('plans that need no work but copying', () => {
  const path = fileURLToPath(new URL('../../../test/golden/hdf5/layouts-earliest.h5', import.meta.url));
  const reader = openReaderFile(path);

  it.each([
    ['/growing-both/plain', { start: [0, 0, 0], count: [1, 1, 1] }, true],
    ['/growing-both/plain', { start: [1, 2, 0], count: [10, 6, 4] }, false],
    ['/growing-both/gzip', { start: [0, 0, 0], count: [1, 1, 1] }, false],
  ])('%s, %o: directly is %s', async (name, block, isDirect) => {
    const expected = reader.read(name, block).data as Uint16Array;
    const plan = reader.planRead(name, block);
    if (!plan) throw new Error('no plan');
    const out = new Uint16Array(expected.length);
    const target = { bytes: new Uint8Array(out.buffer), offset: 0, steps: stepsOf(block.count, 2) };
    const direct = reader.readDirect(plan, target);
    expect(direct !== null).toBe(isDirect);
    await direct;
    if (isDirect) expect(out).toEqual(expected);
  });

  it('end with an abort', async () => {
    const block = { start: [0, 0, 0], count: [1, 1, 1] };
    const plan = reader.planRead('/growing-both/plain', block);
    if (!plan) throw new Error('no plan');
    const target = { bytes: new Uint8Array(2), offset: 0, steps: stepsOf(block.count, 2) };
    await expect(reader.readDirect(plan, target, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});
