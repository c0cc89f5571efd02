import { nearestNames, SourceNotFound } from '../core/errors.ts';
import type { KeyData } from './key-data.ts';
import type { RunFile } from './run-file.ts';
import type { RunParts } from './run-parts.ts';
import { SourceData } from './source-data.ts';

interface AuxiliaryEntry {
  readonly section: 'REDUCTION' | 'ERRATA';
  readonly canonicalName: string;
  readonly files: readonly RunFile[];
}

/**
 * Sources that tell of the recording itself: what data reduction left out, and what the DAQ could not record.
 *
 * Every aggregator may have a source of the same name, so names start with the aggregator (`DA01@TRAINS_OUTSIDE_BUFFER_RANGE`),
 * but for a source that only one aggregator has and whose name ends with that of a source which it recorded. A file that
 * no aggregator wrote has its names as they are: there they are told apart already.
 * @source EXtra-data auxiliary.py
 */
export class AuxiliaryData {
  readonly trainIds: readonly number[];
  readonly #parts: RunParts;
  readonly #entries: ReadonlyMap<string, AuxiliaryEntry>;

  /** Use `run.auxiliary`. */
  constructor(parts: RunParts) {
    this.#parts = parts;
    this.trainIds = parts.trainIds;
    this.#entries = findEntries(parts.filesBehind ?? parts.files);
  }

  /** Names, sorted. */
  get sources(): readonly string[] {
    return [...this.#entries.keys()].sort();
  }

  get reductionSources(): readonly string[] {
    return this.sources.filter((name) => this.#entries.get(name)?.section === 'REDUCTION');
  }

  get errataSources(): readonly string[] {
    return this.sources.filter((name) => this.#entries.get(name)?.section === 'ERRATA');
  }

  hasSource(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws SourceNotFound */
  source(name: string): SourceData {
    const entry = this.#entries.get(name);
    if (entry) {
      const { section, canonicalName, files } = entry;
      const { trainIds, isSingleRun, warn } = this.#parts;
      return new SourceData(
        { section, source: name, canonicalSource: canonicalName, files, trainIds, isSingleRun, warn },
        null,
      );
    }
    const near = nearestNames(name, this.sources);
    const prefixed = this.sources.filter((known) => known.endsWith(`@${name}`));
    const advice = prefixed.length
      ? `Several aggregators may have it: ask for ${prefixed.join(' or ')}.`
      : `nearest: ${near.join(', ') || 'none'}. List them with run.auxiliary.sources.`;
    throw new SourceNotFound(`No auxiliary source "${name}" in ${this.#parts.path}; ${advice}`, { name, near });
  }

  /** Short for `source(source).key(key)`. @throws SourceNotFound, KeyNotFound */
  key(source: string, key: string): KeyData {
    return this.source(source).key(key);
  }
}

function findEntries(files: readonly RunFile[]): ReadonlyMap<string, AuxiliaryEntry> {
  const byName = new Map<string, { section: AuxiliaryEntry['section']; byAggregator: Map<string, RunFile[]> }>();
  for (const file of files) {
    for (const section of ['REDUCTION', 'ERRATA'] as const) {
      for (const name of file.auxiliary[section]) {
        const known = byName.get(`${section}/${name}`) ?? { section, byAggregator: new Map<string, RunFile[]>() };
        byName.set(`${section}/${name}`, known);
        known.byAggregator.set(file.aggregator, [...(known.byAggregator.get(file.aggregator) ?? []), file]);
      }
    }
  }
  const found = new Map<string, AuxiliaryEntry>();
  for (const [id, { section, byAggregator }] of byName) {
    const name = id.slice(section.length + 1);
    for (const [aggregator, own] of byAggregator) {
      const isPlain = aggregator === '' || (byAggregator.size === 1 && own.some((file) => endsWithSource(file, name)));
      found.set(isPlain ? name : `${aggregator}@${name}`, { section, canonicalName: name, files: own });
    }
  }
  return found;
}

function endsWithSource({ index }: RunFile, name: string): boolean {
  return [...index.controlSources, ...index.instrumentSources].some((source) => name.endsWith(source));
}
