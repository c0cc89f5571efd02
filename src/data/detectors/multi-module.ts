import { KeyNotFound, NoData, SelectionInvalid, TrainNotFound } from '../../core/errors.ts';
import { type NdArray, ndarray } from '../../core/ndarray.ts';
import type { LabelledArray } from '../labelled-array.ts';
import { selectTrainIds, splitTrainIds, type TrainParts, type TrainSelection } from '../train-selection.ts';
import type { DetectorKind } from './detector-kind.ts';
import { cellsPerEntry, type DetectorParts, entryCount } from './detector-parts.ts';
import { type LabelledStackOptions, type ModuleArray, ModuleKey, type StackOptions } from './module-key.ts';
import type { PulseSelection } from './pulse-selection.ts';

/** Which key and frames to read. */
export interface KeyChoice {
  /** Default: the pixels (`image.data`, `data.adc`). */
  readonly key?: string;
  /** Frames of each train. */
  readonly pulses?: PulseSelection;
}

/** Frames of all modules side by side. */
export interface ModuleStack {
  /** Axes as `dims`: (module, train_pulse, [data_gain,] slow_scan, fast_scan), or (module, train, ..) for keys per train. */
  readonly array: NdArray;
  readonly dims: readonly string[];
  /** Module numbers along the first axis. */
  readonly modules: readonly number[];
  /** Train id of each frame (or train) along the second axis. */
  readonly trainIds: readonly number[];
  /** Pulse id and memory cell of each frame; empty where the data have none. */
  readonly pulseIds: readonly number[];
  readonly cellIds: readonly number[];
}

/** One frame of all modules. */
export interface DetectorFrame {
  /** (module, [data_gain,] ss, fs): all modules of the detector, missing ones filled with NaN or 0. */
  readonly array: NdArray;
  readonly modulesPresent: readonly boolean[];
  readonly trainId: number;
  /** -1 where the data have none. */
  readonly pulseId: number;
  readonly cellId: number;
  /** Frames in the train. */
  readonly frames: number;
}

/** One train of a detector. */
export interface DetectorTrain {
  readonly trainId: number;
  /** Key -> (module, train, [gain,] pulse, ..) for frames; keys per train have no train axis: (module, ..). */
  readonly data: ReadonlyMap<string, ModuleArray>;
}

/** How to mask corrected data. */
export interface MaskOptions extends KeyChoice {
  /** Bits of the mask that exclude a pixel (see `BadPixels`), as one word or a list. Default any. */
  readonly maskBits?: number | readonly number[];
  /** What excluded pixels become. Default NaN. */
  readonly maskedValue?: number;
}

/** The modules of a detector as one: counts, ids and stacked frames over the selected trains. Immutable. */
export class MultiModule {
  readonly name: string;
  readonly kind: DetectorKind;
  readonly isRaw: boolean;
  /** LPD: the frames of a train are taken at three gains, one after the other. */
  readonly isParallelGain: boolean;
  /** Module number -> source, sorted by number. */
  readonly sources: ReadonlyMap<number, string>;
  /** Module numbers with data, sorted. */
  readonly modules: readonly number[];
  /** Modules of the whole detector. */
  readonly moduleCount: number;
  /** Trains with frames, sorted. */
  readonly trainIds: readonly number[];
  readonly #parts: DetectorParts;

  /** Use `openDetector`. */
  constructor(parts: DetectorParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.kind = parts.kind;
    this.isRaw = parts.isRaw;
    this.isParallelGain = parts.isParallelGain;
    this.sources = parts.sources;
    this.modules = [...parts.sources.keys()];
    this.moduleCount = parts.moduleCount;
    this.trainIds = parts.trainIds;
  }

  /** What it is, in a sentence: type, name, raw or proc, modules found. */
  toString(): string {
    const category = this.isRaw ? 'raw' : 'proc';
    return `<${this.kind.name}: Data interface for detector '${this.name}' - ${category} data with ${this.modules.length} modules>`;
  }

  /** (ss, fs) of one module. */
  get moduleShape(): readonly [ss: number, fs: number] {
    return this.kind.moduleShape;
  }

  /** Frames per train, aligned with `trainIds`; memory cells of a JUNGFRAU burst count as frames. */
  get frameCounts(): number[] {
    const cells = cellsPerEntry(this.#parts);
    return this.trainIds.map((id) => entryCount(this.#parts, id) * cells);
  }

  /** Frames of every train. @throws SelectionInvalid if trains differ: see {@link frameCounts} */
  get framesPerTrain(): number {
    const counts = [...new Set(this.frameCounts)];
    if (counts.length === 1) return counts[0];
    throw new SelectionInvalid(
      `Trains of ${this.name} have between ${Math.min(...counts)} and ${Math.max(...counts)} frames; see frameCounts.`,
      { counts },
    );
  }

  /** Train id of every frame. */
  get trainIdsPerFrame(): number[] {
    const counts = this.frameCounts;
    return this.trainIds.flatMap((id, i) => new Array<number>(counts[i]).fill(id));
  }

  /** The same detector over fewer trains. @throws SelectionInvalid, NoData if none is left */
  selectTrains(selection: TrainSelection): MultiModule {
    const trainIds = selectTrainIds(this.trainIds, selection, this.#parts.warn);
    if (trainIds.length === 0) {
      const { trainIds: all, name } = this;
      throw new NoData(
        `No train of ${name} is left by the selection: it has ${all.length} trains, ${all[0]} to ${all.at(-1)}.`,
        { selection },
      );
    }
    return new MultiModule({ ...this.#parts, trainIds });
  }

  /**
   * The same detector in parts of whole trains, which concatenate to it.
   * @param options.framesPerPart most frames in a part (unless one train has more); holds beside the other two
   * @throws SelectionInvalid without any number or for one below 1
   */
  splitTrains(options: TrainParts & { readonly framesPerPart?: number }): MultiModule[] {
    const { framesPerPart, ...counts } = options;
    if (framesPerPart !== undefined && !(framesPerPart >= 1))
      throw new SelectionInvalid(`Cannot split by ${framesPerPart} frames: give at least 1.`, { framesPerPart });
    const isByFramesOnly =
      framesPerPart !== undefined && counts.parts === undefined && counts.trainsPerPart === undefined;
    const coarse = isByFramesOnly ? [this.trainIds] : splitTrainIds(this.trainIds, counts);
    const frames = new Map(this.frameCounts.map((count, i) => [this.trainIds[i], count]));
    const parts = coarse.flatMap((trainIds) => cutByFrames(trainIds, frames, framesPerPart));
    return parts.map((trainIds) => new MultiModule({ ...this.#parts, trainIds }));
  }

  /** Keys of the modules (of the first one). */
  keys(): string[] {
    return this.#parts.run.source(this.sources.get(this.modules[0]) as string).keys();
  }

  /** One key of all modules. @throws KeyNotFound */
  key(name: string): ModuleKey {
    return new ModuleKey(this.#parts, name);
  }

  async #chosenKey({ key, pulses }: KeyChoice): Promise<ModuleKey> {
    const whole = this.key(key ?? this.kind.mainKey);
    if (pulses === undefined) return whole;
    if (whole.isFrameKey) return whole.selectPulses(pulses);
    throw new SelectionInvalid(`${whole.key} has no pulses to select; leave the selection out.`, { key: whole.key });
  }

  /**
   * Corrected pixels without those that the mask excludes.
   * @throws KeyNotFound for raw data, which have no mask
   */
  async maskedData(options: MaskOptions = {}): Promise<ModuleKey> {
    const { maskBits, maskedValue = Number.NaN } = options;
    const [source] = this.sources.values();
    if (!this.#parts.run.source(source).hasKey(this.kind.maskKey)) {
      throw new KeyNotFound(
        `${this.name} has no mask (${this.kind.maskKey}): raw data have none. Open the corrected data.`,
        { source, name: this.kind.maskKey, near: [] },
      );
    }
    const bits = typeof maskBits === 'number' ? maskBits : (maskBits?.reduce((all, bit) => all | bit, 0) ?? null);
    const masked = new ModuleKey(this.#parts, options.key ?? this.kind.mainKey, undefined, {
      bits,
      value: maskedValue,
    });
    return options.pulses === undefined ? masked : masked.selectPulses(options.pulses);
  }

  /** Pulse id of every frame, train after train; empty where the data have none. @throws FormatInvalid if modules disagree */
  async pulseIds(): Promise<number[]> {
    return this.key(this.kind.mainKey).pulseIdCoordinates();
  }

  /** Memory cell of every frame. @throws FormatInvalid if modules disagree */
  async cellIds(): Promise<number[]> {
    return this.key(this.kind.mainKey).cellIdCoordinates();
  }

  /** Whether each module has each frame (JUNGFRAU: each train): (module, train_pulse) or (module, train). */
  dataAvailability(options: { readonly moduleGaps?: boolean } = {}): LabelledArray<'bool'> {
    return this.key(this.kind.mainKey).dataAvailability(options);
  }

  /**
   * Stacks a key of all modules.
   * @throws KeyNotFound, SelectionInvalid, FormatInvalid, Unsupported for structured keys; as {@link ModuleKey.read}
   */
  async read(options: KeyChoice & StackOptions = {}): Promise<ModuleStack> {
    const key = await this.#chosenKey(options);
    const array = await key.read(options);
    return {
      array,
      dims: key.dimensions(options.roi),
      modules: options.moduleGaps ? this.allModules : this.modules,
      trainIds: key.trainIdCoordinates(),
      pulseIds: key.isFrameKey ? await key.pulseIdCoordinates() : [],
      cellIds: key.isFrameKey ? await key.cellIdCoordinates() : [],
    };
  }

  /** Stacks a key with names and coordinates of its axes; see {@link ModuleKey.readLabelled}. */
  async readLabelled(options: KeyChoice & LabelledStackOptions = {}): Promise<ModuleArray> {
    return (await this.#chosenKey(options)).readLabelled(options);
  }

  /** Numbers of all modules of the whole detector. */
  get allModules(): number[] {
    return Array.from({ length: this.moduleCount }, (_, i) => i + this.kind.firstModule);
  }

  /**
   * Train by train, every key (or those asked for) of all modules; one train is in memory at a time.
   * @param options.pulses frames of each train
   * @param options.requireAll only trains in which every module has frames. Default true; else missing ones are filled
   */
  async *trains(
    options: Omit<LabelledStackOptions, 'roi' | 'astype' | 'unstackPulses'> & {
      readonly keys?: readonly string[];
      readonly pulses?: PulseSelection;
      readonly requireAll?: boolean;
    } = {},
  ): AsyncIterable<DetectorTrain> {
    const { keys = this.keys(), pulses, requireAll = true, ...read } = options;
    for (const trainId of this.trainIds) {
      options.signal?.throwIfAborted();
      const present = this.#parts.table.get(trainId)?.rows.size ?? 0;
      if (requireAll && present < this.modules.length) continue;
      const train = new MultiModule({ ...this.#parts, trainIds: [trainId] });
      const data = new Map<string, ModuleArray>();
      for (const name of keys) {
        const whole = train.key(name);
        const key = pulses === undefined ? whole : await whole.selectPulses(pulses);
        const array = await key.readLabelled(read);
        data.set(name, key.isFrameKey ? array : dropTrainAxis(array));
      }
      yield { trainId, data };
    }
  }

  /**
   * One frame of all modules, without touching other frames.
   * @param pulseIndex position of the frame in the train
   * @throws TrainNotFound if the train has no frames, SelectionInvalid if it has fewer than `pulseIndex + 1`
   */
  async readFrame(
    trainId: number,
    pulseIndex: number,
    options: Pick<StackOptions, 'fillValue' | 'signal'> & { readonly key?: string } = {},
  ): Promise<DetectorFrame> {
    const entry = this.trainIds.includes(trainId) ? this.#parts.table.get(trainId) : undefined;
    if (!entry) throw new TrainNotFound(`${this.name} has no frames in train ${trainId}.`, { trainId });
    const one = this.selectTrains({ by: 'id', ids: [trainId] });
    const [frames] = one.frameCounts;
    if (!Number.isInteger(pulseIndex) || pulseIndex < 0 || pulseIndex >= frames) {
      throw new SelectionInvalid(
        `Train ${trainId} of ${this.name} has ${frames} frames; there is no frame ${pulseIndex}.`,
        { frames },
      );
    }
    const isCell = this.kind.frameAxis === 'cell';
    const stacked = await one.read({
      ...options,
      moduleGaps: true,
      ...(isCell ? { roi: [pulseIndex] } : { pulses: pulseIndex }),
    });
    const [modules, , ...frameShape] = stacked.array.shape;
    const cellIds = isCell ? await one.cellIds() : stacked.cellIds;
    return {
      array: ndarray(stacked.array.dtype, [modules, ...frameShape], stacked.array.data),
      modulesPresent: stacked.modules.map((module) => entry.rows.has(module)),
      trainId,
      pulseId: stacked.pulseIds[0] ?? -1,
      cellId: (isCell ? cellIds[pulseIndex] : cellIds[0]) ?? -1,
      frames,
    };
  }
}

function cutByFrames(
  trainIds: readonly number[],
  frames: ReadonlyMap<number, number>,
  framesPerPart = Number.POSITIVE_INFINITY,
): number[][] {
  const parts: number[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const trainId of trainIds) {
    const count = frames.get(trainId) ?? 0;
    if (filled + count > framesPerPart || parts.length === 0) {
      parts.push([]);
      filled = 0;
    }
    parts[parts.length - 1].push(trainId);
    filled += count;
  }
  return parts;
}

/** (module, 1, ..) -> (module, ..) */
function dropTrainAxis(array: ModuleArray): ModuleArray {
  return { ...dropSecondAxis(array), presence: dropSecondAxis(array.presence) };
}

function dropSecondAxis<A extends LabelledArray>(array: A): A {
  const [first, name, ...dims] = array.dims;
  const shape = array.shape.filter((_, axis) => axis !== 1);
  return {
    ...array,
    shape,
    dims: [first, ...dims],
    coords: new Map([...array.coords].filter(([dim]) => dim !== name)),
  };
}
