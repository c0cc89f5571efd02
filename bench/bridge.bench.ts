// Receiving from a bridge, ours beside the package zeromq and pyzmq (both libzmq): 64 pulses of an AGIPD 1M, float32. The
// sender is the same for all, and everyone is a process of its own. HUTCH_BENCH_MINUTES = how long memory is watched.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchReport } from '../tools/measure.ts';

/** image.data and image.gain, and what else a train has. */
const TRAIN = [64 * 16 * 512 * 128 * 4, 128 * 512 * 64 * 2, 2000];
const TRAIN_BYTES = TRAIN.reduce((sum, size) => sum + size, 0);
const CONTROL = [8192];
const PYTHON = '/usr/bin/python3';
const here = import.meta.dirname;
const MINUTES = Number(process.env['HUTCH_BENCH_MINUTES'] ?? 0.25);

type Client = 'zmtp' | 'zeromq' | 'pyzmq';
interface Received {
  readonly crc: number;
  readonly bytes: number;
  readonly trains: number;
  readonly missed: number;
  readonly elapsed: number;
  readonly cpuMs: number;
  readonly peak: number;
  readonly growth: number;
}

interface Sender {
  readonly endpoint: string;
  readonly pid: number;
  close(): void;
}

function openSender(
  adapter: 'zmtp' | 'zeromq',
  endpoint: string,
  kind: string,
  rate: number,
  sizes: readonly number[],
) {
  const words = [adapter, endpoint, kind, String(rate), ...sizes.map(String)];
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(here, 'train-sender.ts'), ...words],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return new Promise<Sender>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the sender ended with code ${code}`)));
    child.stdout?.once('data', (line: Buffer) =>
      resolve({ endpoint: String(line).trim(), pid: child.pid as number, close: () => child.kill('SIGKILL') }),
    );
  });
}

/** Runs a client to its end. @param limits messages before it is measured, then at most so many messages and seconds */
function receive(
  client: Client,
  { endpoint }: Sender,
  kind: string,
  limits: { readonly warmUp: number; readonly count: number; readonly seconds: number },
): Promise<Received> {
  const words = [endpoint, kind, String(limits.warmUp), String(limits.count), String(limits.seconds)];
  const [program, args] =
    client === 'pyzmq'
      ? [PYTHON, [join(here, 'train_receiver.py'), ...words]]
      : [
          process.execPath,
          ['--disable-warning=ExperimentalWarning', join(here, 'train-receiver.ts'), client, ...words],
        ];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(JSON.parse(said)) : reject(new Error(`${client} ended with code ${code}`)),
    );
  });
}

/** CPU time of another process so far, ms; NaN where there is no /proc. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return Number.NaN;
  }
}

/** What Linux gives a unix socket to hold, bytes (docs/bridge.md, "Full rate"); NaN elsewhere. */
function unixBuffer(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/wmem_default', 'utf8'));
  } catch {
    return Number.NaN;
  }
}

/** Each client in turn, several times; the best of each, so that what else the machine does matters least. */
async function compareClients(report: BenchReport, way: 'tcp' | 'ipc', sender: Sender, clients: readonly Client[]) {
  const best = new Map<Client, { cpu: number; rate: number }>();
  let crc: number | null = null;
  for (let round = 0; round < 3; round++) {
    for (const client of clients) {
      const got = await receive(client, sender, 'REQ', { warmUp: 3, count: 12, seconds: 60 });
      crc ??= got.crc;
      if (got.crc !== crc || got.bytes !== TRAIN_BYTES + 8) throw new Error(`${client} received other bytes`);
      const before = best.get(client) ?? { cpu: Number.POSITIVE_INFINITY, rate: 0 };
      best.set(client, {
        cpu: Math.min(before.cpu, got.cpuMs / got.trains),
        rate: Math.max(before.rate, got.trains / got.elapsed),
      });
    }
  }
  for (const [client, { cpu, rate }] of best) {
    const speed = `best of 3; ${rate.toFixed(2)} trains/s, ${((rate * TRAIN_BYTES) / 1e9).toFixed(2)} GB/s`;
    const note = way === 'ipc' ? `${speed}; net.core.wmem_default ${unixBuffer()}` : speed;
    report({ name: `REQ, ${way}, ${client}: CPU of the client a train (277 MB)`, value: cpu, unit: 'ms', note });
  }
  const [ours, npm] = [best.get('zmtp'), best.get('zeromq')];
  if (!ours || !npm) return;
  const note = 'ours by the package zeromq';
  report({ name: `REQ, ${way}: CPU a train`, value: ours.cpu / npm.cpu, unit: 'x', limit: '<= 0.5', note });
  report({ name: `REQ, ${way}: rate`, value: ours.rate / npm.rate, unit: 'x', limit: '>= 1.5', note });
}

/** The bench. */
export async function bench(report: BenchReport): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-bench-'));
  const hasPython = spawnSync(PYTHON, ['-c', 'import zmq']).status === 0;
  const clients: Client[] = hasPython ? ['zmtp', 'zeromq', 'pyzmq'] : ['zmtp', 'zeromq'];
  if (!hasPython) console.log('  pyzmq: not run, python3-zmq is not here');
  const withSender = async (
    words: Parameters<typeof openSender>,
    use: (sender: Sender) => Promise<void>,
  ): Promise<void> => {
    const sender = await openSender(...words);
    try {
      await use(sender);
    } finally {
      sender.close();
    }
  };
  try {
    for (const way of ['tcp', 'ipc'] as const) {
      const endpoint = way === 'tcp' ? 'tcp://127.0.0.1:0' : `ipc://${join(folder, 'trains.sock')}`;
      await withSender(['zmtp', endpoint, 'REP', 0, TRAIN], (sender) => compareClients(report, way, sender, clients));
    }

    await withSender(['zmtp', `ipc://${join(folder, 'paced.sock')}`, 'PUB', 10, TRAIN], async (sender) => {
      const before = cpuOf(sender.pid);
      const got = await receive('zmtp', sender, 'SUB', { warmUp: 10, count: 100, seconds: 30 });
      const cores = got.cpuMs / 1000 / got.elapsed;
      const sending = (cpuOf(sender.pid) - before) / 1000 / (got.elapsed + 1);
      const note = `${(got.trains / got.elapsed).toFixed(2)} trains/s; net.core.wmem_default ${unixBuffer()}`;
      report({
        name: '10 Hz of 277 MB, ipc: trains missed of 100',
        value: got.missed,
        unit: 'trains',
        limit: '<= 0',
        note,
      });
      report({ name: '10 Hz of 277 MB, ipc: client', value: cores, unit: 'cores', limit: '<= 1', note });
      report({
        name: '10 Hz of 277 MB, ipc: client and sender',
        value: cores + sending,
        unit: 'cores',
        limit: '<= 1',
        note,
      });
    });

    await withSender(['zmtp', `ipc://${join(folder, 'long.sock')}`, 'REP', 10, TRAIN], async (sender) => {
      const got = await receive('zmtp', sender, 'REQ', { warmUp: 10, count: 1e9, seconds: 60 * MINUTES });
      const allowed = (3 * TRAIN_BYTES) / 2 ** 20 + 100;
      const note = `${MINUTES} min, ${got.trains} trains; grew by ${(got.growth / 2 ** 20).toFixed(0)} MiB after the first quarter`;
      report({
        name: 'memory of the client, most',
        value: got.peak / 2 ** 20,
        unit: 'MiB',
        limit: `<= ${allowed.toFixed(0)}`,
        note,
      });
    });

    for (const adapter of ['zmtp', 'zeromq'] as const) {
      await withSender([adapter, 'tcp://127.0.0.1:0', 'REP', 0, CONTROL], async (sender) => {
        const got = await receive('zmtp', sender, 'REQ', { warmUp: 1000, count: 20_000, seconds: 20 });
        const note = `REP, tcp; CPU of our client ${((1000 * got.cpuMs) / got.trains).toFixed(0)} us a message`;
        report({
          name: `8 KiB messages from ${adapter}, asked for`,
          value: got.trains / got.elapsed,
          unit: '/s',
          note,
        });
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
