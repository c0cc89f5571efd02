// npm run bench:live [-- --pulses 8,16 --seconds 60 --transport ipc]: a simulated bridge sends raw AGIPD1M trains (16 modules,
// both planes) at 10 Hz over a local socket; the live pipeline corrects, averages, integrates and assembles them with its real constants.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LiveCounters } from '../src/live/engine.ts';
import { generateExample } from '../src/platform/node/example-files.ts';
import { findFreePort } from '../src/platform/node/free-port.ts';
import { createLiveEngine } from '../src/platform/node/live-engine.ts';
import { loadGeometry } from '../src/platform/node/load-geometry.ts';
import { type StoredResult, storeResults } from './bench-results.ts';
import { buildWasm } from './build-wasm.ts';
import { root } from './process.ts';

const RATE = 10;
const { values } = parseArgs({
  options: {
    pulses: { type: 'string', default: '8,16,32,64' },
    seconds: { type: 'string', default: '60' },
    transport: { type: 'string', default: 'tcp' },
  },
});
const seconds = Number(values.seconds);
const isIpc = values.transport === 'ipc';
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU time of another process so far, s (Linux only). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function startSimulator(endpoint: string, run: string): Promise<ChildProcess> {
  const args = [join(root, 'src', 'cli', 'main.ts'), 'bridge', 'sim', endpoint, '--run', run, '--rate', String(RATE)];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the simulator ended with code ${code}`)));
  });
  return child;
}

const droppedOf = (counters: LiveCounters) => Object.values(counters.dropped).reduce((sum, count) => sum + count, 0);

async function measure(pulses: number): Promise<StoredResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-bench-live-'));
  let simulator: ChildProcess | null = null;
  try {
    const proposalPath = await generateExample(folder, { pulses, trains: 3, darkTrains: 2 });
    const endpoint = isIpc ? `ipc://${join(folder, 'bridge.sock')}` : `tcp://127.0.0.1:${await findFreePort()}`;
    simulator = await startSimulator(endpoint, join(proposalPath, 'raw', 'r0004'));
    const engine = await createLiveEngine({
      settings: {
        sources: [{ endpoint, socket: 'REQ', isOn: true }],
        integration: {
          centreX: 549,
          centreY: 630,
          distance: 0.16,
          photonEnergyKeV: 9.3,
          points: 1000,
          qMin: 0.2,
          qMax: 3.2,
        },
        roi: { isOn: true, x: 700, y: 700, width: 150, height: 120 },
        movingAverage: 1,
        isCorrected: true,
      },
      geometry: await loadGeometry(join(proposalPath, 'usr', 'geometry.geom')),
      proposalPath,
    });
    // Constants are made first, then come some trains that fill caches and rates.
    while (engine.counters().processed < 30) {
      const { lastError } = engine.counters();
      if (lastError) throw new Error(lastError.text);
      await sleep(200);
    }
    if (engine.latest()?.unit !== 'keV') throw new Error('the trains are not corrected');
    const before = {
      counters: engine.counters(),
      own: process.cpuUsage(),
      simulator: cpuSeconds(simulator.pid as number),
      at: performance.now(),
    };
    let peak = 0;
    while (performance.now() - before.at < seconds * 1000) {
      await sleep(500);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    const after = engine.counters();
    const elapsed = (performance.now() - before.at) / 1000;
    const used = process.cpuUsage(before.own);
    const ownCpu = (used.user + used.system) / 1e6 / elapsed;
    const simulatorCpu = (cpuSeconds(simulator.pid as number) - before.simulator) / elapsed;
    const processed = (after.processed - before.counters.processed) / elapsed;
    await engine.close();
    const figure = (name: string, value: number, unit: string, limit?: string): StoredResult => ({
      bench: isIpc ? 'live over ipc' : 'live',
      name: `${pulses} pulses: ${name}`,
      value,
      unit,
      ...(limit ? { limit, note: `receiver and pipeline on ${availableParallelism()} cores` } : {}),
    });
    return [
      figure('trains processed', processed, 'trains/s', '>= 9.9'),
      figure('trains received', (after.received - before.counters.received) / elapsed, 'trains/s'),
      figure('trains dropped by the pipeline', droppedOf(after) - droppedOf(before.counters), 'trains', '<= 0'),
      figure('latency, median', after.latencyMs.p50, 'ms'),
      figure('latency, 95 %', after.latencyMs.p95, 'ms'),
      figure('CPU of receiver and pipeline', ownCpu, 'cores'),
      figure('CPU of the simulator', simulatorCpu, 'cores'),
      figure('memory of the pipeline, peak', peak / 2 ** 20, 'MiB'),
      figure('raw data processed', (processed * pulses * 2 * 2 * 16 * 512 * 128) / 1e9, 'GB/s'),
    ];
  } finally {
    simulator?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

await buildWasm();
const results: StoredResult[] = [];
for (const pulses of values.pulses.split(',').map(Number)) {
  const figures = await measure(pulses);
  for (const { name, value, unit } of figures)
    console.log(`${name.padEnd(46)}${value.toFixed(2).padStart(10)} ${unit}`);
  results.push(...figures);
}
console.log(`written to ${storeResults(results)}`);
process.exit(0);
