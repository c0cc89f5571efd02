import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { goldenApp } from '../../test/server/golden-app.ts';
import type { Run } from '../data/run.ts';
import { RunCache } from './run-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'hutch-run-cache-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A cache of runs that only say whether they are open. */
function fakes() {
  const stamps = new Map<string, string>();
  const closed: string[] = [];
  const opened: string[] = [];
  let now = 0;
  const cache = new RunCache<string>(
    {
      nameOf: (name) => name,
      stamp: async (name) => stamps.get(name) ?? '',
      open: async (name) => {
        if (name === 'bad') throw new Error('no such run');
        opened.push(name);
        const path = `${name}#${opened.length}`;
        return { path, close: async () => void closed.push(path) } as unknown as Run;
      },
    },
    () => now,
  );
  const later = (ms: number) => {
    now += ms;
  };
  return { cache, stamps, closed, opened, later };
}

describe('RunCache', () => {
  it('opens a run once, and again when its files have changed', async () => {
    const { cache, stamps, closed, later } = fakes();
    const use = async (isFresh?: boolean) => {
      const { run, release } = await cache.borrow('a', isFresh);
      release();
      release();
      return run.path;
    };
    expect([await use(), await use(true)]).toEqual(['a#1', 'a#1']);
    stamps.set('a', 'mended');
    // Who turns pages is not made to wait for a look at all files each time.
    expect(await use()).toBe('a#1');
    expect(await use(true)).toBe('a#2');
    expect(closed).toEqual(['a#1']);
    stamps.set('a', 'one more file');
    later(5000);
    expect(await use()).toBe('a#3');
    expect(closed).toEqual(['a#1', 'a#2']);
  });

  it('never closes a run that somebody reads', async () => {
    const { cache, stamps, closed } = fakes();
    const first = await cache.borrow('a');
    stamps.set('a', 'changed');
    const second = await cache.borrow('a', true);
    expect([second.run.path, closed]).toEqual(['a#2', []]);
    for (const name of ['b', 'c', 'd', 'e', 'f', 'g']) (await cache.borrow(name)).release();
    expect(closed).toEqual([]);
    first.release();
    second.release();
    await Promise.resolve();
    expect(closed).toEqual(['a#1', 'a#2']);
    const third = await cache.borrow('a');
    await cache.close();
    expect(closed).toContain(third.run.path);
    third.release();
    expect(closed.filter((name) => name === third.run.path)).toHaveLength(1);
  });

  it('tries again what could not be opened', async () => {
    const { cache, opened } = fakes();
    await expect(cache.borrow('bad')).rejects.toThrow('no such run');
    await expect(cache.borrow('bad', true)).rejects.toThrow('no such run');
    expect(opened).toEqual([]);
    await cache.close();
  });
});

describe('runs of the server', () => {
  it('a mended and a new file are seen when the run is opened the next time', async () => {
    const proposal = join(folder, 'root/SPB/202301/p900001');
    const run = join(proposal, 'raw/r0034');
    cpSync(join(GOLDEN, 'root/SPB/202301/p900001/raw/r0034'), run, { recursive: true });
    const [broken, added] = ['RAW-R0034-DA02-S00000.h5', 'RAW-R0034-AGIPD15-S00001.h5'].map((name) => join(run, name));
    const whole = [broken, added].map((path) => readFileSync(path));
    truncateSync(broken, 3000);
    rmSync(added);
    const { app, close, faults } = await goldenApp({ dataRoot: join(folder, 'root') });
    const info = async () => (await app.inject({ url: '/api/runs/p900001/34?data=raw' })).json();
    const trainsOf = (reply: { sources: { name: string; trains: number }[] }, part: string) =>
      reply.sources.find(({ name }) => name.includes(part))?.trains;
    const before = await info();
    expect([before.skippedFiles.length, before.sources.length]).toEqual([1, expect.any(Number)]);
    writeFileSync(broken, whole[0]);
    const mended = await info();
    expect(mended.skippedFiles).toEqual([]);
    expect(mended.sources.length).toBeGreaterThan(before.sources.length);
    writeFileSync(added, whole[1]);
    expect(trainsOf(await info(), '/DET/15CH')).toBe(2 * (trainsOf(mended, '/DET/15CH') as number));
    expect(faults).toEqual([]);
    await close();
  });
});
