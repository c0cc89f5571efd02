import { FormatInvalid, nearestNames, SelectionInvalid, SourceNotFound, TrainNotFound } from '../core/errors.ts';
import type { Train, TrainRange } from '../core/train.ts';
import type { KeyData, KeyOrigin } from './key-data.ts';
import { toNamePattern } from './name-pattern.ts';
import type { RunFile } from './run-file.ts';
import { SourceData, type SourceKind } from './source-data.ts';
import { selectTrainIds } from './train-selection.ts';
import { readTrainSources } from './trains.ts';

/** A file of the run that could not be used, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

/** Where a source's data are, and what of it is selected. */
export interface SourceEntry {
  readonly kind: SourceKind;
  readonly canonicalName: string;
  readonly files: readonly RunFile[];
  /** Selected keys; null for all. */
  readonly keys: ReadonlySet<string> | null;
}

/** Everything a {@link Run} is made of. */
export interface RunParts {
  readonly path: string;
  readonly files: readonly RunFile[];
  readonly skippedFiles: readonly SkippedFile[];
  readonly trainIds: readonly number[];
  readonly sources: ReadonlyMap<string, SourceEntry>;
  /** Old names of sources that are kept for old programs. */
  readonly legacy: ReadonlyMap<string, SourceEntry>;
}

/** A pattern of source names, or of source and key names. */
export type SourcePattern = string | readonly [source: string, key: string];

/**
 * The recorded data of one run: sources x trains. Immutable: selections are new objects that share open files and caches.
 * Close the run (or `await using`) that was opened, not its selections.
 */
export class Run {
  readonly path: string;
  readonly files: readonly string[];
  readonly skippedFiles: readonly SkippedFile[];
  /** Train ids of all files together, sorted. */
  readonly trainIds: readonly number[];
  /** Names, sorted. */
  readonly controlSources: readonly string[];
  readonly instrumentSources: readonly string[];
  /** Old name -> name of the source that has the data. */
  readonly legacySources: ReadonlyMap<string, string>;
  readonly #parts: RunParts;

  /** Made by `openRun`. */
  constructor(parts: RunParts) {
    this.#parts = parts;
    this.path = parts.path;
    this.files = parts.files.map((file) => file.path);
    this.skippedFiles = parts.skippedFiles;
    this.trainIds = parts.trainIds;
    const names = [...parts.sources.keys()].sort();
    this.controlSources = names.filter((name) => parts.sources.get(name)?.kind === 'control');
    this.instrumentSources = names.filter((name) => parts.sources.get(name)?.kind === 'instrument');
    this.legacySources = new Map([...parts.legacy].map(([name, entry]) => [name, entry.canonicalName]));
  }

  /** Names of all sources, sorted, without legacy names. */
  get sources(): readonly string[] {
    return [...this.#parts.sources.keys()].sort();
  }

  /** Selected keys by source; null where all are selected. */
  get selection(): ReadonlyMap<string, ReadonlySet<string> | null> {
    return new Map([...this.#parts.sources, ...this.#parts.legacy].map(([name, entry]) => [name, entry.keys]));
  }

  hasSource(name: string): boolean {
    return this.#parts.sources.has(name) || this.#parts.legacy.has(name);
  }

  /** One source; legacy names work too. @throws SourceNotFound */
  source(name: string): SourceData {
    const entry = this.#parts.sources.get(name) ?? this.#parts.legacy.get(name);
    if (entry) return new SourceData(this.#origin(name, entry), entry.keys);
    const near = nearestNames(name, this.sources);
    throw new SourceNotFound(
      `No source "${name}" in ${this.path}; nearest: ${near.join(', ') || 'none'}. List them with run.sources.`,
      {
        name,
        near,
      },
    );
  }

  /** Short for `run.source(source).key(key)`. @throws SourceNotFound, KeyNotFound */
  key(source: string, key: string): KeyData {
    return this.source(source).key(key);
  }

  #origin(name: string, entry: SourceEntry): KeyOrigin {
    return {
      section: entry.kind === 'control' ? 'CONTROL' : 'INSTRUMENT',
      source: name,
      canonicalSource: entry.canonicalName,
      files: entry.files,
      trainIds: this.trainIds,
    };
  }

  /**
   * METADATA of the run (creationDate, dataFormatVersion, proposalNumber, runNumber, sample, ..) from its first file by name.
   */
  runMetadata(): ReadonlyMap<string, string | number> {
    const [first] = [...this.#parts.files].sort((a, b) => (a.name < b.name ? -1 : 1));
    return first?.index.metadata ?? new Map();
  }

  /** When each of `trainIds` was recorded: ns since the epoch (UTC), 0n where the files do not say. */
  trainTimestamps(): BigUint64Array {
    const found = new Map<number, bigint>();
    for (const { index } of this.#parts.files) {
      for (const [i, id] of index.trainIds.entries()) {
        const timestamp = index.timestamps?.[i] ?? 0n;
        if (timestamp !== 0n && !found.has(id)) found.set(id, timestamp);
      }
    }
    return BigUint64Array.from(this.trainIds, (id) => found.get(id) ?? 0n);
  }

  /** The same sources over fewer trains. @throws SelectionInvalid */
  selectTrains(selection: TrainRange): Run {
    return new Run({ ...this.#parts, trainIds: selectTrainIds(this.trainIds, selection) });
  }

  /**
   * Only the sources (and keys) that match any of the shell patterns. A key pattern of a control source that ends neither in
   * `*` nor in `.value` gets `.value` appended.
   * @param patterns one source pattern, or a list of patterns of sources or of [source, key]
   * @throws SelectionInvalid if a pattern matches nothing
   */
  select(patterns: string | readonly SourcePattern[], keyPattern = '*'): Run {
    const list: readonly SourcePattern[] = typeof patterns === 'string' ? [[patterns, keyPattern]] : patterns;
    const selected = new Map<string, SourceEntry>();
    const legacy = new Map<string, SourceEntry>();
    for (const pattern of list) {
      const [sourceGlob, keyGlob] = typeof pattern === 'string' ? [pattern, '*'] : pattern;
      const isMatch = toNamePattern(sourceGlob);
      let isFound = false;
      for (const [from, to] of [
        [this.#parts.sources, selected],
        [this.#parts.legacy, legacy],
      ] as const) {
        for (const [name, entry] of from) {
          const keys = isMatch.test(name) ? this.#matchKeys(name, entry, keyGlob) : undefined;
          if (keys === undefined) continue;
          isFound = true;
          to.set(name, { ...entry, keys: joinKeys(to.get(name), keys) });
        }
      }
      if (!isFound)
        throw new SelectionInvalid(`No matches for pattern ("${sourceGlob}", "${keyGlob}") in ${this.path}.`, {
          pattern,
        });
    }
    return new Run({ ...this.#parts, sources: selected, legacy });
  }

  /** Keys of a source that match: null for all of them, undefined for none. */
  #matchKeys(name: string, entry: SourceEntry, keyGlob: string): ReadonlySet<string> | null | undefined {
    if (keyGlob === '*') return entry.keys;
    const needsValue = entry.kind === 'control' && !keyGlob.endsWith('*') && !keyGlob.endsWith('.value');
    const isMatch = toNamePattern(needsValue ? `${keyGlob}.value` : keyGlob);
    const keys = this.source(name)
      .keys()
      .filter((key) => isMatch.test(key));
    return keys.length > 0 ? new Set(keys) : undefined;
  }

  /** Only trains in which every selected source has entries (`all`), or at least one of them (`any`). */
  requireData(rule: 'all' | 'any'): Run {
    const present: number[][] = [];
    for (const name of this.#parts.sources.keys()) {
      const source = this.source(name);
      if (source.isRunOnly) continue;
      const counts = source.indexGroups().map((group) => source.dataCounts(group));
      present.push(this.trainIds.filter((_, i) => counts.every((count) => count[i] > 0)));
    }
    const times = new Map<number, number>();
    for (const id of present.flat()) times.set(id, (times.get(id) ?? 0) + 1);
    const needed = rule === 'all' ? present.length : 1;
    return new Run({ ...this.#parts, trainIds: this.trainIds.filter((id) => (times.get(id) ?? 0) >= needed) });
  }

  /**
   * Everything the selected sources say, train by train. Control values are 0-d or n-d arrays or texts; an instrument key
   * with one entry loses its first axis, one without entries is left out, structured data are maps of fields.
   */
  async *trains(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<Train> {
    for (const trainId of this.trainIds) {
      options.signal?.throwIfAborted();
      yield await this.readTrain(trainId, options);
    }
  }

  /** One train as in {@link trains}. @throws TrainNotFound */
  async readTrain(trainId: number, options: { readonly signal?: AbortSignal } = {}): Promise<Train> {
    if (!this.trainIds.includes(trainId)) {
      const [first, last] = [this.trainIds[0], this.trainIds.at(-1)];
      throw new TrainNotFound(
        `No train ${trainId} in ${this.path}: it has ${this.trainIds.length} trains, ${first} to ${last}.`,
        {
          trainId,
        },
      );
    }
    const sources = this.sources.map((name) => this.source(name));
    return { trainId, sources: await readTrainSources(sources, trainId, options.signal) };
  }

  /** Closes the files of the run and of all its selections. */
  async close(): Promise<void> {
    for (const file of this.#parts.files) file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function joinKeys(known: SourceEntry | undefined, keys: ReadonlySet<string> | null): ReadonlySet<string> | null {
  if (!known) return keys;
  return known.keys === null || keys === null ? null : new Set([...known.keys, ...keys]);
}

/** @throws FormatInvalid if a source has the same train twice, in one file or in two */
export function checkConflicts(sources: ReadonlyMap<string, SourceEntry>): void {
  const wrong: string[] = [];
  for (const [name, { files }] of sources) {
    const seen = new Set<number>();
    const ids = files.flatMap(({ index, isUsable }) => index.trainIds.filter((_, i) => isUsable[i]));
    for (const id of ids) seen.add(id);
    if (seen.size < ids.length) wrong.push(name);
  }
  if (wrong.length === 0) return;
  throw new FormatInvalid(
    `${wrong.length} sources have conflicting data (same train ID in different files or twice in one): ${wrong.join(', ')}. Leave suspect trains out, or the file that repeats them.`,
    { sources: wrong },
  );
}
