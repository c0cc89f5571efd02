import { MultiRun, SelectionInvalid, StateInvalid, TrainNotFound } from '../core/errors.ts';
import type { Train } from '../core/train.ts';
import { type AliasDefinitions, type AliasTable, joinAliases, NO_ALIASES, parseAliases } from './alias-table.ts';
import { AuxiliaryData } from './auxiliary-data.ts';
import { joinRuns } from './join-runs.ts';
import type { KeyData } from './key-data.ts';
import { type RequireOptions, trainsWithData } from './require-data.ts';
import { RunAliases } from './run-aliases.ts';
import { type RunParts, type SkippedFile, usedFiles } from './run-parts.ts';
import type { SourceData } from './source-data.ts';
import {
  type ChosenKeys,
  chooseSources,
  dropSources,
  keepSources,
  openSource,
  type SourceSelection,
} from './source-selection.ts';
import { selectTrainIds, splitTrainIds, type TrainParts, type TrainSelection } from './train-selection.ts';
import { localTimeText, trainTimestamps } from './train-times.ts';
import { readTrainSources, type TrainOptions, type TrainReader, toTrainReaders } from './trains.ts';

/** Names of detector modules. @source EXtra-data DataCollection.detector_sources */
const DETECTOR_MODULE = /^.+\/(?:DET|CORR)\/\d+CH/;

/**
 * The recorded data of one run: sources x trains. Immutable: selections are new objects that share open files and caches.
 * Close the run (or `await using`) that was opened, not its selections.
 */
export class Run {
  readonly path: string;
  readonly skippedFiles: readonly SkippedFile[];
  /** Selected train ids, sorted; of an opened run those of all files together. */
  readonly trainIds: readonly number[];
  /** Names, sorted. */
  readonly controlSources: readonly string[];
  readonly instrumentSources: readonly string[];
  /** Old name -> name of the source that has the data. */
  readonly legacySources: ReadonlyMap<string, string>;
  /** Whether all data are of one run, so that run metadata and run values can be asked for. */
  readonly isSingleRun: boolean;
  readonly #parts: RunParts;
  #auxiliary?: AuxiliaryData;
  #readers?: readonly TrainReader[];

  /** Made by `openRun`. */
  constructor(parts: RunParts) {
    this.#parts = parts;
    this.path = parts.path;
    this.skippedFiles = parts.skippedFiles;
    this.trainIds = parts.trainIds;
    this.isSingleRun = parts.isSingleRun;
    const names = [...parts.sources.keys()].sort();
    this.controlSources = names.filter((name) => parts.sources.get(name)?.kind === 'control');
    this.instrumentSources = names.filter((name) => parts.sources.get(name)?.kind === 'instrument');
    this.legacySources = new Map([...parts.legacy].map(([name, entry]) => [name, entry.canonicalName]));
  }

  /** Files that the sources lie in. */
  get files(): readonly string[] {
    return usedFiles(this.#parts).map((file) => file.path);
  }

  /** Names of all sources, sorted, without legacy names. */
  get sources(): readonly string[] {
    return [...this.#parts.sources.keys()].sort();
  }

  /** Output channels of detector modules (`<detector>/DET/<n>CH..` and `/CORR/`), sorted. */
  get detectorSources(): readonly string[] {
    return this.instrumentSources.filter((name) => DETECTOR_MODULE.test(name));
  }

  /** Selected keys by source; null where all are selected. */
  get selection(): ReadonlyMap<string, ReadonlySet<string> | null> {
    return new Map([...this.#parts.sources, ...this.#parts.legacy].map(([name, entry]) => [name, entry.keys]));
  }

  hasSource(name: string): boolean {
    return this.#parts.sources.has(name) || this.#parts.legacy.has(name);
  }

  /** Whether there is such a source with such a key; a control key may leave `.value` out. */
  hasKey(source: string, key: string): boolean {
    return this.hasSource(source) && openSource(this.#parts, source).hasKey(key);
  }

  /** One source; legacy names work too, with a warning. @throws SourceNotFound */
  source(name: string): SourceData {
    const source = openSource(this.#parts, name);
    if (source.isLegacy) {
      const message = `${name} is a legacy name for ${source.canonicalName}. Access via this name will be removed for future data.`;
      this.#parts.warn({ kind: 'legacy-name', message });
    }
    return source;
  }

  /** Short for `run.source(source).key(key)`. @throws SourceNotFound, KeyNotFound */
  key(source: string, key: string): KeyData {
    return this.source(source).key(key);
  }

  /** Short names of sources and keys, as given when the run was opened or by {@link withAliases}. */
  get aliases(): RunAliases<Run> {
    return new RunAliases<Run>(this, this.#parts.aliases);
  }

  /** The same data with more aliases. @throws AliasConflict, SelectionInvalid */
  withAliases(...definitions: readonly (AliasDefinitions | AliasTable)[]): Run {
    return this.#with({ aliases: joinAliases(this.#parts.aliases, ...definitions.map(toTable)) });
  }

  /** The same data without aliases. */
  withoutAliases(): Run {
    return this.#with({ aliases: NO_ALIASES });
  }

  /**
   * Only what some definitions name, with just these aliases. What the run lacks is left out.
   * @param options.isStrict throw instead for what the run lacks
   * @throws AliasConflict; SelectionInvalid if nothing is left, or with `isStrict`
   */
  onlyAliases(
    definitions: AliasDefinitions | AliasTable | readonly (AliasDefinitions | AliasTable)[],
    options: RequireOptions & { readonly isStrict?: boolean } = {},
  ): Run {
    const list = (Array.isArray(definitions) ? definitions : [definitions]) as (AliasDefinitions | AliasTable)[];
    const run = this.#with({ aliases: joinAliases(...list.map(toTable)) });
    const { aliases } = run;
    const wanted = options.isStrict ? aliases.names : aliases.names.filter((alias) => aliases.has(alias));
    if (wanted.length === 0)
      throw new SelectionInvalid(`None of the ${aliases.names.length} aliases names anything in ${this.path}.`);
    return aliases.select(wanted, '*', options);
  }

  /** Sources about the recording itself: what was left out, what went wrong. */
  get auxiliary(): AuxiliaryData {
    this.#auxiliary ??= new AuxiliaryData(this.#parts);
    return this.#auxiliary;
  }

  /**
   * METADATA of the run (creationDate, dataFormatVersion, proposalNumber, runNumber, sample, ..) from its first file by name.
   * @throws MultiRun for data of several runs
   */
  runMetadata(): ReadonlyMap<string, string | number> {
    if (!this.isSingleRun)
      throw new MultiRun(`${this.path} has data of several runs: ask one of the runs before joining them.`);
    const [first] = usedFiles(this.#parts).sort((a, b) => (a.name < b.name ? -1 : 1));
    return first?.index.metadata ?? new Map();
  }

  /** When each of `trainIds` was recorded: ns since the epoch (UTC), 0n where the files do not say. */
  trainTimestamps(): BigUint64Array {
    return trainTimestamps(this.#parts.files, this.trainIds);
  }

  /**
   * {@link trainTimestamps} as text with offset (`2026-09-21 16:13:20.100000+02:00`), null where the files do not say.
   * @param timeZone default the European XFEL's, Europe/Berlin
   */
  trainTimeTexts(timeZone?: string): (string | null)[] {
    return Array.from(this.trainTimestamps(), (ns) => (ns === 0n ? null : localTimeText(ns, timeZone)));
  }

  #with(changed: Partial<RunParts>): Run {
    return new Run({ ...this.#parts, isOpened: false, ...changed });
  }

  /** The same sources over fewer trains. @throws SelectionInvalid, ShapeMismatch */
  selectTrains(selection: TrainSelection): Run {
    return this.#with({ trainIds: selectTrainIds(this.trainIds, selection, this.#parts.warn) });
  }

  /** The same sources in parts of nearly as many trains each. @throws SelectionInvalid */
  splitTrains(parts: TrainParts): Run[] {
    return splitTrainIds(this.trainIds, parts).map((trainIds) => this.#with({ trainIds }));
  }

  /**
   * Only some sources and keys; see {@link SourceSelection}. A key pattern of a control source that ends neither in `*` nor
   * in `.value` gets `.value` appended. Keys that were left out before do not come back.
   * @param keyPattern keys of a single source pattern
   * @throws SelectionInvalid if a pattern matches nothing, SourceNotFound or KeyNotFound for an exact name
   */
  select(selection: SourceSelection, keyPattern: string | RequireOptions = '*', options: RequireOptions = {}): Run {
    const isPattern = typeof keyPattern === 'string';
    const chosen: ChosenKeys = chooseSources(this.#parts, selection, isPattern ? keyPattern : '*');
    const parts = { ...this.#parts, ...keepSources(this.#parts, chosen) };
    return this.#with({ ...parts, isOpened: false, trainIds: trainsWithData(parts, isPattern ? options : keyPattern) });
  }

  /** Everything but some sources and keys. @throws as {@link select} */
  deselect(selection: SourceSelection, keyPattern = '*'): Run {
    return this.#with(dropSources(this.#parts, chooseSources(this.#parts, selection, keyPattern)));
  }

  /** Only trains in which every selected source has entries (`all`), or at least one of them (`any`). */
  requireData(rule: 'all' | 'any', options: Pick<RequireOptions, 'warnDropFraction'> = {}): Run {
    const { warnDropFraction } = options;
    const required = { requireAll: rule === 'all', requireAny: rule === 'any', warnDropFraction };
    return this.#with({ trainIds: trainsWithData(this.#parts, required) });
  }

  /**
   * All sources, keys and trains of several selections or runs. Every source gets all trains.
   * @throws FormatInvalid if two files have a train of one source, AliasConflict
   */
  union(...others: readonly Run[]): Run {
    return new Run(joinRuns([this.#parts, ...others.map((other) => other.#parts)]));
  }

  /**
   * Everything the selected sources say, train by train; never more than one train is in memory. Control values are 0-d or
   * n-d arrays or texts; an instrument key with one entry loses its first axis, one without entries is left out, structured
   * data are maps of fields.
   * @param options.requireAll leave trains out in which a source has no data
   */
  async *trains(options: TrainOptions & { readonly requireAll?: boolean } = {}): AsyncIterable<Train> {
    const trainIds = options.requireAll ? trainsWithData(this.#parts, { requireAll: true }) : this.trainIds;
    for (const trainId of trainIds) {
      options.signal?.throwIfAborted();
      yield await this.readTrain(trainId, options);
    }
  }

  /** One train as in {@link trains}. @throws TrainNotFound */
  async readTrain(trainId: number, options: TrainOptions = {}): Promise<Train> {
    if (!this.trainIds.includes(trainId)) {
      const [first, last] = [this.trainIds[0], this.trainIds.at(-1)];
      throw new TrainNotFound(
        `No train ${trainId} in ${this.path}: it has ${this.trainIds.length} trains, ${first} to ${last}.`,
        {
          trainId,
        },
      );
    }
    this.#readers ??= toTrainReaders(this.#namesToRead().map((name) => openSource(this.#parts, name)));
    return { trainId, sources: await readTrainSources(this.#readers, trainId, options) };
  }

  /** An old name counts only where the source is not selected under its own. */
  #namesToRead(): string[] {
    const old = [...this.legacySources].filter(([, canonical]) => !this.#parts.sources.has(canonical));
    return [...this.sources, ...old.map(([name]) => name)].sort();
  }

  /** One train by its position; negative ones count from the end. @throws SelectionInvalid */
  async readTrainAt(index: number, options: TrainOptions = {}): Promise<Train> {
    const [trainId] = selectTrainIds(this.trainIds, index);
    return this.readTrain(trainId, options);
  }

  /** Closes the files of the run and of all its selections. @throws StateInvalid for a selection or a union */
  async close(): Promise<void> {
    if (!this.#parts.isOpened)
      throw new StateInvalid('A selection shares the files of the run that was opened: close that run.');
    for (const file of [...this.#parts.files, ...(this.#parts.filesBehind ?? [])]) file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function toTable(definitions: AliasDefinitions | AliasTable): AliasTable {
  return definitions['targets'] instanceof Map ? (definitions as AliasTable) : parseAliases(definitions);
}
