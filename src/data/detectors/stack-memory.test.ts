import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockRun, openMockRun, pipelineGroup } from '../../../test/conformance/mock-run.ts';
import { ndarray } from '../../core/ndarray.ts';

const SCRIPT = fileURLToPath(new URL('../../../test/conformance/stack-peak-memory.ts', import.meta.url));
const MODULES = 4;
/** Frames of the trains: ragged, 68 in all. */
const COUNTS = [32, 16, 20];
const FRAMES = 68;
const PIXELS = 512 * 128;

let mock: MockRun;
beforeAll(async () => {
  const data = new Float32Array(FRAMES * PIXELS).map((_, i) => i % 1000);
  const mask = new Uint32Array(FRAMES * PIXELS).map((_, i) => (i % 37 === 0 ? 4 : 0));
  const ids = Array.from(COUNTS, (count) => Array.from({ length: count }, (_, i) => BigInt(i))).flat();
  mock = await openMockRun(COUNTS.length, {
    pipelines: Array.from({ length: MODULES }, (_, module) => {
      const group = pipelineGroup(`SPB_DET_AGIPD1M-1/CORR/${module}CH0:output`, 'image', COUNTS, {
        data: ndarray('float32', [FRAMES, 512, 128], data),
        mask: ndarray('uint32', [FRAMES, 512, 128], mask),
        pulseId: ndarray('uint64', [FRAMES], BigUint64Array.from(ids)),
        cellId: ndarray('uint16', [FRAMES], Uint16Array.from(ids, Number)),
      });
      // One frame a chunk, as corrected files have.
      const keys = group.keys.map((key) => (key.values?.shape.length === 3 ? { ...key, chunks: [1, 512, 128] } : key));
      return { ...group, keys };
    }),
  });
}, 60_000);
afterAll(() => mock.close());

describe.skipIf(!existsSync('/proc/self/status'))('reading a stack (needs /proc to know the peak)', () => {
  it.each([
    ['plain', 272],
    ['masked', 544],
    ['labelled', 384],
  ])(
    '%s holds at most 128 MiB beyond its result',
    (mode, size) => {
      const { stdout, stderr } = spawnSync(process.execPath, [SCRIPT, mock.run.path, mode], { encoding: 'utf8' });
      const [bytes, beyond] = stdout.trim().split(' ').map(Number);
      expect({ stderr, bytes }).toEqual({ stderr: '', bytes: size });
      expect(beyond).toBeLessThan(128);
    },
    60_000,
  );
});
