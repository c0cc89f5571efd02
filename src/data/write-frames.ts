import { SelectionInvalid } from '../core/errors.ts';
import { PARALLEL_GAINS } from './detectors/detector-parts.ts';
import type { MultiModule } from './detectors/multi-module.ts';
import type { KeyData } from './key-data.ts';
import type { Run } from './run.ts';
import type { EntryTable, TrainEntries } from './write-entries.ts';
import type { WrittenRun } from './write-file.ts';
import { type WriteRunOptions, writeRun } from './write-run.ts';
import type { WriteTarget } from './write-target.ts';

/** One frame of a detector: by the pulse that it is of, or by the memory cell that held it. */
export type FrameChoice =
  | { readonly trainId: number; readonly pulseId: number }
  | { readonly trainId: number; readonly cellId: number };

/**
 * Writes chosen frames of a detector into one file in the run's format: of all modules, with the other groups of the modules
 * whole. Frames that a module does not have are left out of it. Frames of bursts (JUNGFRAU) become entries of one memory cell
 * each. In parallel gain mode a pulse's frames of all gains are written.
 * @throws SelectionInvalid if no frame is chosen, or by pulse where frames have memory cells only; as `writeRun`
 */
export async function writeFrames(
  run: Run,
  detector: MultiModule,
  target: WriteTarget,
  frames: readonly FrameChoice[],
  options: Omit<WriteRunOptions, 'chooseEntries'> = {},
): Promise<WrittenRun> {
  if (frames.length === 0) throw new SelectionInvalid(`No frames of ${detector.name} are chosen.`);
  const { kind } = detector;
  const group = kind.mainKey.split('.', 1)[0];
  const choices = [new FrameChoices(`${group}.pulseId`), new FrameChoices(kind.cellKey)];
  for (const frame of frames) {
    if ('pulseId' in frame) choices[0].add(frame.trainId, frame.pulseId);
    else choices[1].add(frame.trainId, frame.cellId);
  }
  if (kind.frameAxis === 'cell' && choices[0].byTrain.size > 0)
    throw new SelectionInvalid(
      `An entry of ${detector.name} is a burst of memory cells, without pulse ids: choose its frames by trainId and cellId.`,
    );
  const wanted = choices.filter(({ byTrain }) => byTrain.size > 0);
  const modules = run
    .select([...detector.sources.values()].map((name) => [name, '*'] as const))
    .selectTrains({ by: 'id', ids: detector.trainIds });
  const isCut = (key: KeyData) => key.key.startsWith(`${group}.`);
  const layout = { isBurst: kind.frameAxis === 'cell', gains: detector.isParallelGain ? PARALLEL_GAINS : 1 };
  return writeRun(modules, target, {
    ...options,
    chooseEntries: (key, table) => (isCut(key) ? chooseFrames(modules, key, table, wanted, layout) : table),
    burstLength: (key) => (layout.isBurst && isCut(key) ? modules.key(key.source, kind.mainKey).entryShape[0] : null),
  });
}

/** Ids of the wanted frames of each train. */
class FrameChoices {
  readonly byTrain = new Map<number, Set<number>>();
  /** The key that holds the ids. */
  readonly idKey: string;

  constructor(idKey: string) {
    this.idKey = idKey;
  }

  add(trainId: number, id: number): void {
    this.byTrain.set(trainId, (this.byTrain.get(trainId) ?? new Set()).add(id));
  }
}

interface FrameLayout {
  readonly isBurst: boolean;
  /** How often a train's pulses are there, one gain after the other; only the ids of the first count. */
  readonly gains: number;
}

async function chooseFrames(
  run: Run,
  key: KeyData,
  table: EntryTable,
  choices: readonly FrameChoices[],
  { isBurst, gains }: FrameLayout,
): Promise<EntryTable> {
  const chosen = new Map<number, TrainEntries[]>();
  for (const [trainId, pieces] of table) {
    const entries = pieces.reduce((sum, { count }) => sum + count, 0);
    const isWanted = new Set<number>();
    let perEntry = 1;
    for (const { idKey, byTrain } of choices) {
      const wanted = byTrain.get(trainId);
      if (!wanted || entries === 0) continue;
      const ids = (await run.key(key.source, idKey).readTrain(trainId)).data as ArrayLike<number | bigint>;
      const own = ids.length / gains;
      for (let i = 0; i < ids.length; i++) if (wanted.has(Number(ids[i % own]))) isWanted.add(i);
      if (isBurst) perEntry = ids.length / entries;
    }
    chosen.set(trainId, [...takeFrames(pieces, isWanted, perEntry, isBurst)]);
  }
  return chosen;
}

/** @param perEntry frames of an entry */
function* takeFrames(
  pieces: readonly TrainEntries[],
  isWanted: ReadonlySet<number>,
  perEntry: number,
  isBurst: boolean,
): Iterable<TrainEntries> {
  let position = 0;
  for (const { file, first, count } of pieces) {
    for (let entry = first; entry < first + count; entry++) {
      for (let frame = 0; frame < perEntry; frame++, position++)
        if (isWanted.has(position)) yield { file, first: entry, count: 1, ...(isBurst ? { frame } : {}) };
    }
  }
}
