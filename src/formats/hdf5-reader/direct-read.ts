import { longestRun, offsetOf, stepsOf, type Target } from './box.ts';
import { NOWHERE } from './cursor.ts';
import type { RandomBytes } from './random-bytes.ts';
import type { ReadPlan } from './read-plan.ts';

/** Bytes of a file that go as they are to one place in memory. */
export interface DirectRun {
  readonly start: number;
  readonly out: Uint8Array;
}

/** Longer runs are cut: several requests at a time keep disk and memory busy, and an abort is noticed between two. */
const REQUEST_BYTES = 2 * 2 ** 20;
/** Requests on their way at a time. */
const IN_FLIGHT = 4;

/**
 * A plan as runs that need no work but copying; null if any of its pieces has filters, is not stored, does not lie in one run
 * in both places, or goes past the end of the file.
 * @param size of the file, bytes
 */
export function directRuns(size: number, plan: ReadPlan, target: Target): DirectRun[] | null {
  const { itemSize, chunkShape, filters, pieces } = plan;
  if (filters.length > 0) return null;
  const steps = stepsOf(chunkShape, itemSize);
  const runs: DirectRun[] = [];
  for (const { address, size: stored, chunkAt, blockAt, extent } of pieces) {
    if (address === NOWHERE || address + stored > size) return null;
    const { length, outer } = longestRun(itemSize, extent, steps, target.steps);
    if (outer > 0) return null;
    const start = address + offsetOf(chunkAt, steps);
    const to = target.offset + offsetOf(blockAt, target.steps);
    for (let done = 0; done < length; done += REQUEST_BYTES) {
      const end = Math.min(length, done + REQUEST_BYTES);
      runs.push({ start: start + done, out: target.bytes.subarray(to + done, to + end) });
    }
  }
  return runs;
}

/**
 * Fills the memory of runs, several at a time.
 * @returns once nothing is on its way any more, also after an error or abort
 * @throws FileUnreadable
 */
export async function readRuns(
  source: Required<Pick<RandomBytes, 'readLater'>>,
  runs: readonly DirectRun[],
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  let failure: unknown = null;
  const lane = async (): Promise<void> => {
    while (next < runs.length && failure === null && !signal?.aborted) {
      const { start, out } = runs[next++];
      try {
        await source.readLater(start, out);
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  signal?.throwIfAborted();
  if (failure !== null) throw failure;
}
