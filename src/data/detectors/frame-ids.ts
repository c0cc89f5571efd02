import { FormatInvalid } from '../../core/errors.ts';
import { cellsPerEntry, type DetectorParts, entryCount, moduleKey, PARALLEL_GAINS } from './detector-parts.ts';

/**
 * Pulse id or memory cell of every frame, train after train. In parallel gain mode the ids of the first gain count for all.
 * @param keyName `image.pulseId` or the kind's `cellKey`
 * @returns as many as the trains have frames; empty where a module has no such key
 * @throws FormatInvalid if modules disagree, or no module says
 */
export async function readFrameIds(parts: DetectorParts, keyName: string): Promise<number[]> {
  const cells = cellsPerEntry(parts);
  const starts = new Map<number, number>();
  let total = 0;
  for (const id of parts.trainIds) {
    starts.set(id, total);
    total += entryCount(parts, id) * cells;
  }
  const ids = new Float64Array(total).fill(Number.NaN);
  for (const [module, source] of parts.sources) {
    if (!parts.run.source(source).hasKey(keyName)) return [];
    const key = moduleKey(parts, module, keyName);
    const values = (await key.read()).data as ArrayLike<number | bigint>;
    const entryTrains = key.trainIdCoordinates();
    const perEntry = entryTrains.length ? values.length / entryTrains.length : 1;
    let position = 0;
    for (const [entry, trainId] of entryTrains.entries()) {
      if (entry === 0 || entryTrains[entry - 1] !== trainId) position = starts.get(trainId) as number;
      for (let i = 0; i < perEntry; i++, position++) {
        const value = Number(values[entry * perEntry + i]);
        if (!Number.isNaN(ids[position]) && ids[position] !== value) {
          throw new FormatInvalid(
            `Modules of ${parts.name} disagree on ${keyName} in train ${trainId}: ${ids[position]} and ${value} (module ${module}). Leave the train or the module out.`,
            { trainId, module },
          );
        }
        ids[position] = value;
      }
    }
  }
  if (ids.some(Number.isNaN)) {
    throw new FormatInvalid(`${parts.name} has frames without ${keyName}. Leave their trains out.`, { key: keyName });
  }
  return parts.isParallelGain ? repeatFirstGain(parts, [...ids]) : [...ids];
}

function repeatFirstGain(parts: DetectorParts, ids: readonly number[]): number[] {
  let start = 0;
  return parts.trainIds.flatMap((trainId) => {
    const count = entryCount(parts, trainId);
    const own = ids.slice(start, start + count / PARALLEL_GAINS);
    start += count;
    return Array.from({ length: PARALLEL_GAINS }, () => own).flat();
  });
}
