// Receiving from a bridge, ours beside the package zeromq and pyzmq (both libzmq): 64 pulses of an AGIPD 1M, float32. The
// sender is the same for all, and everyone is a process of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchReport } from '../tools/measure.ts';
import {
  type Client,
  openSender,
  PYTHON,
  type Received,
  receive,
  type Sender,
  TRAIN,
  TRAIN_BYTES,
} from './train-processes.ts';

const CONTROL = [8192];

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

/** Trains that come whether they are taken or not: what was missed, and what is left of the machine. */
function reportPaced(
  report: BenchReport,
  tries: readonly { readonly got: Received; readonly sending: number }[],
): void {
  const [best] = [...tries].sort((a, b) => a.got.missed - b.got.missed);
  const { missed, trains, elapsed, cpuMs } = best.got;
  const client = cpuMs / 1000 / elapsed;
  const all = tries.map(({ got }) => got.missed).join(', ');
  const note = `${(trains / elapsed).toFixed(2)} trains/s; net.core.wmem_default ${unixBuffer()}`;
  const way = '10 Hz of 277 MB, ipc';
  report({
    name: `${way}: trains missed of 100`,
    value: missed,
    unit: 'trains',
    limit: '<= 0',
    note: `best of ${all}; ${note}`,
  });
  report({ name: `${way}: client`, value: client, unit: 'cores', limit: '<= 1', note });
  report({ name: `${way}: sender`, value: best.sending, unit: 'cores', note });
  const cores = availableParallelism();
  report({
    name: `${way}: left beside client and sender`,
    value: cores - client - best.sending,
    unit: 'cores',
    limit: '>= 1',
    note: `of ${cores}`,
  });
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

    const tries: { readonly got: Received; readonly sending: number }[] = [];
    for (let round = 0; round < 3; round++) {
      await withSender(['zmtp', `ipc://${join(folder, 'paced.sock')}`, 'PUB', 10, TRAIN], async (sender) => {
        const before = cpuOf(sender.pid);
        const got = await receive('zmtp', sender, 'SUB', { warmUp: 10, count: 100, seconds: 30 });
        tries.push({ got, sending: (cpuOf(sender.pid) - before) / 1000 / (got.elapsed + 1) });
      });
    }
    reportPaced(report, tries);

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
