// The memory of a client that receives for long: 64 pulses of an AGIPD 1M, float32, ten times a second.
// HUTCH_BENCH_MINUTES = for how long.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchReport } from '../tools/measure.ts';
import { openSender, receive, TRAIN, TRAIN_BYTES } from './train-processes.ts';

const MINUTES = Number(process.env['HUTCH_BENCH_MINUTES'] ?? 0.5);
const MIB = 2 ** 20;

/** The bench. */
export async function bench(report: BenchReport): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-bench-'));
  const sender = await openSender('zmtp', `ipc://${join(folder, 'long.sock')}`, 'REP', 10, TRAIN);
  try {
    const got = await receive('zmtp', sender, 'REQ', { warmUp: 10, count: 1e9, seconds: 60 * MINUTES });
    if (got.bytes !== TRAIN_BYTES + 8) throw new Error('received other bytes');
    const note = `${MINUTES} min, ${got.trains} trains of 277 MB`;
    const allowed = (3 * TRAIN_BYTES) / MIB + 100;
    report({ name: 'client, most', value: got.peak / MIB, unit: 'MiB', limit: `<= ${allowed.toFixed(0)}`, note });
    report({
      name: 'client, grown after the first quarter',
      value: got.growth / MIB,
      unit: 'MiB',
      limit: '<= 10',
      note,
    });
  } finally {
    sender.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
