import { KeyNotFound, nearestNames, SelectionInvalid } from '../core/errors.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { TrainRange } from '../core/train.ts';
import { keyPath } from '../formats/euxfel-hdf5.ts';
import { KeyData, type KeyOrigin } from './key-data.ts';
import { findSegments } from './segments.ts';
import { selectTrainIds } from './train-selection.ts';

/** What kind of source: a device's properties, one value a train, or an output channel with any number of entries. */
export type SourceKind = 'control' | 'instrument';

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
    this.kind = origin.section === 'CONTROL' ? 'control' : 'instrument';
    this.trainIds = origin.trainIds;
  }

  /** The aggregator that wrote the source (`DA01`). */
  get aggregator(): string {
    return this.#origin.files[0].aggregator;
  }

  /** Whether the device has run values only, nothing per train. */
  get isRunOnly(): boolean {
    return this.kind === 'control' && this.#allKeys().length === 0;
  }

  #allKeys(): readonly string[] {
    const { files, section, canonicalSource } = this.#origin;
    return files[0].keysBelow(`/${section}/${canonicalSource}`);
  }

  /** Names of all selected keys, sorted (`image.data`, `actualPosition.value`). Read from the first file of the source. */
  keys(): string[] {
    const selected = this.#selected;
    return this.#allKeys()
      .filter((key) => !selected || selected.has(key))
      .sort();
  }

  /** Whether there is such a key; a control key may leave `.value` out. */
  hasKey(name: string): boolean {
    return this.#resolve(name) !== null;
  }

  /** One key; a control key may leave `.value` out. @throws KeyNotFound */
  key(name: string): KeyData {
    const key = this.#resolve(name);
    if (key !== null) return new KeyData(this.#origin, key);
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
    const candidates = this.kind === 'control' ? [name, `${name}.value`] : [name];
    for (const key of candidates) {
      if (this.#selected && !this.#selected.has(key)) continue;
      const path = keyPath(section, canonicalSource, key);
      if (!/\/\/|\/$/.test(path) && files[0].hdf5.kindOf(path) === 'dataset') return key;
    }
    return null;
  }

  /** Index groups: first parts of the instrument keys, sorted; `['']` for control. */
  indexGroups(): string[] {
    if (this.kind === 'control') return [''];
    return [...new Set(this.keys().map((key) => key.split('.', 1)[0]))].sort();
  }

  /** Entries per selected train, aligned with `trainIds`: of one index group, or the most of any. */
  dataCounts(group?: string): number[] {
    const counts = this.trainIds.map(() => 0);
    const position = new Map(this.trainIds.map((id, i) => [id, i]));
    const wanted = new Set(this.trainIds);
    const { files, canonicalSource } = this.#origin;
    for (const name of group === undefined ? this.indexGroups() : [group]) {
      const sums = this.trainIds.map(() => 0);
      for (const { trains } of findSegments(files, canonicalSource, name, wanted)) {
        for (const [trainId, entries] of trains) sums[position.get(trainId) as number] += entries;
      }
      for (const [i, sum] of sums.entries()) counts[i] = Math.max(counts[i], sum);
    }
    return counts;
  }

  /** The same source over fewer trains. @throws SelectionInvalid */
  selectTrains(selection: TrainRange): SourceData {
    return new SourceData({ ...this.#origin, trainIds: selectTrainIds(this.trainIds, selection) }, this.#selected);
  }

  /**
   * Values that the DAQ stored once at the start of the run, by key (`classId.value`).
   * A single value is a scalar, several are an array.
   * @throws SelectionInvalid for an instrument source, which has none
   */
  runValues(): ReadonlyMap<string, number | bigint | string | NdArray> {
    this.#assertControl();
    const { files, canonicalSource } = this.#origin;
    const values = new Map<string, number | bigint | string | NdArray>();
    for (const key of [...files[0].keysBelow(`/RUN/${canonicalSource}`)].sort()) {
      const value = this.#readRunValue(key);
      if (value !== undefined) values.set(key, value);
    }
    return values;
  }

  /** One of {@link runValues}; `.value` may be left out. @throws KeyNotFound, SelectionInvalid */
  runValue(name: string): number | bigint | string | NdArray {
    this.#assertControl();
    const keys = this.#origin.files[0].keysBelow(`/RUN/${this.#origin.canonicalSource}`);
    const key = [name, `${name}.value`].find((candidate) => keys.includes(candidate));
    const value = key === undefined ? undefined : this.#readRunValue(key);
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
    this.#assertControl();
    const { files, canonicalSource } = this.#origin;
    return new Map(
      [...files[0].keysBelow(`/RUN/${canonicalSource}`)].sort().map((key) => {
        const { type, shape } = files[0].hdf5.datasetInfo(`/RUN/${canonicalSource}/${key.replaceAll('.', '/')}`);
        const dtype = type.kind === 'plain' ? type.dtype : type.kind === 'record' ? 'record' : 'unknown';
        return [key, { dtype, shape: shape[0] === 1 ? shape.slice(1) : shape }];
      }),
    );
  }

  #readRunValue(key: string): number | bigint | string | NdArray | undefined {
    const { files, canonicalSource } = this.#origin;
    const path = `/RUN/${canonicalSource}/${key.replaceAll('.', '/')}`;
    const { hdf5 } = files[0];
    if (hdf5.datasetInfo(path).type.kind !== 'plain') return undefined;
    const array = hdf5.read(path);
    if (array.shape[0] !== 1) return array;
    const entry = ndarray(array.dtype, array.shape.slice(1), array.data);
    return entry.shape.length === 0 ? entry.data[0] : entry;
  }

  #assertControl(): void {
    if (this.kind === 'control') return;
    throw new SelectionInvalid(`${this.name} is an output channel: only control sources have run values.`, {
      name: this.name,
    });
  }

  /** Device class from the run values (`AgipdFpga`, ..), or '' if the file does not say. */
  get deviceClass(): string {
    if (this.kind !== 'control') return '';
    const value = this.runValues().get('classId.value');
    return typeof value === 'string' ? value : '';
  }
}
