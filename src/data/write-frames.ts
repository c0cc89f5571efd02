import { SelectionInvalid, Unsupported } from '../core/errors.ts';
import type { MultiModule } from './detectors/multi-module.ts';
import type { KeyData } from './key-data.ts';
import type { Run } from './run.ts';
import type { EntryTable, TrainEntries } from './write-entries.ts';
import { type WriteRunOptions, type WrittenRun, writeRun } from './write-run.ts';
import type { WriteTarget } from './write-target.ts';

/** One frame of a detector. */
export interface FrameChoice {
  readonly trainId: number;
  readonly pulseId: number;
}

/**
 * Writes chosen frames of a detector into one file in the run's format: of all modules, with the other groups of the modules
 * whole. Frames that a module does not have are left out of it.
 * @throws SelectionInvalid if no frame is chosen, Unsupported for detectors whose entries are bursts; as `writeRun`
 */
export async function writeFrames(
  run: Run,
  detector: MultiModule,
  target: WriteTarget,
  frames: readonly FrameChoice[],
  options: Omit<WriteRunOptions, 'chooseEntries'> = {},
): Promise<WrittenRun> {
  if (frames.length === 0) throw new SelectionInvalid(`No frames of ${detector.name} are chosen.`);
  if (detector.kind.frameAxis === 'cell')
    throw new Unsupported(`An entry of ${detector.name} is a whole burst; write its trains with writeRun.`);
  const wanted = new Map<number, Set<number>>();
  for (const { trainId, pulseId } of frames) wanted.set(trainId, (wanted.get(trainId) ?? new Set()).add(pulseId));
  const group = detector.kind.mainKey.split('.', 1)[0];
  const modules = run
    .select([...detector.sources.values()].map((name) => [name, '*'] as const))
    .selectTrains({ by: 'id', ids: detector.trainIds });
  return writeRun(modules, target, {
    ...options,
    chooseEntries: (key, table) => (key.key.startsWith(`${group}.`) ? choose(modules, key, table, wanted) : table),
  });
}

async function choose(
  run: Run,
  key: KeyData,
  table: EntryTable,
  wanted: ReadonlyMap<number, ReadonlySet<number>>,
): Promise<EntryTable> {
  const pulseKey = run.key(key.source, `${key.key.split('.', 1)[0]}.pulseId`);
  const chosen = new Map<number, TrainEntries[]>();
  for (const [trainId, pieces] of table) {
    const pulses = wanted.get(trainId);
    if (!pulses || pieces.length === 0) {
      chosen.set(trainId, []);
      continue;
    }
    const ids = (await pulseKey.readTrain(trainId)).data as ArrayLike<number | bigint>;
    const entries = pieces.flatMap(({ file, first, count }) =>
      Array.from({ length: count }, (_, i) => ({ file, first: first + i, count: 1 })),
    );
    chosen.set(
      trainId,
      entries.filter((_, position) => pulses.has(Number(ids[position]))),
    );
  }
  return chosen;
}
