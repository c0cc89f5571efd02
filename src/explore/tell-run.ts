import type { RunInfo } from '../api/run-contract.ts';
import { isXfelError } from '../core/errors.ts';
import { findDetectors } from '../data/detectors/find-detectors.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import type { Run } from '../data/run.ts';
import { describeRun, type SourceInfo } from '../data/run-info.ts';
import { groupSources } from './source-groups.ts';

/** What is known of a run beside its files. */
export interface RunSurroundings {
  readonly proposal: string;
  readonly run: number;
  readonly data: string;
  readonly dataRoot: string | null;
  /** Name of the detector whose raw frames can be corrected; null if there are no darks. */
  readonly correctable: string | null;
}

/** Everything that a page needs to know of a run before a key is read. */
export function tellRun(run: Run, around: RunSurroundings): RunInfo {
  const { correctable, ...address } = around;
  const info = describeRun(run, { counts: true, auxiliary: true });
  const aliasesOf = new Map<string, string[]>();
  for (const [alias, { source, key }] of run.aliases.table.targets)
    if (key === null) aliasesOf.set(source, [...(aliasesOf.get(source) ?? []), alias]);
  const countsOf = ({ counts }: SourceInfo) => ({
    trains: counts?.trains ?? 0,
    entries: counts?.entries ?? 0,
    fewest: counts?.fewest ?? 0,
    most: counts?.most ?? 0,
  });
  const describe = (kind: 'pipeline' | 'control') => (source: SourceInfo) => ({
    name: source.name,
    kind,
    ...countsOf(source),
    aliases: aliasesOf.get(source.name) ?? [],
  });
  const all = new Map([...info.instrument, ...info.control].map((source) => [source.name, source]));
  const auxiliary = (kind: 'reduction' | 'errata') => (source: SourceInfo) => {
    const { trains, entries } = countsOf(source);
    return { name: source.name, kind, target: null, trains, entries };
  };
  return {
    ...address,
    path: run.path,
    trains: run.trainIds.length,
    firstTrainId: run.trainIds[0] ?? null,
    lastTrainId: run.trainIds.at(-1) ?? null,
    trainRanges: rangesOf(run.trainIds),
    metadata: Object.fromEntries(run.runMetadata()),
    sources: [...info.instrument.map(describe('pipeline')), ...info.control.map(describe('control'))],
    otherSources: [
      ...[...info.legacy].map(([name, target]) => {
        const source = all.get(target);
        const { trains, entries } = source ? countsOf(source) : { trains: 0, entries: 0 };
        return { name, kind: 'legacy' as const, target, trains, entries };
      }),
      ...info.reduction.map(auxiliary('reduction')),
      ...info.errata.map(auxiliary('errata')),
    ],
    groups: groupSources(info, (name) => aliasesOf.has(name)),
    aliases: [...run.aliases.table.targets].map(([alias, { source, key }]) => ({
      alias,
      source,
      key,
      isThere: run.aliases.has(alias),
    })),
    detectors: tellDetectors(run, correctable),
    skippedFiles: run.skippedFiles.map(({ file, reason }) => ({ file, reason })),
  };
}

function tellDetectors(run: Run, correctable: string | null): RunInfo['detectors'] {
  return findDetectors(run).flatMap(({ name }) => {
    try {
      const detector = openDetector(run, { name });
      return [
        {
          name,
          type: detector.kind.name,
          modules: [...detector.modules],
          isRaw: detector.isRaw,
          isCorrectable: detector.isRaw && detector.kind.name === correctable,
          trains: detector.trainIds.length,
          trainRanges: rangesOf(detector.trainIds),
          maxPulses: detector.frameCounts.reduce((a, b) => Math.max(a, b), 0),
        },
      ];
    } catch (error) {
      // A detector without a single frame is no detector to look at; anything else is a fault.
      if (isXfelError(error)) return [];
      throw error;
    }
  });
}

/** Ascending whole numbers as [first, count]. */
function rangesOf(ids: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last && id === last[0] + last[1]) last[1]++;
    else ranges.push([id, 1]);
  }
  return ranges;
}
