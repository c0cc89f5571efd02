import { type DType, itemSizeOf } from '../core/dtype.ts';
import { Unsupported } from '../core/errors.ts';
import { elementCount } from '../core/ndarray.ts';
import { indexGroupOf, keyPath, type SourceSection } from '../formats/euxfel-hdf5.ts';
import type { Hdf5Attribute, Hdf5DatasetInfo, Hdf5Field } from '../formats/hdf5.ts';
import type { WarningCallback } from './data-warning.ts';
import { unitNameOf, unitSymbolOf } from './key-units.ts';
import type { RunFile } from './run-file.ts';
import { boundsOfTrains, countsByTrain, entryTrainIds, findSegments, type Segment } from './segments.ts';

/** What a key needs to know of its source. */
export interface KeyOrigin {
  readonly section: SourceSection;
  /** Name asked for: the canonical one or a legacy one. */
  readonly source: string;
  /** Name under which the files keep the data. */
  readonly canonicalSource: string;
  /** Files that hold the source, at least one. */
  readonly files: readonly RunFile[];
  /** Files that overview files among them point at; opened by their first use. */
  readonly filesBehind?: readonly RunFile[];
  /** Selected trains of the run, sorted. */
  readonly trainIds: readonly number[];
  readonly isSingleRun: boolean;
  readonly warn: WarningCallback;
}

/** What is known of a key without reading its values: where it lies, its type and shape, and entries per train. */
export class KeyFacts {
  readonly source: string;
  /** Full name: control values end in `.value`. */
  readonly key: string;
  readonly path: string;
  /** Selected trains of the run, sorted; not all of them need have data (see {@link dataCounts}). */
  readonly trainIds: readonly number[];
  protected readonly origin: KeyOrigin;
  protected readonly group: string;
  #found?: readonly Segment[];
  #wanted?: ReadonlySet<number>;

  /** Made by `SourceData.key`, which checks that the key exists. */
  constructor(origin: KeyOrigin, key: string) {
    this.origin = origin;
    this.source = origin.source;
    this.key = key;
    this.trainIds = origin.trainIds;
    this.path = keyPath(origin.section, origin.canonicalSource, key);
    this.group = indexGroupOf(origin.section, key);
  }

  /** How the first of the files stores the key. */
  get info(): Hdf5DatasetInfo {
    return this.origin.files[0].hdf5.datasetInfo(this.path);
  }

  /** Where the entries of the selected trains lie, in reading order. */
  get segments(): readonly Segment[] {
    const { files, canonicalSource } = this.origin;
    this.#found ??= findSegments(files, canonicalSource, this.group, this.wanted);
    return this.#found;
  }

  /** {@link trainIds} to look them up. */
  protected get wanted(): ReadonlySet<number> {
    this.#wanted ??= new Set(this.trainIds);
    return this.#wanted;
  }

  /** Element type, or `record` for structured data (see {@link readFields}). @throws Unsupported for types we cannot read */
  get dtype(): DType | 'record' {
    const { type } = this.info;
    if (type.kind === 'unsupported') {
      throw new Unsupported(`${this.source} ${this.key} holds ${type.reason}, which cannot be read.`, {
        key: this.key,
      });
    }
    return type.kind === 'record' ? 'record' : type.dtype;
  }

  /** Whether we can read the element type. */
  get isReadable(): boolean {
    return this.info.type.kind !== 'unsupported';
  }

  /** Fields of structured data; none for plain data. */
  get fields(): readonly Hdf5Field[] {
    const { type } = this.info;
    return type.kind === 'record' ? type.fields : [];
  }

  get section(): SourceSection {
    return this.origin.section;
  }

  get isControl(): boolean {
    return this.section === 'CONTROL';
  }

  get isInstrument(): boolean {
    return this.section === 'INSTRUMENT';
  }

  /** Shape of one entry. */
  get entryShape(): readonly number[] {
    return this.info.shape.slice(1);
  }

  /** (entries over all selected trains, ...entryShape) */
  get shape(): readonly number[] {
    return [this.entries, ...this.entryShape];
  }

  protected get entries(): number {
    let entries = 0;
    for (const segment of this.segments) entries += segment.count;
    return entries;
  }

  /** Axes of {@link shape}. */
  get axes(): number {
    return this.info.shape.length;
  }

  /** Bytes that {@link read} takes; a text counts as a reference of 8 bytes. */
  get byteSize(): number {
    const { type } = this.info;
    const itemSize =
      type.kind === 'record' ? recordSize(type.fields) : (type.kind === 'plain' ? itemSizeOf(type.dtype) : 0) || 8;
    return elementCount(this.shape) * itemSize;
  }

  /** Files of the source that hold selected trains, with or without data; of an overview file those that it points at. */
  get files(): readonly string[] {
    const found = new Set<string>();
    for (const file of this.origin.files) {
      if (file.positionsOf(this.wanted).length === 0) continue;
      const { virtualFiles } = file.hdf5.datasetInfo(this.path);
      const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
      if (!virtualFiles) found.add(file.path);
      else for (const name of virtualFiles) found.add(name.startsWith('/') ? name : folder + name);
    }
    return [...found];
  }

  /** Attributes of the key; a control value also has those of its property. */
  attributes(): ReadonlyMap<string, Hdf5Attribute> {
    const hdf5 = this.#fileWithAttributes().hdf5;
    const own = hdf5.attributes(this.path);
    if (!this.isControl || !this.key.endsWith('.value')) return own;
    return new Map([...own, ...hdf5.attributes(this.path.slice(0, -'/value'.length))]);
  }

  /** An overview has no attributes of keys: those are in the file that it points at. */
  #fileWithAttributes(): RunFile {
    const [first] = this.origin.files;
    const path = this.info.virtualFiles?.[0];
    const name = path?.slice(path.lastIndexOf('/') + 1);
    return this.origin.filesBehind?.find((file) => file.name === name) ?? first;
  }

  /** Unit symbol with its prefix (`mm`, `μJ`), '' where the file has none. */
  get units(): string {
    return unitSymbolOf(this.attributes());
  }

  /** Unit name with its prefix (`millimetre`), '' where the file has none. */
  get unitsName(): string {
    return unitNameOf(this.attributes());
  }

  /** Entries per selected train, aligned with `trainIds`; 0 where there is none. */
  dataCounts(): number[] {
    const counts = countsByTrain(this.segments);
    return this.trainIds.map((id) => counts.get(id) ?? 0);
  }

  /** Entries of the selected trains that the files list, in file order; 0 where a file lists a train without data. */
  dataCountsByTrain(): ReadonlyMap<number, number> {
    const { files, canonicalSource } = this.origin;
    const found = new Map<number, number>();
    for (const file of [...files].sort((a, b) => (a.index.trainIds[0] ?? 0) - (b.index.trainIds[0] ?? 0))) {
      const { count } = file.entryIndex(canonicalSource, this.group);
      for (const i of file.positionsOf(this.wanted)) {
        const id = file.index.trainIds[i];
        found.set(id, (found.get(id) ?? 0) + count[i]);
      }
    }
    return found;
  }

  /** Train id of every entry, in reading order. */
  trainIdCoordinates(): number[] {
    return entryTrainIds(this.segments);
  }

  /** Where the entries of each of `trainIds` are in what {@link read} returns: `[starts[i], stops[i])`. */
  trainIndexBounds(): { readonly starts: number[]; readonly stops: number[] } {
    return boundsOfTrains(this.segments, this.trainIds);
  }
}

function recordSize(fields: readonly Hdf5Field[]): number {
  return fields.reduce((sum, field) => sum + itemSizeOf(field.dtype), 0);
}
