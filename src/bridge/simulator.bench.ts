import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BenchReport } from '../../tools/measure.ts';
import { bytesOf, isNdArray } from '../core/ndarray.ts';
import type { Train } from '../core/train.ts';
import { findFreePort } from '../platform/node/free-port.ts';
import { zmtpTransport } from '../platform/node/zmtp/zmtp-transport.ts';
import { receiveTrains } from './client.ts';
import { makeSyntheticTrains, type SyntheticOptions } from './synthetic-detector.ts';

const PULSES = 64;
const RING = 2;
const SECONDS = 8;
const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

const RAW: SyntheticOptions = {
  detector: 'AGIPD',
  isRaw: true,
  values: 'random',
  layout: 'file',
  pulses: PULSES,
  sources: 1,
};

/** The simulator, a process of its own as in use, to one client in this process; 64 pulses of an AGIPD1M. */
export async function bench(report: BenchReport): Promise<void> {
  const start = performance.now();
  const expected = makeSyntheticTrains(RAW, RING);
  const note = 'once, before the first train';
  report({ name: 'make one raw train for the ring', value: (performance.now() - start) / RING, unit: 'ms', note });

  await withSimulator(['--raw', '--rate', '0'], 'REQ', async (trains) => checkEqual(trains, expected));
  for (const [socket, kind] of [
    ['REQ', 'REP'],
    ['PULL', 'PUSH'],
  ] as const) {
    for (const [name, words, limit] of [
      ['uint16 (134 MB)', ['--raw'], '>= 20'],
      ['float32 (268 MB)', [], '>= 10'],
    ] as const) {
      const rate = await withSimulator([...words, '--rate', '0', '-z', kind], socket, measureRate);
      report({ name: `64 pulses x 16 modules, ${name}, ${kind}, as fast as asked`, unit: 'trains/s', limit, ...rate });
    }
  }
  const paced = await withSimulator(['--raw', '--rate', '10'], 'REQ', measureRate);
  report({ name: '64 pulses x 16 modules, uint16, REP, at 10 Hz', unit: 'trains/s', limit: '>= 9.9', ...paced });
}

/** Runs a simulator and a client of it. */
async function withSimulator<T>(
  words: readonly string[],
  socket: 'REQ' | 'PULL',
  use: (trains: AsyncIterable<Train>, simulator: number) => Promise<T>,
): Promise<T> {
  const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
  const options = ['--pulses', String(PULSES), '--ring', String(RING), '--data-like', 'file', ...words];
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'bridge', 'sim', endpoint, ...options],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  try {
    await untilItSpeaks(child);
    return await use(receiveTrains({ endpoint, socket, transport: zmtpTransport }), child.pid as number);
  } finally {
    child.kill('SIGKILL');
  }
}

function untilItSpeaks(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the simulator ended with code ${code}`)));
  });
}

/** Every byte of a ring's trains, as received. */
async function checkEqual(trains: AsyncIterable<Train>, expected: readonly Train[]): Promise<void> {
  let received = 0;
  for await (const train of trains) {
    const [[name, wanted]] = expected[(train.trainId - 1e10) % RING].sources;
    for (const [key, value] of wanted.data) {
      const got = train.sources.get(name)?.data.get(key);
      if (!isNdArray(value) || key === 'image.trainId') continue;
      if (!isNdArray(got) || Buffer.compare(bytesOf(got), bytesOf(value)) !== 0)
        throw new Error(`train ${train.trainId}: ${name} ${key} differs from what was made`);
    }
    train.release?.();
    if (++received === 2 * RING) return;
  }
}

/** CPU time of another process so far, ms; NaN where there is no /proc. */
function cpuOf(pid: number): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Trains per second; the CPU time tells more than the rate where the machine has other things to do. */
async function measureRate(trains: AsyncIterable<Train>, simulator: number): Promise<{ value: number; note: string }> {
  const times: number[] = [];
  let bytes = 0;
  let before = { own: process.cpuUsage(), simulator: cpuOf(simulator) };
  for await (const train of trains) {
    times.push(performance.now());
    bytes = 0;
    for (const { data } of train.sources.values())
      for (const value of data.values()) if (isNdArray(value)) bytes += bytesOf(value).byteLength;
    train.release?.();
    // the first trains warm up
    if (times.length === 5) before = { own: process.cpuUsage(), simulator: cpuOf(simulator) };
    if (times.length > 5 && times[times.length - 1] - times[4] > SECONDS * 1000) break;
  }
  const measured = times.slice(4);
  const value = (1000 * (measured.length - 1)) / (measured[measured.length - 1] - measured[0]);
  const gaps = measured.slice(1).map((time, i) => time - measured[i]);
  gaps.sort((a, b) => a - b);
  const late = gaps[Math.floor(0.95 * gaps.length)].toFixed(0);
  const own = process.cpuUsage(before.own);
  const cpu = [(own.user + own.system) / 1000, cpuOf(simulator) - before.simulator].map((ms) =>
    (ms / gaps.length).toFixed(0),
  );
  const note = `${((value * bytes) / 1e9).toFixed(2)} GB/s; 95 % within ${late} ms; CPU a train: client ${cpu[0]}, simulator ${cpu[1]} ms`;
  return { value, note };
}
