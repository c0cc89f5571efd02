import { KeyNotFound, MultiRun, NoData, nearestNames, SelectionInvalid } from '../core/errors.ts';
import { keyPath } from '../formats/euxfel-hdf5.ts';
import { KeyData } from './key-data.ts';
import type { KeyOrigin } from './key-facts.ts';
import { isNamePattern, toNamePattern } from './name-pattern.ts';
import { parseRunFileName, type RunFile, storageClassOf } from './run-file.ts';
import { type RunValue, readRunValue, runValueKeys, runValueType } from './run-values.ts';
import { countsByTrain, findSegments } from './segments.ts';
import { selectTrainIds, splitTrainIds, type TrainParts, type TrainSelection } from './train-selection.ts';

/**
 * What kind of source: a device's properties, one value a train; an output channel with any number of entries; what was left
 * out by data reduction; what went wrong while recording.
 */
export type SourceKind = 'control' | 'instrument' | 'reduction' | 'errata';

const KIND_OF_SECTION = {
  CONTROL: 'control',
  INSTRUMENT: 'instrument',
  REDUCTION: 'reduction',
  ERRATA: 'errata',
} as const;

/** One source over the selected trains. Immutable. */
export class SourceData {
  readonly name: string;
  readonly kind: SourceKind;
  /** The name under which the files keep the data; differs from `name` for a legacy name. */
  readonly canonicalName: string;
  readonly trainIds: readonly number[];
  readonly #origin: KeyOrigin;
  readonly #selected: ReadonlySet<string> | null;

  /** @param selected keys that may be seen; null for all */
  constructor(origin: KeyOrigin, selected: ReadonlySet<string> | null) {
    this.#origin = origin;
    this.#selected = selected;
    this.name = origin.source;
    this.canonicalName = origin.canonicalSource;
    this.kind = KIND_OF_SECTION[origin.section];
    this.trainIds = origin.trainIds;
  }

  get isControl(): boolean {
    return this.kind === 'control';
  }

  get isInstrument(): boolean {
    return this.kind === 'instrument';
  }

  get isReduction(): boolean {
    return this.kind === 'reduction';
  }

  get isErrata(): boolean {
    return this.kind === 'errata';
  }

  /** Whether the source is about the recording, not of the experiment. */
  get isAuxiliary(): boolean {
    return this.isReduction || this.isErrata;
  }

  /** Whether the name is an old one, kept for old programs. */
  get isLegacy(): boolean {
    return !this.isAuxiliary && this.name !== this.canonicalName;
  }

  /** Whether the device has run values only, nothing per train. */
  get isRunOnly(): boolean {
    return this.isControl && this.#origin.files[0].oneKeyBelow(this.#group) === null;
  }

  /** Files that hold the source, at least one. */
  get runFiles(): readonly RunFile[] {
    return this.#origin.files;
  }

  /** Selected keys; null where all are. */
  get selectedKeys(): ReadonlySet<string> | null {
    return this.#selected;
  }

  /** The aggregator that wrote the source (`DA01`), from a file name; '' if that does not say. */
  get aggregator(): string {
    return parseRunFileName(this.#firstFileName())?.aggregator ?? '';
  }

  /** `RAW`, `CORR`, .. as the file name says; '' if it does not. */
  get dataCategory(): string {
    return parseRunFileName(this.#firstFileName())?.category ?? '';
  }

  /** Where in the proposal the data lie: `raw`, `proc`, `scratch/test`, ..; '' if the path does not say. */
  get storageClass(): string {
    return storageClassOf(this.#origin.files[0].path);
  }

  /** Of an overview file, the first of the files that it points at. */
  #firstFileName(): string {
    const [file] = this.#origin.files;
    // An aggregator's name tells that it is no overview, without opening the file.
    const { aggregator } = parseRunFileName(file.name) ?? {};
    if ((aggregator && aggregator !== 'OVERVIEW') || !file.isOverview) return file.name;
    const pointed = file.hdf5.attributes(`/${this.#origin.section}/${this.canonicalName}`).get('source_files');
    const name = typeof pointed === 'object' ? (pointed.data as string[])[0] : pointed;
    return typeof name === 'string' ? name.slice(name.lastIndexOf('/') + 1) : file.name;
  }

  /** HDF5 group of the source. */
  get #group(): string {
    return `/${this.#origin.section}/${this.canonicalName}`;
  }

  #allKeys(): readonly string[] {
    return this.#origin.files[0].keysBelow(this.#group);
  }

  /**
   * Names of all selected keys, sorted (`image.data`, `actualPosition.value`). Read from the first file of the source.
   * @param options.timestamps false: of a control source its properties as Karabo names them (`actualPosition`)
   */
  keys(options: { readonly timestamps?: boolean } = {}): string[] {
    const selected = this.#selected;
    const keys = this.#allKeys()
      .filter((key) => !selected || selected.has(key))
      .sort();
    if (options.timestamps !== false || !this.isControl) return keys;
    return keys.filter((key) => key.endsWith('.value')).map((key) => key.slice(0, -'.value'.length));
  }

  /** Whether there is such a key; a control key may leave `.value` out. */
  hasKey(name: string): boolean {
    return this.#resolve(name) !== null;
  }

  /** One key; a control key may leave `.value` out. @throws KeyNotFound */
  key(name: string): KeyData {
    return new KeyData(this.#origin, this.#resolveOrThrow(name));
  }

  #resolveOrThrow(name: string): string {
    const key = this.#resolve(name);
    if (key !== null) return key;
    const near = nearestNames(name, this.keys());
    throw new KeyNotFound(
      `Source ${this.name} has no key "${name}"; nearest: ${near.join(', ') || 'none'}. List them with keys().`,
      {
        source: this.name,
        name,
        near,
      },
    );
  }

  #resolve(name: string): string | null {
    const { files, section, canonicalSource } = this.#origin;
    const candidates = this.isControl ? [name, `${name}.value`] : [name];
    for (const key of candidates) {
      if (this.#selected && !this.#selected.has(key)) continue;
      const path = keyPath(section, canonicalSource, key);
      if (!/\/\/|\/$/.test(path) && files[0].hdf5.kindOf(path) === 'dataset') return key;
    }
    return null;
  }

  /** Any key, of an index group if given: quicker than listing them where one is enough. @throws KeyNotFound, NoData */
  oneKey(group?: string): string {
    const key = this.#selected
      ? [...this.#selected].find((name) => group === undefined || this.isControl || name.startsWith(`${group}.`))
      : this.#anyKey(this.isControl ? undefined : group);
    if (key !== undefined) return key;
    if (group === undefined) throw new NoData(`Source ${this.name} has no keys.`, { source: this.name });
    throw new KeyNotFound(`No selected key of ${this.name} is in index group "${group}".`, {
      source: this.name,
      name: group,
      near: this.indexGroups(),
    });
  }

  #anyKey(group: string | undefined): string | undefined {
    const [file] = this.#origin.files;
    if (!group) return file.oneKeyBelow(this.#group) ?? undefined;
    const key = file.oneKeyBelow(`${this.#group}/${group}`);
    return key === null ? undefined : `${group}.${key}`;
  }

  /**
   * Only some keys.
   * @param keys a name or pattern, or names; a control key may leave `.value` out; an empty set means all
   * @throws KeyNotFound if nothing matches
   */
  selectKeys(keys: string | Iterable<string>): SourceData {
    const wanted = typeof keys === 'string' ? this.matchKeys(keys) : this.#exactKeys(keys);
    if (wanted === undefined) this.#resolveOrThrow(keys as string);
    const known = this.#selected;
    if (!wanted) return this;
    return new SourceData(this.#origin, known ? new Set([...wanted].filter((key) => known.has(key))) : wanted);
  }

  #exactKeys(keys: Iterable<string>): ReadonlySet<string> | null {
    const names = [...keys].map((name) => this.#resolveOrThrow(name));
    return names.length > 0 ? new Set(names) : null;
  }

  /**
   * Selected keys that match a pattern: null for all of them, undefined for none. A pattern of a control source that ends
   * neither in `*` nor in `.value` gets `.value` appended.
   */
  matchKeys(pattern: string): ReadonlySet<string> | null | undefined {
    if (pattern === '*') return this.#selected;
    const needsValue = this.isControl && !pattern.endsWith('*') && !pattern.endsWith('.value');
    const full = needsValue ? `${pattern}.value` : pattern;
    if (!isNamePattern(full)) return this.#resolve(full) === full ? new Set([full]) : undefined;
    const isMatch = toNamePattern(full);
    const keys = this.keys().filter((key) => isMatch.test(key));
    return keys.length > 0 ? new Set(keys) : undefined;
  }

  /** Index groups of the selected keys: first parts of instrument keys, sorted; `['']` for control. */
  indexGroups(): string[] {
    if (this.isControl) return [''];
    if (!this.#selected) return [...this.#origin.files[0].indexGroups(this.canonicalName)];
    return [...new Set([...this.#selected].map((key) => key.split('.', 1)[0]))].sort();
  }

  /** Whether one of the source's files has a train; the source need not have data in it. */
  hasFileOfTrain(trainId: number): boolean {
    const wanted = new Set([trainId]);
    return this.#origin.files.some((file) => file.positionsOf(wanted).length > 0);
  }

  /** Entries per selected train, aligned with `trainIds`: of one index group, or the most of any. */
  dataCounts(group?: string): number[] {
    const counts = this.trainIds.map(() => 0);
    if (this.isRunOnly) return counts;
    const wanted = new Set(this.trainIds);
    const { files, canonicalSource } = this.#origin;
    for (const name of group === undefined ? this.indexGroups() : [group]) {
      const byTrain = countsByTrain(findSegments(files, canonicalSource, name, wanted));
      for (const [i, id] of this.trainIds.entries()) counts[i] = Math.max(counts[i], byTrain.get(id) ?? 0);
    }
    return counts;
  }

  /** {@link dataCounts} by train id, of the trains that the files list. */
  dataCountsByTrain(group?: string): ReadonlyMap<number, number> {
    const found = new Map<number, number>();
    for (const name of group === undefined ? this.indexGroups() : [group]) {
      for (const [id, count] of this.key(this.oneKey(name)).dataCountsByTrain())
        found.set(id, Math.max(found.get(id) ?? 0, count));
    }
    return found;
  }

  /**
   * Train id of every entry, in reading order: of one index group, or of all if they agree.
   * @throws SelectionInvalid if the index groups differ in their entries
   */
  trainIdCoordinates(group?: string): number[] {
    const groups = group === undefined ? this.indexGroups() : [group];
    const counts = groups.map((name) => this.dataCounts(name).join());
    if (counts.some((count) => count !== counts[0])) {
      throw new SelectionInvalid(
        `Index groups ${groups.join(', ')} of ${this.name} differ in their number of entries; name one of them.`,
        { groups },
      );
    }
    return this.key(this.oneKey(groups[0])).trainIdCoordinates();
  }

  /** The same source over fewer trains. @throws SelectionInvalid */
  selectTrains(selection: TrainSelection): SourceData {
    return this.#over(selectTrainIds(this.trainIds, selection, this.#origin.warn));
  }

  #over(trainIds: readonly number[]): SourceData {
    return new SourceData({ ...this.#origin, trainIds }, this.#selected);
  }

  /** Only trains with data: of one index group, or of any. */
  dropEmptyTrains(group?: string): SourceData {
    const counts = this.dataCounts(group);
    return this.#over(this.trainIds.filter((_, i) => counts[i] > 0));
  }

  /** The same source in parts of nearly as many trains each. @throws SelectionInvalid */
  splitTrains(parts: TrainParts): SourceData[] {
    return splitTrainIds(this.trainIds, parts).map((trainIds) => this.#over(trainIds));
  }

  /** METADATA of the run, from the source's first file. @throws MultiRun for data of several runs */
  runMetadata(): ReadonlyMap<string, string | number> {
    this.#assertSingleRun();
    return this.#origin.files[0].index.metadata;
  }

  /**
   * Values that the DAQ stored once at the start of the run, by key (`classId.value`).
   * @param options.timestamps false: only values, by property name (`classId`)
   * @throws SelectionInvalid for an output channel, which has none, MultiRun for data of several runs
   */
  runValues(options: { readonly timestamps?: boolean } = {}): ReadonlyMap<string, RunValue> {
    this.#assertRunValues();
    const [file] = this.#origin.files;
    const values = new Map<string, RunValue>();
    for (const key of runValueKeys(file, this.canonicalName)) {
      const isBare = options.timestamps === false;
      if (isBare && !key.endsWith('.value')) continue;
      const value = readRunValue(file, this.canonicalName, key);
      if (value !== undefined) values.set(isBare ? key.slice(0, -'.value'.length) : key, value);
    }
    return values;
  }

  /**
   * One of {@link runValues}; `.value` may be left out.
   * @param options.allowMultiRun take any run's value where there are several
   * @throws KeyNotFound, SelectionInvalid, MultiRun
   */
  runValue(name: string, options: { readonly allowMultiRun?: boolean } = {}): RunValue {
    this.#assertRunValues(options.allowMultiRun);
    const [file] = this.#origin.files;
    const keys = runValueKeys(file, this.canonicalName);
    const key = [name, `${name}.value`].find((candidate) => keys.includes(candidate));
    const value = key === undefined ? undefined : readRunValue(file, this.canonicalName, key);
    if (value !== undefined) return value;
    const near = nearestNames(name, keys);
    throw new KeyNotFound(`Source ${this.name} has no run value "${name}"; nearest: ${near.join(', ') || 'none'}.`, {
      source: this.name,
      name,
      near,
    });
  }

  /** Element type and shape of each run value, without reading it; `unknown` for types we cannot read. */
  runValueTypes(): ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }> {
    this.#assertRunValues(true);
    const [file] = this.#origin.files;
    return new Map(
      runValueKeys(file, this.canonicalName).map((key) => [key, runValueType(file, this.canonicalName, key)]),
    );
  }

  /** Device class from the run values (`AgipdFpga`, ..), or '' if the file does not say. */
  get deviceClass(): string {
    if (!this.isControl) return '';
    const [file] = this.#origin.files;
    const keys = runValueKeys(file, this.canonicalName);
    const value = keys.includes('classId.value') && readRunValue(file, this.canonicalName, 'classId.value');
    return typeof value === 'string' ? value : '';
  }

  #assertRunValues(allowMultiRun = false): void {
    if (!this.isControl) {
      throw new SelectionInvalid(`${this.name} is no control source: only control sources have run values.`, {
        name: this.name,
      });
    }
    if (!allowMultiRun) this.#assertSingleRun();
  }

  #assertSingleRun(): void {
    if (this.#origin.isSingleRun) return;
    throw new MultiRun(`${this.name} has data of several runs: ask one of the runs before joining them.`, {
      name: this.name,
    });
  }
}
