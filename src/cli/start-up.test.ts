// Starting must be quick: a command loads what it needs and nothing more.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const LOG_LOADS = new URL('../../test/server/log-loads.mjs', import.meta.url).href;
const RAW = `${GOLDEN}root/SPB/202301/p900001/raw/r0034`;
const MOTOR = 'SPB_IRU_MOT/MOTOR/X1';
// `kernels/wasm-unshuffle` is a page of code: its WebAssembly is compiled with the first shuffled chunk.
const HEAVY =
  /node_modules\/(apache-arrow|hyparquet-writer|yaml|smol-toml|h5wasm|fastify|zod|@fastify)\/|\/(server|bridge|live|calib|kernels(?!\/wasm-unshuffle)|example|detector)\//;

function loadedBy(...args: string[]): string[] {
  const options = { encoding: 'utf8', env: { ...process.env, EXTRA_DATA_DATA_ROOT: undefined } } as const;
  const { status, stderr } = spawnSync(process.execPath, ['--import', LOG_LOADS, MAIN, ...args], options);
  expect(status, stderr).toBe(0);
  return [...stderr.matchAll(/^LOADED (file:.*)$/gm)].map(([, url]) => url);
}

describe('start', () => {
  it.each([[['ls', RAW]], [['keys', RAW, MOTOR]], [['get', RAW, MOTOR, 'actualPosition']]])(
    '%j loads nothing heavy',
    (args) => {
      expect(loadedBy(...args).filter((url) => HEAVY.test(url))).toEqual([]);
    },
  );

  it('--help loads no command', () => {
    const own = loadedBy('--help').filter((url) => url.includes('/src/'));
    expect(own.filter((url) => /\/(commands|data|formats)\//.test(url))).toEqual([]);
    expect(own.length).toBeLessThan(8);
  });
});
