import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchReport } from '../../../tools/measure.ts';
import { ndarray } from '../../core/ndarray.ts';
import { nodeHdf5Creator } from '../../platform/node/hdf5-create.ts';
import { nodeHdf5Opener } from '../../platform/node/hdf5-open.ts';
import { createHdf5, type Hdf5StorageOptions } from '../hdf5-writer.ts';

const FRAMES = 128;
const FRAME = 2 * 512 * 128;
const RUNS = 5;

/** Writing raw AGIPD frames, one a chunk, to a local disk. */
export async function bench(report: BenchReport): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-writer-'));
  const path = join(folder, 'frames.h5');
  const frames = drawFrames();
  const array = ndarray('uint16', [FRAMES, 2, 512, 128], frames);
  const write = (options: Hdf5StorageOptions, isLater: boolean) =>
    createHdf5(nodeHdf5Creator, path, async (writer) => {
      const plan = { chunks: [1, 2, 512, 128], isGrowing: true, ...options };
      writer.create('/x', { dtype: 'uint16', shape: [0, 2, 512, 128], ...plan });
      if (isLater) await writer.appendLater('/x', array);
      else writer.append('/x', array);
    });
  try {
    for (const [name, options, isLater] of [
      ['chunks, no filter', {}, false],
      ['shuffle and gzip 1, one thread', { shuffle: true, deflate: 1 }, false],
      ['shuffle and gzip 1, threads of zlib', { shuffle: true, deflate: 1 }, true],
    ] as const) {
      await write(options, isLater);
      await checkValues(path, frames);
      const times: number[] = [];
      for (let i = 0; i < RUNS; i++) {
        const start = performance.now();
        await write(options, isLater);
        times.push(performance.now() - start);
      }
      const median = times.sort((a, b) => a - b)[RUNS >> 1];
      const note = `${((100 * statSync(path).size) / frames.byteLength).toFixed(0)} % of the size`;
      report({ name, value: frames.byteLength / median / 1e6, unit: 'GB/s', note });
    }
    const start = performance.now();
    await createHdf5(nodeHdf5Creator, path, (writer) => {
      const one = ndarray('float64', [100], new Float64Array(100));
      for (let i = 0; i < 2000; i++) writer.write(`/g${i % 100}/k${i}/value`, one, { chunks: [100], isGrowing: true });
    });
    report({ name: '2000 small datasets', value: performance.now() - start, unit: 'ms' });
    report({ name: '2000 small datasets, file', value: statSync(path).size / 1e6, unit: 'MB' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Pedestal with noise of a few ADU, as a detector in the dark has it. */
function drawFrames(): Uint16Array {
  const frames = new Uint16Array(FRAMES * FRAME);
  let state = 1;
  for (let i = 0; i < frames.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    frames[i] = 5000 + ((i * 7) % 900) + (state >>> 28);
  }
  return frames;
}

async function checkValues(path: string, frames: Uint16Array): Promise<void> {
  const file = await nodeHdf5Opener.open(path);
  try {
    const got = file.read('/x').data as Uint16Array;
    if (Buffer.compare(Buffer.from(got.buffer, got.byteOffset, got.byteLength), Buffer.from(frames.buffer)) !== 0)
      throw new Error('what was written differs');
  } finally {
    file.close();
  }
}
