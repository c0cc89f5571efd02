import type { WarningCallback } from '../data-warning.ts';
import type { KeyData } from '../key-data.ts';
import type { Run } from '../run.ts';
import type { DetectorKind } from './detector-kind.ts';
import type { FrameTable } from './frame-table.ts';

/** What a detector of a run is made of; shared by the detector and its keys. */
export interface DetectorParts {
  readonly run: Run;
  readonly name: string;
  readonly kind: DetectorKind;
  readonly isRaw: boolean;
  /** LPD only: the frames of a train are taken three times, at the three gains, one after the other. */
  readonly isParallelGain: boolean;
  /** Module number -> source, sorted by number. */
  readonly sources: ReadonlyMap<number, string>;
  /** Modules of the whole detector. */
  readonly moduleCount: number;
  /** Trains with frames, sorted. */
  readonly trainIds: readonly number[];
  /** Entries of the main key. */
  readonly table: FrameTable;
  readonly warn: WarningCallback;
}

/** Gains that LPD stores one after the other in parallel gain mode. */
export const PARALLEL_GAINS = 3;

/** Numbers of all modules of the whole detector. */
export function allModules({ kind, moduleCount }: DetectorParts): number[] {
  return Array.from({ length: moduleCount }, (_, i) => i + kind.firstModule);
}

/** Entries of the main key's group in a train. */
export function entryCount({ table }: DetectorParts, trainId: number): number {
  return table.get(trainId)?.count ?? 0;
}

/** A key of one module over the detector's trains. @throws KeyNotFound */
export function moduleKey(parts: DetectorParts, module: number, key: string): KeyData {
  return parts.run.key(parts.sources.get(module) as string, key).selectTrains({ by: 'id', ids: parts.trainIds });
}

/** A key of all modules that have data. @throws KeyNotFound */
export function moduleKeys(parts: DetectorParts, key: string): ReadonlyMap<number, KeyData> {
  return new Map([...parts.sources.keys()].map((module) => [module, moduleKey(parts, module, key)]));
}

/** Memory cells in one entry: 1, or the burst length of JUNGFRAU. */
export function cellsPerEntry(parts: DetectorParts): number {
  if (parts.kind.frameAxis === 'entry') return 1;
  const [module] = parts.sources.keys();
  return moduleKey(parts, module, parts.kind.mainKey).entryShape[0];
}
