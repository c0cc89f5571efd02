import { allocate, type DType, type DTypeStorage, itemSizeOf, lanesOf, type NumericStorage } from '../core/dtype.ts';
import {
  DtypeMismatch,
  FormatInvalid,
  SelectionInvalid,
  ShapeMismatch,
  TrainNotFound,
  Unsupported,
} from '../core/errors.ts';
import { elementCount, isSameShape, type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import type { TrainRange } from '../core/train.ts';
import { indexGroupOf, keyPath, type SourceSection } from '../formats/euxfel-hdf5.ts';
import type { Hdf5Attribute, Hdf5DatasetInfo } from '../formats/hdf5.ts';
import type { RunFile } from './run-file.ts';
import { findSegments, type Segment } from './segments.ts';
import { selectTrainIds } from './train-selection.ts';

/** A region of an entry, axis by axis: `[start, stop)` keeps the axis, a number takes one position and drops it. */
export type EntryRoi = readonly (readonly [start: number, stop: number] | number)[];

/** How to read a key. */
export interface ReadOptions {
  /** Region of each entry; axes beyond its length are taken whole. */
  readonly roi?: EntryRoi;
  /** Array to fill instead of new memory; must have the result's shape and dtype. */
  readonly out?: NdArray;
  readonly signal?: AbortSignal;
}

/** What a key needs to know of its source. */
export interface KeyOrigin {
  readonly section: SourceSection;
  /** Name asked for: the canonical one or a legacy one. */
  readonly source: string;
  /** Name under which the files keep the data. */
  readonly canonicalSource: string;
  /** Files that hold the source, at least one. */
  readonly files: readonly RunFile[];
  /** Selected trains of the run, sorted. */
  readonly trainIds: readonly number[];
}

/** Reads go in pieces of this many bytes, with a chance to abort and to serve others between them. */
const PIECE_BYTES = 32 * 2 ** 20;

/** One key of one source over the selected trains. Immutable; values are read on demand. */
export class KeyData {
  readonly source: string;
  /** Full name: control values end in `.value`. */
  readonly key: string;
  readonly path: string;
  /** Selected trains of the run, sorted; not all of them need have data (see {@link dataCounts}). */
  readonly trainIds: readonly number[];
  readonly #origin: KeyOrigin;
  readonly #group: string;
  #found?: readonly Segment[];

  /** Made by `SourceData.key`, which checks that the key exists. */
  constructor(origin: KeyOrigin, key: string) {
    this.#origin = origin;
    this.source = origin.source;
    this.key = key;
    this.trainIds = origin.trainIds;
    this.path = keyPath(origin.section, origin.canonicalSource, key);
    this.#group = indexGroupOf(origin.section, key);
  }

  get #info(): Hdf5DatasetInfo {
    return this.#origin.files[0].hdf5.datasetInfo(this.path);
  }

  /** Where the entries of the selected trains lie, in reading order. */
  get segments(): readonly Segment[] {
    const { files, canonicalSource, trainIds } = this.#origin;
    this.#found ??= findSegments(files, canonicalSource, this.#group, new Set(trainIds));
    return this.#found;
  }

  /** Element type, or `record` for structured data (see {@link readFields}). @throws Unsupported for types we cannot read */
  get dtype(): DType | 'record' {
    const { type } = this.#info;
    if (type.kind === 'unsupported') {
      throw new Unsupported(`${this.source} ${this.key} holds ${type.reason}, which cannot be read.`, {
        key: this.key,
      });
    }
    return type.kind === 'record' ? 'record' : type.dtype;
  }

  /** Whether we can read the element type. */
  get isReadable(): boolean {
    return this.#info.type.kind !== 'unsupported';
  }

  /** Shape of one entry. */
  get entryShape(): readonly number[] {
    return this.#info.shape.slice(1);
  }

  /** (entries over all selected trains, ...entryShape) */
  get shape(): readonly number[] {
    return [this.#entries, ...this.entryShape];
  }

  get #entries(): number {
    let entries = 0;
    for (const segment of this.segments) entries += segment.count;
    return entries;
  }

  /** Files that hold the key's data for the selected trains. */
  get files(): readonly string[] {
    return [...new Set(this.segments.map((segment) => segment.file.path))];
  }

  /** Attributes of the key; a control value also has those of its property. */
  attributes(): ReadonlyMap<string, Hdf5Attribute> {
    const { hdf5 } = this.#origin.files[0];
    const own = hdf5.attributes(this.path);
    if (this.#origin.section !== 'CONTROL' || !this.key.endsWith('.value')) return own;
    return new Map([...own, ...hdf5.attributes(this.path.slice(0, -'/value'.length))]);
  }

  /** Unit symbol with its prefix (`mm`, `μJ`), '' where the file has none. */
  get units(): string {
    const attributes = this.attributes();
    const unit = textOf(attributes.get('unitSymbol'));
    if (unit === '') return '';
    const prefix = textOf(attributes.get('metricPrefixSymbol'));
    return (prefix === 'u' ? 'μ' : prefix) + unit;
  }

  /** Entries per selected train, aligned with `trainIds`; 0 where there is none. */
  dataCounts(): number[] {
    const counts = new Map<number, number>();
    for (const { trains } of this.segments) {
      for (const [trainId, entries] of trains) counts.set(trainId, (counts.get(trainId) ?? 0) + entries);
    }
    return this.trainIds.map((id) => counts.get(id) ?? 0);
  }

  /** Train id of every entry, in reading order. */
  trainIdCoordinates(): number[] {
    const ids: number[] = [];
    for (const { trains } of this.segments) {
      for (const [trainId, entries] of trains) for (let i = 0; i < entries; i++) ids.push(trainId);
    }
    return ids;
  }

  /** The same key over fewer trains. @throws SelectionInvalid */
  selectTrains(selection: TrainRange): KeyData {
    return new KeyData({ ...this.#origin, trainIds: selectTrainIds(this.trainIds, selection) }, this.key);
  }

  /**
   * Values of all selected trains.
   * @returns (entries, ...entryShape), or with `roi` its axes
   * @throws Unsupported for structured data, SelectionInvalid for a region outside the entry, ShapeMismatch or
   * DtypeMismatch for a wrong `out`, FormatInvalid if INDEX points outside the data
   */
  async read(options: ReadOptions = {}): Promise<NdArray> {
    return this.#readSegments(this.segments, options);
  }

  /**
   * Values of one train: (entries of the train, ...entryShape).
   * @throws TrainNotFound if the selection has no such train
   */
  async readTrain(trainId: number, options: ReadOptions = {}): Promise<NdArray> {
    if (!this.trainIds.includes(trainId)) {
      throw new TrainNotFound(`Train ${trainId} is not among the ${this.trainIds.length} selected trains.`, {
        trainId,
      });
    }
    const { files, canonicalSource } = this.#origin;
    return this.#readSegments(findSegments(files, canonicalSource, this.#group, new Set([trainId])), options);
  }

  /** Structured data, one array (entries, ...entryShape) per field. @throws Unsupported for plain data */
  async readFields(): Promise<ReadonlyMap<string, NdArray>> {
    const { type } = this.#info;
    if (type.kind !== 'record')
      throw new Unsupported(`${this.source} ${this.key} has no fields; use read().`, { key: this.key });
    const parts = this.segments.map((segment) =>
      segment.file.hdf5.readFields(this.path, {
        start: [segment.first, ...this.entryShape.map(() => 0)],
        count: [segment.count, ...this.entryShape],
      }),
    );
    return new Map(
      type.fields.map(({ name, dtype }) => {
        const data = allocate(dtype, elementCount(this.shape)) as NumericStorage;
        let offset = 0;
        for (const part of parts) {
          const piece = part.get(name)?.data as NumericStorage;
          (data as Uint8Array).set(piece as Uint8Array, offset);
          offset += piece.length;
        }
        return [name, ndarray(dtype, this.shape, data as DTypeStorage[typeof dtype])];
      }),
    );
  }

  async #readSegments(segments: readonly Segment[], { roi, out, signal }: ReadOptions): Promise<NdArray> {
    const dtype = this.#plainType();
    const region = checkRoi(roi, this.entryShape);
    const shape = [segments.reduce((sum, segment) => sum + segment.count, 0), ...keptShape(region)];
    if (out) checkOut(out, dtype, shape);
    const array = out ?? zeros(dtype, shape);
    let outEntry = 0;
    const blocks: EntryBlock[] = [];
    for (const { file, first, count } of segments) {
      blocks.push({ file, first, count, outEntry });
      outEntry += count;
    }
    await this.readBlocks(blocks, array.data, { roi, signal });
    return array;
  }

  #plainType(): DType {
    const { dtype } = this;
    if (dtype !== 'record') return dtype;
    throw new Unsupported(`${this.source} ${this.key} is structured; use readFields().`, { key: this.key });
  }

  /**
   * Reads chosen entries to chosen places of `data`, the way {@link read} does; for stacks of several sources.
   * @param data storage of whole entries, of the key's dtype
   */
  async readBlocks(
    blocks: readonly EntryBlock[],
    data: DTypeStorage[DType],
    { roi, signal }: Pick<ReadOptions, 'roi' | 'signal'> = {},
  ): Promise<void> {
    const dtype = this.#plainType();
    const region = checkRoi(roi, this.entryShape);
    const entryElements = elementCount(keptShape(region));
    const entryLength = entryElements * lanesOf(dtype);
    const entriesPerPiece = Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, entryElements * itemSizeOf(dtype))));
    let unpaused = 0;
    for (const block of blocks) {
      this.#checkBlock(block, dtype);
      for (let done = 0; done < block.count; done += entriesPerPiece) {
        signal?.throwIfAborted();
        const count = Math.min(entriesPerPiece, block.count - done);
        const rows = {
          start: [block.first + done, ...region.map((axis) => axis.start)],
          count: [count, ...region.map((axis) => axis.count)],
        };
        const start = (block.outEntry + done) * entryLength;
        if (Array.isArray(data)) {
          const texts = block.file.hdf5.read(this.path, rows).data as string[];
          for (const [i, text] of texts.entries()) data[start + i] = text;
        } else {
          const part = data.subarray(start, start + count * entryLength) as NumericStorage;
          block.file.hdf5.read(this.path, rows, part as DTypeStorage[DType]);
        }
        unpaused += count;
        if (unpaused >= entriesPerPiece) {
          unpaused = 0;
          await pause();
        }
      }
    }
  }

  /** Files of a run may differ: another type or entry shape, or an index beyond the data (half-written file). */
  #checkBlock(segment: EntryBlock, dtype: DType): void {
    const info = segment.file.hdf5.datasetInfo(this.path);
    if (info.type.kind !== 'plain' || info.type.dtype !== dtype) {
      throw new DtypeMismatch(`${segment.file.path}: ${this.path} is not ${dtype} as in the run's other files.`, {
        expected: dtype,
        got: info.type,
      });
    }
    if (!isSameShape(info.shape.slice(1), this.entryShape)) {
      throw new ShapeMismatch(
        `${segment.file.path}: entries of ${this.path} differ in shape from the run's other files.`,
        {
          expected: this.entryShape,
          got: info.shape.slice(1),
        },
      );
    }
    if (segment.first + segment.count > info.shape[0]) {
      throw new FormatInvalid(
        `${segment.file.path}: INDEX of ${this.source} refers to entry ${segment.first + segment.count - 1}, but ${this.path} has ${info.shape[0]}. The file is not complete; select other trains.`,
        { path: segment.file.path, dataset: this.path },
      );
    }
  }
}

/** Entries `[first, first + count)` of a file that go to entry `outEntry` and on. */
export interface EntryBlock {
  readonly file: RunFile;
  readonly first: number;
  readonly count: number;
  readonly outEntry: number;
}

function keptShape(region: readonly RoiAxis[]): number[] {
  return region.filter((axis) => axis.isKept).map((axis) => axis.count);
}

interface RoiAxis {
  readonly start: number;
  readonly count: number;
  readonly isKept: boolean;
}

const whole = (length: number): RoiAxis => ({ start: 0, count: length, isKept: true });

function checkRoi(roi: EntryRoi | undefined, entryShape: readonly number[]): RoiAxis[] {
  if (roi && roi.length > entryShape.length) {
    throw new SelectionInvalid(`Region [${roi.join('; ')}] has more axes than an entry of shape [${entryShape}].`, {
      roi,
    });
  }
  return entryShape.map((length, axis) => {
    const part = roi?.[axis];
    if (part === undefined) return whole(length);
    if (typeof part === 'number') {
      const start = part < 0 ? part + length : part;
      if (start < 0 || start >= length)
        throw new SelectionInvalid(`Position ${part} is outside axis ${axis} of length ${length}.`, { roi });
      return { start, count: 1, isKept: false };
    }
    const start = Math.min(Math.max(part[0], 0), length);
    const stop = Math.min(Math.max(part[1], start), length);
    return { start, count: stop - start, isKept: true };
  });
}

function checkOut(out: NdArray, dtype: DType, shape: readonly number[]): void {
  if (out.dtype !== dtype)
    throw new DtypeMismatch(`out is ${out.dtype}, the data are ${dtype}.`, { expected: dtype, got: out.dtype });
  if (!isSameShape(out.shape, shape)) {
    throw new ShapeMismatch(`out has shape [${out.shape}], the data need [${shape}].`, {
      expected: shape,
      got: out.shape,
    });
  }
}

function textOf(attribute: Hdf5Attribute | undefined): string {
  if (typeof attribute === 'string') return attribute;
  if (typeof attribute === 'object' && attribute.dtype === 'string') return (attribute.data as string[])[0] ?? '';
  return '';
}

/** Lets other work of the program run between two long reads. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
