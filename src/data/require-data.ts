import { ascending, type RunParts } from './run-parts.ts';
import { countsByTrain, findSegments } from './segments.ts';
import type { SourceData } from './source-data.ts';
import { openSource } from './source-selection.ts';

/** Which trains a selection of sources keeps. */
export interface RequireOptions {
  /** Only trains in which every selected source has data, in every index group of its selected keys. */
  readonly requireAll?: boolean;
  /** Only trains in which any selected source has data. */
  readonly requireAny?: boolean;
  /** Warn when one source alone costs at least this fraction of the trains left. Default 1: when it costs all. */
  readonly warnDropFraction?: number;
}

/** The trains that fulfil the options. Devices with run values only do not count. */
export function trainsWithData(parts: RunParts, options: RequireOptions): readonly number[] {
  const { requireAll, requireAny, warnDropFraction = 1 } = options;
  if (!requireAll && !requireAny) return parts.trainIds;
  const wanted = new Set(parts.trainIds);
  let kept = requireAll ? [...parts.trainIds] : [];
  for (const name of [...parts.sources.keys(), ...parts.legacy.keys()].sort()) {
    const before = kept.length;
    for (const present of presentTrains(parts, openSource(parts, name), wanted)) {
      kept = requireAll ? kept.filter((id) => present.has(id)) : ascending([...kept, ...present]);
    }
    const dropped = before - kept.length;
    if (before > 0 && dropped / before >= warnDropFraction) {
      const percent = Math.round((dropped / before) * 100);
      const message = `${dropped}/${before} (${percent}%) trains dropped when filtering by ${name}`;
      parts.warn({ kind: 'trains-dropped', message });
    }
  }
  return kept;
}

/** Per index group of a source, the wanted trains with data. */
function presentTrains(parts: RunParts, source: SourceData, wanted: ReadonlySet<number>): ReadonlySet<number>[] {
  if (source.isRunOnly) return [];
  const files = (parts.sources.get(source.name) ?? parts.legacy.get(source.name))?.files ?? [];
  return source
    .indexGroups()
    .map((group) => new Set(countsByTrain(findSegments(files, source.canonicalName, group, wanted)).keys()));
}
