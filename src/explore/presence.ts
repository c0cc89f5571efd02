import type { RunCallReply } from '../api/run-calls.ts';
import { findMissingData, type TrainBlock } from '../data/missing-data.ts';
import type { Run } from '../data/run.ts';

/** More gaps of one source cannot be drawn: near ones are joined. */
const MOST_GAPS = 1000;

/** Sources with data in at most `percent` of the trains, and where they lack data. */
export function tellPresence(run: Run, { percent }: { readonly percent: number }): RunCallReply<'presence'> {
  const all = findMissingData(run, { minSavedPercent: 100 });
  const isComplete = new Uint8Array(run.trainIds.length).fill(1);
  for (const { blocks } of all)
    for (const { start, stop, hasData } of blocks) if (!hasData) isComplete.fill(0, start, stop);
  const rows = all
    .filter((row) => row.percent <= percent)
    .map(({ source, label, trains, percent: saved, blocks }) => ({
      source,
      label,
      trains,
      percent: saved,
      missing: gapsOf(blocks, run.trainIds.length),
    }));
  return { sources: all.length, completeTrains: isComplete.reduce((sum, v) => sum + v, 0), rows };
}

function gapsOf(blocks: readonly TrainBlock[], trains: number): [number, number][] {
  const gaps = blocks.filter((block) => !block.hasData).map(({ start, stop }): [number, number] => [start, stop]);
  if (gaps.length <= MOST_GAPS) return gaps;
  const joined: [number, number][] = [];
  for (const [start, stop] of gaps) {
    const last = joined.at(-1);
    if (last && start - last[1] < trains / MOST_GAPS) last[1] = stop;
    else joined.push([start, stop]);
  }
  return joined;
}
