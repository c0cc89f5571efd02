import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchReport } from '../../../../tools/measure.ts';
import { wholeParts } from '../../../bridge/outgoing-part.ts';
import type { RecordableMessage } from '../../../bridge/recorded-message.ts';
import { createReplay } from '../../../bridge/replay.ts';
import { makeSyntheticTrains } from '../../../bridge/synthetic-detector.ts';
import { openRecording } from './open-recording.ts';
import { startRecording } from './start-recording.ts';

const MESSAGES = 5;
const ROUNDS = 3;
const NEVER: Cost = { ms: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY };

interface Cost {
  readonly ms: number;
  readonly cpu: number;
}

/** Raw AGIPD trains of 64 pulses (143 MB) on the disk of the temporary folder, beside a plain write of the same bytes. */
export async function bench(report: BenchReport): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-recording-bench-'));
  try {
    const next = createReplay(
      makeSyntheticTrains(
        { detector: 'AGIPD', isRaw: true, values: 'random', layout: 'file', pulses: 64, sources: 1 },
        2,
      ),
    );
    const messages = Array.from({ length: MESSAGES }, () => wholeParts(next()));
    const bytes = messages.flat().reduce((sum, part) => sum + part.length, 0);

    async function* stream(): AsyncGenerator<RecordableMessage> {
      for (const parts of messages) yield { parts };
    }
    const dir = join(folder, 'rec');
    const plainWrite = async () => {
      const file = await open(join(folder, 'plain'), 'w');
      for (const parts of messages) await file.writev([...parts]);
      await file.sync();
      await file.close();
    };
    const record = async () => {
      await (await startRecording({ messages: stream(), dir, whenSlow: 'wait' })).finished;
    };
    // In turn, and the first of each not counted: who comes first on a cold disk pays for both.
    let plain = NEVER;
    let recorded = NEVER;
    for (let round = 0; round <= ROUNDS; round++) {
      const a = await timed(plainWrite);
      rmSync(join(folder, 'plain'));
      rmSync(dir, { recursive: true, force: true });
      const b = await timed(record);
      if (round > 0) [plain, recorded] = [better(plain, a), better(recorded, b)];
    }
    await using recording = await openRecording(dir);
    const read = await timed(async () => {
      let index = 0;
      for await (const { parts } of recording.messages()) {
        const expected = messages[index++];
        if (parts.length !== expected.length || parts.some((part, i) => Buffer.compare(part, expected[i]) !== 0))
          throw new Error(`message ${index - 1} was not read as it was recorded`);
      }
      if (index !== MESSAGES) throw new Error(`${index} of ${MESSAGES} messages were read`);
    });
    for (const [name, { ms, cpu }] of [
      ['a plain write of the same bytes', plain],
      ['record', recorded],
      ['read, checked and compared', read],
    ] as const) {
      const note = `${(bytes / 1e6 / ms).toFixed(2)} GB/s; CPU ${(cpu / MESSAGES).toFixed(0)} ms a message`;
      report({ name: `${name}: 64 raw pulses (143 MB)`, value: (1000 * MESSAGES) / ms, unit: 'messages/s', note });
    }
    const share = recorded.cpu / plain.cpu;
    // No limit: the plain write itself takes 47 to 366 ms of CPU a message on a machine with other things to do.
    report({
      name: 'CPU of recording over that of a plain write',
      value: share,
      unit: '',
      note: 'only on a quiet machine',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(call: () => Promise<void>): Promise<Cost> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await call();
  const used = process.cpuUsage(before);
  return { ms: performance.now() - start, cpu: (used.user + used.system) / 1000 };
}

function better(a: Cost, b: Cost): Cost {
  return { ms: Math.min(a.ms, b.ms), cpu: Math.min(a.cpu, b.cpu) };
}
