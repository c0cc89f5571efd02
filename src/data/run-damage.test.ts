import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { openRun } from '../platform/node/open-run.ts';

const golden = (path: string) => fileURLToPath(new URL(`../../test/golden/extra-data/${path}`, import.meta.url));
const BASES = [
  golden('runs/fmt12/RAW-R0009-DA01-S00000.h5'),
  golden('runs/fmt05/RAW-R0009-AGIPD07-S00000.h5'),
  golden('root/SPB/202301/p900001/raw/r0034/RAW-R0034-AGIPD00-S00000.h5'),
];
/** Mutations tried of each file, and how long it may go on: bounded work, not a measurement. */
const TRIES = 60;
const BUDGET_MS = 5000;
/** A damaged index may ask for more entries than anyone wants to wait for. */
const MOST_ENTRIES = 100_000;

/** Random numbers that are the same in each run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Damage where it hurts: in the numbers of INDEX and in the bytes around them. */
function mutate(original: Uint8Array, random: () => number): Uint8Array {
  const bytes = new Uint8Array(original);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 1 + random() * 20; i++) {
    const at = Math.floor((random() * (bytes.length - 8)) / 8) * 8;
    const kind = random();
    if (kind < 0.3) view.setBigUint64(at, BigInt(Math.floor(random() * 100)), true);
    else if (kind < 0.5) view.setBigUint64(at, 2n ** 63n + 5n, true);
    else if (kind < 0.7) view.setBigUint64(at, BigInt(Math.floor(random() * bytes.length)), true);
    else bytes[at + Math.floor(8 * random())] = Math.floor(random() * 256);
  }
  return bytes;
}

/** Opens a run of one file and reads all of it; Hutch errors are the answer for damaged files. */
async function readAll(file: string): Promise<void> {
  const attempt = async (call: () => Promise<unknown> | unknown): Promise<void> => {
    try {
      await call();
    } catch (error) {
      if (!isXfelError(error)) throw error;
    }
  };
  await attempt(async () => {
    await using run = await openRun({ path: file }, { onWarning: () => undefined });
    await attempt(() => run.runMetadata());
    await attempt(() => run.trainTimestamps());
    for (const name of run.sources) {
      await attempt(async () => {
        const source = run.source(name);
        for (const keyName of source.keys()) {
          await attempt(async () => {
            const key = source.key(keyName);
            key.dataCounts();
            void key.units;
            if (key.shape[0] > MOST_ENTRIES) return;
            if (key.dtype === 'record') await key.readFields();
            else await key.read();
          });
        }
      });
    }
    await attempt(async () => {
      for (const trainId of run.trainIds.slice(0, 3)) await run.readTrain(trainId);
    });
  });
}

describe('damaged run files give clear errors, no crash and no hang', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-damage-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(BASES)('mutations of %s', async (base) => {
    const original = readFileSync(base);
    const end = performance.now() + BUDGET_MS;
    for (let seed = 1; seed <= TRIES && performance.now() < end; seed++) {
      const file = join(folder, `RAW-R0001-DA01-S${String(seed).padStart(5, '0')}.h5`);
      writeFileSync(file, mutate(original, randomOf(seed)));
      try {
        await readAll(file);
      } catch (error) {
        throw new Error(`seed ${seed} of ${base}`, { cause: error });
      }
      rmSync(file);
    }
  });
});
