import type { DType } from '../../core/dtype.ts';
import { NoData, Unsupported } from '../../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../../core/ndarray.ts';
import type { EntryRoi, KeyData } from '../key-data.ts';
import { type Coordinate, type LabelledArray, labelled } from '../labelled-array.ts';
import { selectTrainIds, type TrainSelection } from '../train-selection.ts';
import {
  allModules,
  cellsPerEntry,
  type DetectorParts,
  entryCount,
  moduleKeys,
  PARALLEL_GAINS,
} from './detector-parts.ts';
import { readFrameIds } from './frame-ids.ts';
import { type FrameLabels, labelFlat, labelUnstacked } from './frame-labels.ts';
import { type ChosenFrames, type FrameTable, frameTable, planModule, ROW } from './frame-table.ts';
import { type MaskChoice, readStack, regionShape } from './module-stack.ts';
import { isByPulseId, type PulseSelection, selectPulses } from './pulse-selection.ts';

/** How to read a key of all modules. */
export interface StackOptions {
  /** Value where a module has no frame. Default NaN for floats, else 0. */
  readonly fillValue?: number;
  /** Array to fill instead of new memory: shape as {@link ModuleKey.bufferShape}, dtype as the result. */
  readonly out?: NdArray;
  /** Region of each frame, of the axes behind the frame axis. */
  readonly roi?: EntryRoi;
  /** Element type of the result; integers that do not fit become the end of its range. */
  readonly astype?: DType;
  /** A place for every module of the detector, not only for those found. Default false. */
  readonly moduleGaps?: boolean;
  readonly signal?: AbortSignal;
}

/** How to read and label a key of all modules. */
export interface LabelledStackOptions extends Omit<StackOptions, 'out'> {
  /** Axes train and pulse instead of one axis train_pulse. Default true. */
  readonly unstackPulses?: boolean;
  /** What frames of a train are known by. Default `pulseId`. */
  readonly subtrainIndex?: 'pulseId' | 'cellId';
}

/** A labelled stack that says where it has data. */
export interface ModuleArray extends LabelledArray {
  /** Same axes up to the frames, (module, train, [gain,] pulse): false where a module has no such frame. */
  readonly presence: LabelledArray<'bool'>;
}

/** One key of all modules of a detector over its trains, for chosen frames. Immutable. Made by `MultiModule.key`. */
export class ModuleKey {
  readonly key: string;
  /** Module numbers with data, sorted. */
  readonly modules: readonly number[];
  readonly trainIds: readonly number[];
  /** Whether the second axis is frames (`image.` keys), else trains. */
  readonly isFrameKey: boolean;
  readonly #parts: DetectorParts;
  readonly #keys: ReadonlyMap<number, KeyData>;
  readonly #first: KeyData;
  readonly #mask?: MaskChoice;
  /** Set by a selection of pulses. */
  readonly #selected?: ChosenFrames;
  #table?: FrameTable;

  /** @throws KeyNotFound, Unsupported for text and structured data */
  constructor(parts: DetectorParts, key: string, selected?: ChosenFrames, mask?: MaskChoice) {
    this.key = key;
    this.modules = [...parts.sources.keys()];
    this.trainIds = parts.trainIds;
    this.isFrameKey = parts.kind.frameAxis === 'entry' && key.startsWith('image.');
    this.#parts = parts;
    this.#keys = moduleKeys(parts, key);
    [this.#first] = this.#keys.values();
    this.#selected = selected;
    this.#mask = mask;
  }

  /** Element type in the files. */
  get dtype(): DType {
    const { dtype } = this.#first;
    if (dtype !== 'record') return dtype;
    throw new Unsupported(`${this.key} holds structured data, which cannot be stacked.`, { key: this.key });
  }

  /** Raw frames other than AGIPD's have an axis of length 1 behind the frames, which says nothing. */
  get #isAxisDropped(): boolean {
    return this.isFrameKey && this.#first.entryShape[0] === 1;
  }

  /** Shape of one frame, or of one train's entry. */
  get entryShape(): readonly number[] {
    return this.#first.entryShape.slice(this.#isAxisDropped ? 1 : 0);
  }

  /** (module, frame, ...entryShape), or (module, train, ...) for keys per train. */
  get shape(): readonly number[] {
    return this.bufferShape();
  }

  get ndim(): number {
    return 2 + this.entryShape.length;
  }

  /** Shape of what {@link read} returns. @throws SelectionInvalid for a region outside the entry */
  bufferShape({ moduleGaps, roi }: Pick<StackOptions, 'moduleGaps' | 'roi'> = {}): number[] {
    return [
      moduleGaps ? this.#parts.moduleCount : this.modules.length,
      this.#rowCount,
      ...regionShape(roi ?? [], this.entryShape),
    ];
  }

  /** Names of the axes that {@link read} returns: (module, train_pulse, [data_gain,] slow_scan, fast_scan), .. */
  dimensions(roi: EntryRoi = []): string[] {
    return ['module', this.isFrameKey ? 'train_pulse' : this.#trainAxis, ...this.#entryDims(roi)];
  }

  get #trainAxis(): string {
    return this.#parts.kind.frameAxis === 'cell' ? 'train' : 'trainId';
  }

  #entryDims(roi: EntryRoi): string[] {
    const isCell = this.#parts.kind.frameAxis === 'cell';
    const rank = this.entryShape.length;
    let names = Array.from({ length: rank }, (_, axis) => `dim_${axis}`);
    if (isCell && rank === 1) names = ['cell'];
    else if (isCell && rank === 3) names = ['cell', 'slow_scan', 'fast_scan'];
    else if (this.isFrameKey && rank === 3) names = ['data_gain', 'slow_scan', 'fast_scan'];
    else if (this.isFrameKey && rank === 2) names = ['slow_scan', 'fast_scan'];
    return names.filter((_, axis) => typeof roi[axis] !== 'number');
  }

  /** Entries of the key's index group by train. */
  get #entries(): FrameTable {
    const group = `${this.key.split('.', 1)[0]}.`;
    this.#table ??= this.#parts.kind.mainKey.startsWith(group) ? this.#parts.table : frameTable(this.#keys);
    return this.#table;
  }

  /** Entries by train. A train always has a row of keys per train, though all modules may lack it. */
  get #chosen(): ChosenFrames {
    if (this.#selected) return this.#selected;
    const least = this.isFrameKey ? 0 : 1;
    const count = (trainId: number) => Math.max(least, this.#entries.get(trainId)?.count ?? 0);
    return new Map(this.trainIds.map((id) => [id, Array.from({ length: count(id) }, (_, i) => i)]));
  }

  get #rowCount(): number {
    let rows = 0;
    for (const positions of this.#chosen.values()) rows += positions.length;
    return rows;
  }

  /** The same key over fewer trains. @throws SelectionInvalid, NoData if none is left */
  selectTrains(selection: TrainSelection): ModuleKey {
    const trainIds = selectTrainIds(this.trainIds, selection, this.#parts.warn);
    if (trainIds.length === 0) throw new NoData(`No train of ${this.#parts.name} is left by the selection.`);
    const selected = this.#selected && new Map(trainIds.map((id) => [id, this.#selected?.get(id) ?? []]));
    return new ModuleKey({ ...this.#parts, trainIds }, this.key, selected, this.#mask);
  }

  /**
   * The same key for fewer frames of each train; keys per train stay as they are. In parallel gain mode the selection holds
   * within each gain. Positions are those of the whole train, also after an earlier selection.
   * @throws SelectionInvalid, FormatInvalid if modules disagree on pulse ids
   */
  async selectPulses(selection: PulseSelection): Promise<ModuleKey> {
    if (!this.isFrameKey) {
      selectPulses(selection, 0, () => []);
      return this;
    }
    const ids = isByPulseId(selection) ? await readFrameIds(this.#parts, 'image.pulseId') : [];
    const gains = this.#parts.isParallelGain ? PARALLEL_GAINS : 1;
    const selected = new Map<number, number[]>();
    let start = 0;
    for (const trainId of this.trainIds) {
      const count = entryCount(this.#parts, trainId);
      const [perGain, from] = [count / gains, start];
      const positions = selectPulses(selection, perGain, () => ids.slice(from, from + perGain));
      selected.set(
        trainId,
        Array.from({ length: gains }, (_, gain) => positions.map((position) => position + gain * perGain)).flat(),
      );
      start += count;
    }
    return new ModuleKey(this.#parts, this.key, selected, this.#mask);
  }

  /** Train id of each frame, or of each train for keys per train. */
  trainIdCoordinates(): number[] {
    return [...this.#chosen].flatMap(([trainId, positions]) => positions.map(() => trainId));
  }

  /** Pulse id of each frame; empty where the data have none. @throws FormatInvalid if modules disagree */
  async pulseIdCoordinates(): Promise<number[]> {
    return this.#frameIds('image.pulseId');
  }

  /** Memory cell of each frame; empty where the data have none. @throws FormatInvalid if modules disagree */
  async cellIdCoordinates(): Promise<number[]> {
    return this.#frameIds(this.#parts.kind.cellKey);
  }

  async #frameIds(keyName: string): Promise<number[]> {
    const all = await readFrameIds(this.#parts, keyName);
    if (!this.isFrameKey || all.length === 0) return all;
    const cells = cellsPerEntry(this.#parts);
    const ids: number[] = [];
    let start = 0;
    for (const trainId of this.trainIds) {
      for (const position of this.#chosen.get(trainId) ?? []) ids.push(all[start + position]);
      start += entryCount(this.#parts, trainId) * cells;
    }
    return ids;
  }

  /** Whether each module has each frame, or each train's entry: (module, train_pulse) or (module, train). */
  dataAvailability({ moduleGaps }: { readonly moduleGaps?: boolean } = {}): LabelledArray<'bool'> {
    const trains = this.trainIdCoordinates();
    const modules = moduleGaps ? allModules(this.#parts) : this.modules;
    const dims = ['module', this.isFrameKey ? 'train_pulse' : this.#trainAxis];
    const coords = new Map<string, Coordinate>([
      ['module', modules],
      [this.isFrameKey ? 'train' : this.#trainAxis, trains],
    ]);
    return this.#presence(modules, { dims: dims.slice(1), shape: [trains.length], coords, repeated: 0 });
  }

  #presence(modules: readonly number[], labels: FrameLabels): LabelledArray<'bool'> {
    const rowCount = elementCount(labels.shape);
    const data = new Uint8Array(modules.length * rowCount);
    for (const [place, module] of modules.entries()) {
      const known = this.#keys.has(module) ? module : null;
      const { rows } = planModule(known, this.#entries, this.#chosen, rowCount, labels.places);
      for (const [row, kind] of rows.entries()) data[place * rowCount + row] = kind === ROW.present ? 1 : 0;
    }
    return labelled(ndarray('bool', [modules.length, ...labels.shape], data), {
      name: `${this.#parts.name}.${this.key} presence`,
      dims: ['module', ...labels.dims],
      coords: new Map<string, Coordinate>([['module', modules], ...labels.coords]),
    });
  }

  /**
   * Values of all modules.
   * @returns (module, frame, ...entry axes that `roi` keeps), see {@link dimensions}; modules without a frame are filled
   * @throws SelectionInvalid for a region outside the entry, ShapeMismatch and DtypeMismatch for a wrong `out` or fill value,
   * Unsupported for text and structured data
   */
  async read(options: StackOptions = {}): Promise<NdArray> {
    return this.#read(options, this.#rowCount);
  }

  async #read(options: StackOptions, rowCount: number, places?: readonly number[]): Promise<NdArray> {
    const { fillValue, out, roi = [], astype, moduleGaps, signal } = options;
    const { maskKey } = this.#parts.kind;
    return readStack({
      keys: this.#keys,
      modules: moduleGaps ? allModules(this.#parts) : this.modules,
      table: this.#entries,
      chosen: this.#chosen,
      rowCount,
      places,
      roi: this.#isAxisDropped ? [0, ...roi] : roi,
      mask: this.#mask && { ...this.#mask, keys: moduleKeys(this.#parts, maskKey) },
      fillValue,
      astype,
      out,
      signal,
    });
  }

  /**
   * Values with names and coordinates of their axes: (module, train, [gain,] pulse | cell, [data_gain,] slow_scan, fast_scan).
   * Trains need not have the same pulses: places without a frame are NaN in floats and 0 in integers, which keep their dtype,
   * and false in `presence`. Trains without chosen frames are left out. Where a pulse id repeats in a train (junk ids of LPD
   * in parallel gain mode) the last of its frames is kept, with a warning.
   * @throws as {@link read}; FormatInvalid if modules disagree on the ids, NoData if the data have none
   * @source EXtra-data components.py, XtdfImageMultimodKeyData.xarray, which makes padded integers float64
   */
  async readLabelled(options: LabelledStackOptions = {}): Promise<ModuleArray> {
    const labels = this.isFrameKey ? await this.#frameLabels(options) : this.#trainLabels();
    const modules = options.moduleGaps ? allModules(this.#parts) : this.modules;
    const rowCount = elementCount(labels.shape);
    const { dtype, shape, data } = await this.#read(options, rowCount, labels.places);
    const array = ndarray(dtype, [modules.length, ...labels.shape, ...shape.slice(2)], data);
    const { units } = this.#first;
    const named = labelled(array, {
      name: `${this.#parts.name}.${this.key}`,
      dims: ['module', ...labels.dims, ...this.#entryDims(options.roi ?? [])],
      coords: new Map<string, Coordinate>([['module', modules], ...labels.coords]),
      attributes: new Map(units === '' ? [] : [['units', units]]),
    });
    return { ...named, presence: this.#presence(modules, labels) };
  }

  #trainLabels(): FrameLabels {
    const trains = this.trainIdCoordinates();
    return {
      dims: [this.#trainAxis],
      shape: [trains.length],
      coords: new Map([[this.#trainAxis, trains]]),
      repeated: 0,
    };
  }

  async #frameLabels({ unstackPulses = true, subtrainIndex = 'pulseId' }: LabelledStackOptions): Promise<FrameLabels> {
    const { name, warn, isParallelGain } = this.#parts;
    const trainIds = this.trainIdCoordinates();
    const isByCell = subtrainIndex === 'cellId';
    const ids = isByCell ? await this.cellIdCoordinates() : await this.pulseIdCoordinates();
    if (ids.length < trainIds.length) {
      throw new NoData(
        `The data of ${name} have no ${isByCell ? 'cell' : 'pulse'} ids to label frames with. Use read().`,
      );
    }
    const gains = isParallelGain
      ? [...this.#chosen].flatMap(([trainId, positions]) => {
          const perGain = entryCount(this.#parts, trainId) / PARALLEL_GAINS;
          return positions.map((position) => Math.floor(position / perGain));
        })
      : undefined;
    const frames = { trainIds, ids, idName: isByCell ? 'cell' : 'pulse', gains } as const;
    const labels = unstackPulses ? labelUnstacked(frames) : labelFlat(frames);
    if (labels.repeated > 0) {
      const message = `${labels.repeated} frames of ${name} repeat the ${subtrainIndex} of another frame of their train and are left out. Keep them with unstackPulses: false, or open the detector with isParallelGain.`;
      warn({ kind: 'frames-repeat', message });
    }
    return labels;
  }
}
