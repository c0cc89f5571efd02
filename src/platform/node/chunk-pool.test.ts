import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepsOf } from '../../formats/hdf5-reader/box.ts';
import { ChunkPool } from './chunk-pool.ts';
import { openReaderFile } from './hdf5-open.ts';

const path = fileURLToPath(new URL('../../../test/golden/hdf5/layouts-earliest.h5', import.meta.url));

it('a program ends although the threads wait', () => {
  const pool = fileURLToPath(new URL('./chunk-pool.ts', import.meta.url));
  const program = `import { ChunkPool } from ${JSON.stringify(pool)}; new ChunkPool(2).isReady;`;
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 });
  expect({ status, signal }).toEqual({ status: 0, signal: null });
});

/** These blocks are smaller than the first task of a worker. */
const leftToWorkers = () => {
  throw new Error('a piece came to this thread');
};

describe('chunk pool', () => {
  const pool = new ChunkPool(2);
  const folder = mkdtempSync(join(tmpdir(), 'hutch-pool-'));
  beforeAll(async () => {
    while (!pool.isReady) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  afterAll(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });

  it.each(['gzip', 'shuffle-gzip', 'all', 'lzf', 'plain'])('%s chunks come out as in this thread', async (filter) => {
    const file = openReaderFile(path);
    const name = `/growing-both/${filter}`;
    const block = { start: [1, 2, 0], count: [10, 6, 4] };
    const expected = file.read(name, block).data as Uint16Array;
    const plan = file.planRead(name, block);
    if (!plan) throw new Error('no plan');
    for (const buffer of [new ArrayBuffer(expected.byteLength), new SharedArrayBuffer(expected.byteLength)]) {
      const out = new Uint16Array(buffer);
      const target = { bytes: new Uint8Array(buffer), offset: 0, steps: stepsOf(block.count, 2) };
      await pool.run(path, plan, target, (piece) => file.readPlanned(plan, piece, target));
      expect(out).toEqual(expected);
    }
  });

  it('several reads at a time do not mix', async () => {
    const file = openReaderFile(path);
    const names = ['/fixed/gzip', '/fixed/all', '/growing/shuffle-gzip', '/growing-second/gzip'];
    const results = await Promise.all(
      names.map(async (name) => {
        const { shape } = file.datasetInfo(name);
        const plan = file.planRead(name, { start: shape.map(() => 0), count: shape });
        if (!plan) throw new Error('no plan');
        const out = new Uint16Array(shape.reduce((a, b) => a * b, 1));
        const target = { bytes: new Uint8Array(out.buffer), offset: 0, steps: stepsOf(shape, 2) };
        await pool.run(path, plan, target, (piece) => file.readPlanned(plan, piece, target));
        return out;
      }),
    );
    for (const [i, name] of names.entries()) expect(results[i]).toEqual(file.read(name).data);
  });

  it('a damaged chunk says where it is, and the pool goes on', async () => {
    const damagedPath = join(folder, 'damaged.h5');
    copyFileSync(path, damagedPath);
    const file = openReaderFile(damagedPath);
    const block = { start: [0, 0, 0], count: [12, 9, 5] };
    const plan = file.planRead('/fixed/gzip', block);
    if (!plan) throw new Error('no plan');
    const bytes = readFileSync(damagedPath);
    const { address } = plan.pieces[3];
    bytes.fill(0x55, address, address + 8);
    writeFileSync(damagedPath, bytes);
    const target = { bytes: new Uint8Array(12 * 9 * 5 * 2), offset: 0, steps: stepsOf(block.count, 2) };
    await expect(pool.run(damagedPath, plan, target, leftToWorkers)).rejects.toMatchObject({
      tag: 'FormatInvalid',
      message: expect.stringContaining(`damaged at byte ${address}`),
    });
    await expect(pool.run(join(folder, 'gone.h5'), plan, target, leftToWorkers)).rejects.toMatchObject({
      tag: 'FileUnreadable',
    });
    const good = openReaderFile(path).planRead('/fixed/gzip', block);
    if (!good) throw new Error('no plan');
    await pool.run(path, good, target, leftToWorkers);
    expect(new Uint16Array(target.bytes.buffer)).toEqual(openReaderFile(path).read('/fixed/gzip').data);
  });

  it('stops when asked to', async () => {
    const block = { start: [0, 0, 0], count: [12, 9, 5] };
    const plan = openReaderFile(path).planRead('/fixed/gzip', block);
    if (!plan) throw new Error('no plan');
    const target = { bytes: new Uint8Array(12 * 9 * 5 * 2), offset: 0, steps: stepsOf(block.count, 2) };
    const aborted = { signal: AbortSignal.abort() };
    await expect(pool.run(path, plan, target, leftToWorkers, aborted)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
