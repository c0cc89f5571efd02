import { pause } from '../core/cancel.ts';
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
import type { TrainValue } from '../core/train.ts';
import type { Hdf5DatasetInfo } from '../formats/hdf5.ts';
import { checkRoi, type EntryRoi, keptShape, splitSteps, takeSteps } from './entry-roi.ts';
import { KeyFacts } from './key-facts.ts';
import { type LabelOptions, labelEntries } from './key-labels.ts';
import type { LabelledArray } from './labelled-array.ts';
import type { RunFile } from './run-file.ts';
import { findSegments, type Segment } from './segments.ts';
import { type SingleValueOptions, toSingleValue } from './single-value.ts';
import { selectTrainIds, splitTrainIds, type TrainParts, type TrainSelection } from './train-selection.ts';
import { dropSingleEntry } from './train-value.ts';

export type { EntryRoi } from './entry-roi.ts';

/** How to read a key. */
export interface ReadOptions {
  /** Region of each entry; axes beyond its length are taken whole. */
  readonly roi?: EntryRoi;
  /** Array to fill instead of new memory; must have the result's shape and dtype. */
  readonly out?: NdArray;
  readonly signal?: AbortSignal;
}

/** Reads go in pieces of this many bytes, with a chance to abort and to serve others between them. */
const PIECE_BYTES = 32 * 2 ** 20;
/** From so many bytes on it pays to ask other threads. */
const LARGE_BYTES = 2 ** 20;

/** One key of one source over the selected trains. Immutable; values are read on demand. Made by `SourceData.key`. */
export class KeyData extends KeyFacts {
  /** The same key over fewer trains. @throws SelectionInvalid */
  selectTrains(selection: TrainSelection): KeyData {
    return this.#over(selectTrainIds(this.trainIds, selection, this.origin.warn));
  }

  #over(trainIds: readonly number[]): KeyData {
    return new KeyData({ ...this.origin, trainIds }, this.key);
  }

  /** Only trains with data of this key. */
  dropEmptyTrains(): KeyData {
    const counts = this.dataCounts();
    return this.#over(this.trainIds.filter((_, i) => counts[i] > 0));
  }

  /** The same key in parts of nearly as many trains each. @throws SelectionInvalid */
  splitTrains(parts: TrainParts): KeyData[] {
    return splitTrainIds(this.trainIds, parts).map((trainIds) => this.#over(trainIds));
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
    return this.#readSegments(this.#segmentsOf(trainId), options);
  }

  #segmentsOf(trainId: number): readonly Segment[] {
    if (!this.wanted.has(trainId)) {
      throw new TrainNotFound(`Train ${trainId} is not among the ${this.trainIds.length} selected trains.`, {
        trainId,
      });
    }
    const { files, canonicalSource } = this.origin;
    return findSegments(files, canonicalSource, this.group, new Set([trainId]));
  }

  /**
   * The value of one train as trains hold it: one entry loses its axis, structured data are a map of fields, a single text is
   * text. null if the train has no data.
   * @param options.keepDims keep the axis of entries
   * @throws TrainNotFound if the selection has no such train
   */
  async readTrainValue(
    trainId: number,
    options: { readonly keepDims?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<TrainValue | null> {
    const segments = this.#segmentsOf(trainId);
    if (segments.length === 0) return null;
    const drop = (array: NdArray) => dropSingleEntry(array, this.isControl, options.keepDims ?? false);
    if (this.dtype === 'record')
      return new Map([...(await this.#readFieldsOf(segments))].map(([name, array]) => [name, drop(array)]));
    return drop(await this.#readSegments(segments, { signal: options.signal }));
  }

  /** {@link readTrainValue} by position; negative ones count from the end. @throws SelectionInvalid */
  async readTrainValueAt(
    index: number,
    options: { readonly keepDims?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly trainId: number; readonly value: TrainValue | null }> {
    const [trainId] = selectTrainIds(this.trainIds, index);
    return { trainId, value: await this.readTrainValue(trainId, options) };
  }

  /**
   * Values train by train; never more than one train is in memory.
   * @param options.includeEmpty also trains without data, whose value is null
   */
  async *trains(
    options: { readonly keepDims?: boolean; readonly includeEmpty?: boolean; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<{ readonly trainId: number; readonly value: TrainValue | null }> {
    for (const trainId of this.trainIds) {
      options.signal?.throwIfAborted();
      const value = await this.readTrainValue(trainId, options);
      if (value !== null || options.includeEmpty) yield { trainId, value };
    }
  }

  /**
   * Values with names and coordinates of their axes: `trainId`, then `extraDims` or `dim_0`, `dim_1`, ..
   * @throws as {@link read}; ShapeMismatch if `extraDims` do not fit
   */
  async readLabelled(options: LabelOptions & { readonly signal?: AbortSignal } = {}): Promise<LabelledArray> {
    const array = await this.read({ roi: options.roi, signal: options.signal });
    return labelEntries(array, this, options);
  }

  /** {@link readLabelled} of structured data: one array per field. @throws Unsupported for plain data */
  async readLabelledFields(options: Omit<LabelOptions, 'roi'> = {}): Promise<ReadonlyMap<string, LabelledArray>> {
    const fields = await this.readFields();
    return new Map([...fields].map(([name, array]) => [name, labelEntries(array, this, options)]));
  }

  /**
   * All values in pieces of whole trains, none larger than `maxBytes` (unless one train is).
   * @param options.maxBytes default 256 MiB
   */
  async *readPieces(
    options: ReadOptions & { readonly maxBytes?: number } = {},
  ): AsyncIterable<{ readonly trainIds: readonly number[]; readonly array: NdArray }> {
    const { maxBytes = 256 * 2 ** 20, ...read } = options;
    const entryBytes = Math.max(1, this.byteSize / Math.max(1, this.entries));
    const counts = this.dataCounts();
    let [piece, bytes]: [number[], number] = [[], 0];
    for (const [i, trainId] of this.trainIds.entries()) {
      const more = counts[i] * entryBytes;
      if (piece.length > 0 && bytes + more > maxBytes) {
        yield { trainIds: piece, array: await this.#over(piece).read(read) };
        [piece, bytes] = [[], 0];
      }
      piece.push(trainId);
      bytes += more;
    }
    if (piece.length > 0) yield { trainIds: piece, array: await this.#over(piece).read(read) };
  }

  /** The one value that all selected trains agree on within a tolerance; see {@link toSingleValue}. @throws NoData, SelectionInvalid */
  async asSingleValue(options: SingleValueOptions = {}): Promise<number | bigint | string | NdArray> {
    return toSingleValue(await this.read(), `${this.source} ${this.key}`, options);
  }

  /** Structured data, one array (entries, ...entryShape) per field. @throws Unsupported for plain data */
  async readFields(): Promise<ReadonlyMap<string, NdArray>> {
    return this.#readFieldsOf(this.segments);
  }

  async #readFieldsOf(segments: readonly Segment[]): Promise<ReadonlyMap<string, NdArray>> {
    const { type } = this.info;
    if (type.kind !== 'record')
      throw new Unsupported(`${this.source} ${this.key} has no fields; use read().`, { key: this.key });
    const shape = [segments.reduce((sum, segment) => sum + segment.count, 0), ...this.entryShape];
    const parts: ReadonlyMap<string, NdArray>[] = [];
    for (const { file, first, count } of segments) {
      await file.hdf5.prepare?.(this.path);
      this.#checkBlock({ file, first, count, outEntry: 0 }, 'record');
      const start = [first, ...this.entryShape.map(() => 0)];
      parts.push(file.hdf5.readFields(this.path, { start, count: [count, ...this.entryShape] }));
    }
    return new Map(
      type.fields.map(({ name, dtype }) => {
        const data = allocate(dtype, elementCount(shape)) as NumericStorage;
        let offset = 0;
        for (const part of parts) {
          const piece = part.get(name)?.data as NumericStorage;
          (data as Uint8Array).set(piece as Uint8Array, offset);
          offset += piece.length;
        }
        return [name, ndarray(dtype, shape, data as DTypeStorage[typeof dtype])];
      }),
    );
  }

  async #readSegments(segments: readonly Segment[], { roi: wanted, out, signal }: ReadOptions): Promise<NdArray> {
    const dtype = this.#plainType();
    const { block: roi, steps } = splitSteps(wanted);
    if (steps.some((step) => step > 1)) {
      if (out) throw new SelectionInvalid('A region with steps cannot be read into `out`; leave one of them out.');
      return takeSteps(await this.#readSegments(segments, { roi, signal }), steps);
    }
    const region = checkRoi(roi, this.entryShape);
    const shape = [segments.reduce((sum, segment) => sum + segment.count, 0), ...keptShape(region)];
    if (out) checkOut(out, dtype, shape);
    let outEntry = 0;
    const blocks: EntryBlock[] = [];
    for (const { file, first, count } of segments) {
      const block = { file, first, count, outEntry };
      // Before memory is taken: a damaged INDEX may count more entries than there is memory for.
      this.#checkBlock(block, dtype);
      blocks.push(block);
      outEntry += count;
    }
    const array = out ?? this.#allocate(dtype, shape);
    await this.readBlocks(blocks, array.data, { roi, signal });
    return array;
  }

  #allocate(dtype: DType, shape: readonly number[]): NdArray {
    try {
      return zeros(dtype, shape);
    } catch (cause) {
      const bytes = elementCount(shape) * itemSizeOf(dtype);
      throw new Unsupported(
        `${this.source} ${this.key}: ${bytes} bytes of shape [${shape}] do not fit into memory. Read fewer trains at a time, or use readPieces().`,
        { key: this.key, bytes },
        { cause },
      );
    }
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
    const wantedEntries = Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, entryElements * itemSizeOf(dtype))));
    let unpaused = 0;
    for (const block of blocks) {
      const { hdf5 } = block.file;
      const { chunks, filters } = this.#checkBlock(block, dtype);
      await hdf5.prepare?.(this.path);
      // Pieces end where chunks do: a compressed chunk is inflated once.
      const chunkEntries = filters.length > 0 ? (chunks?.[0] ?? 1) : 1;
      const pieceEntries = Math.max(1, Math.floor(wantedEntries / chunkEntries)) * chunkEntries;
      for (let done = 0, count = 0; done < block.count; done += count) {
        signal?.throwIfAborted();
        const first = block.first + done;
        count = Math.min(block.count - done, pieceEntries - (first % chunkEntries));
        const rows = {
          start: [first, ...region.map((axis) => axis.start)],
          count: [count, ...region.map((axis) => axis.count)],
        };
        const start = (block.outEntry + done) * entryLength;
        if (Array.isArray(data)) {
          const texts = hdf5.read(this.path, rows).data as string[];
          for (const [i, text] of texts.entries()) data[start + i] = text;
        } else {
          const part = data.subarray(start, start + count * entryLength) as NumericStorage;
          if (hdf5.readLarge && part.byteLength >= LARGE_BYTES) await hdf5.readLarge(this.path, rows, part, { signal });
          else hdf5.read(this.path, rows, part as DTypeStorage[DType]);
        }
        unpaused += count;
        if (unpaused >= wantedEntries) {
          unpaused = 0;
          await pause();
        }
      }
    }
  }

  /** Files of a run may differ: another type or entry shape, or an index beyond the data (half-written file). */
  #checkBlock(segment: EntryBlock, dtype: DType | 'record'): Hdf5DatasetInfo {
    const info = segment.file.hdf5.datasetInfo(this.path);
    if ((info.type.kind === 'plain' ? info.type.dtype : info.type.kind) !== dtype) {
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
    return info;
  }
}

/** Entries `[first, first + count)` of a file that go to entry `outEntry` and on. */
export interface EntryBlock {
  readonly file: RunFile;
  readonly first: number;
  readonly count: number;
  readonly outEntry: number;
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
