import { isFloatDType } from '../../core/dtype.ts';
import { FormatInvalid, NoData, SelectionInvalid, SourceNotFound, TrainNotFound } from '../../core/errors.ts';
import { type NdArray, ndarray } from '../../core/ndarray.ts';
import type { TrainRange } from '../../core/train.ts';
import type { DetectorKind } from './detector-kind.ts';
import { type FoundDetector, findDetectors } from './find-detectors.ts';
import { type FrameTable, frameTable } from './frame-table.ts';
import type { EntryRoi, KeyData } from '../key-data.ts';
import { readStack } from './module-stack.ts';
import { type PulseSelection, selectPulses } from './pulse-selection.ts';
import type { Run } from '../run.ts';
import { selectTrainIds } from '../train-selection.ts';

/** Which detector of a run to open, and which of its data. */
export interface DetectorChoice {
  /** Needed where a run has several detectors. */
  readonly name?: string;
  /** true: raw data only; false: corrected only; undefined: corrected where there is any. */
  readonly isRaw?: boolean;
  /** Only these modules. */
  readonly modules?: readonly number[];
  /** Trains in which fewer modules have frames are left out. Default 1. */
  readonly minModules?: number;
}

/** How to read a stack. */
export interface StackOptions {
  /** Default: the pixels (`image.data`, `data.adc`). */
  readonly key?: string;
  readonly pulses?: PulseSelection;
  /** Value where a module has no frame. Default NaN for floats, else 0. */
  readonly fill?: number;
  /** A place for every module of the detector, not only for those found. Default false. */
  readonly hasModuleGaps?: boolean;
  /** Region of each frame, of the axes behind the frame axis. */
  readonly roi?: EntryRoi;
  readonly signal?: AbortSignal;
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

/**
 * Opens a detector of a run as one object.
 * @throws SourceNotFound if the run has no such detector or not the wanted kind of data, SelectionInvalid if there are
 * several and no name, NoData if no train has frames, FormatInvalid if modules differ in their number of frames
 */
export function openDetector(run: Run, choice: DetectorChoice = {}): MultiModule {
  const detector = chooseDetector(run, choice.name);
  const { isRaw, sources } = chooseSources(run, detector, choice.isRaw);
  const wanted = choice.modules;
  const modules = [...sources.keys()].filter((module) => !wanted || wanted.includes(module)).sort((a, b) => a - b);
  if (modules.length === 0) {
    throw new SelectionInvalid(
      `${detector.name} has no data of modules ${wanted?.join(', ')}; it has ${[...sources.keys()].join(', ')}.`,
      {
        modules: wanted,
      },
    );
  }
  const keys = new Map(modules.map((module) => [module, run.source(sources.get(module) as string)]));
  const table = frameTable(new Map([...keys].map(([module, source]) => [module, source.key(detector.kind.mainKey)])));
  const minModules = choice.minModules ?? 1;
  const trainIds = run.trainIds.filter((id) => (table.get(id)?.rows.size ?? 0) >= minModules);
  if (trainIds.length === 0)
    throw new NoData(`No train of ${run.path} has frames of >= ${minModules} modules of ${detector.name}.`);
  const shown = new Map(modules.map((module) => [module, sources.get(module) as string]));
  return new MultiModule({ run, name: detector.name, kind: detector.kind, isRaw, sources: shown, trainIds, table });
}

function chooseDetector(run: Run, name: string | undefined): FoundDetector {
  const all = findDetectors(run);
  const fitting = name === undefined ? all : all.filter((detector) => detector.name === name);
  if (fitting.length === 1) return fitting[0];
  const names = all.map((detector) => detector.name);
  if (fitting.length > 1)
    throw new SelectionInvalid(`${run.path} has several detectors, name one of: ${names.join(', ')}.`, { names });
  const advice = all.length
    ? `It has: ${names.join(', ')}.`
    : `None of its ${run.instrumentSources.length} output channels is a module of a known detector. See run.sources for what it has.`;
  throw new SourceNotFound(`${run.path} has no detector${name === undefined ? '' : ` "${name}"`}. ${advice}`, {
    name: name ?? 'detector',
    near: names,
  });
}

function chooseSources(run: Run, detector: FoundDetector, isRaw: boolean | undefined) {
  const { kind, name, det, corr } = detector;
  const isDetRaw = det.size > 0 && [...det.values()].every((source) => isRawKey(kind, run.key(source, kind.mainKey)));
  if (isRaw === true) {
    if (isDetRaw) return { isRaw: true, sources: det };
    throw new SourceNotFound(`${run.path} has no raw data of ${name}, only corrected. Open the raw run.`, {
      name,
      near: [],
    });
  }
  if (corr.size > 0) return { isRaw: false, sources: corr };
  if (isRaw === undefined || !isDetRaw) return { isRaw: isDetRaw, sources: det };
  throw new SourceNotFound(
    `${run.path} has no corrected data of ${name}, only raw. Open the proc run, or ask for raw data.`,
    {
      name,
      near: [],
    },
  );
}

/** Raw pixels are integers; raw AGIPD entries also have the two planes, which tells them from gain maps of old files. */
function isRawKey(kind: DetectorKind, key: KeyData): boolean {
  if (key.dtype === 'record' || isFloatDType(key.dtype)) return false;
  return kind.name.startsWith('AGIPD') ? key.entryShape.length === 3 : true;
}

interface Parts {
  readonly run: Run;
  readonly name: string;
  readonly kind: DetectorKind;
  readonly isRaw: boolean;
  readonly sources: ReadonlyMap<number, string>;
  readonly trainIds: readonly number[];
  readonly table: FrameTable;
}

/** The modules of a detector as one: counts, ids and stacked frames over the selected trains. Immutable. */
export class MultiModule {
  readonly name: string;
  readonly kind: DetectorKind;
  readonly isRaw: boolean;
  /** Module number -> source, sorted by number. */
  readonly sources: ReadonlyMap<number, string>;
  /** Module numbers with data, sorted. */
  readonly modules: readonly number[];
  /** Modules of the whole detector. */
  readonly moduleCount: number;
  /** Trains with frames, sorted. */
  readonly trainIds: readonly number[];
  readonly #parts: Parts;

  /** Use {@link openDetector}. */
  constructor(parts: Parts) {
    this.#parts = parts;
    this.name = parts.name;
    this.kind = parts.kind;
    this.isRaw = parts.isRaw;
    this.sources = parts.sources;
    this.modules = [...parts.sources.keys()];
    this.moduleCount = parts.kind.moduleCount ?? Math.max(...this.modules) - parts.kind.firstModule + 1;
    this.trainIds = parts.trainIds;
  }

  /** (ss, fs) of one module. */
  get moduleShape(): readonly [ss: number, fs: number] {
    return this.kind.moduleShape;
  }

  /** Memory cells in one entry: 1, or the burst length of JUNGFRAU. */
  get #cells(): number {
    return this.kind.frameAxis === 'cell' ? this.#key(this.kind.mainKey).entryShape[0] : 1;
  }

  /** Frames per train, aligned with `trainIds`. */
  get frameCounts(): number[] {
    const cells = this.#cells;
    return this.trainIds.map((id) => (this.#parts.table.get(id)?.count ?? 0) * cells);
  }

  /** The same detector over fewer trains. @throws SelectionInvalid, NoData if none is left */
  selectTrains(selection: TrainRange): MultiModule {
    const trainIds = selectTrainIds(this.trainIds, selection);
    if (trainIds.length === 0) throw new NoData(`No train of ${this.name} is left by the selection.`, { selection });
    return new MultiModule({ ...this.#parts, trainIds });
  }

  #key(name: string, module = this.modules[0]): KeyData {
    return this.#parts.run.key(this.sources.get(module) as string, name).selectTrains({ by: 'id', ids: this.trainIds });
  }

  /** Keys of the modules (of the first one). */
  keys(): string[] {
    return this.#parts.run.source(this.sources.get(this.modules[0]) as string).keys();
  }

  /** Pulse id of every frame, train after train; empty where the data have none. @throws FormatInvalid if modules disagree */
  async pulseIds(): Promise<number[]> {
    return this.#frameIds('image.pulseId', this.trainIds);
  }

  /** Memory cell of every frame. @throws FormatInvalid if modules disagree */
  async cellIds(): Promise<number[]> {
    return this.#frameIds(this.kind.frameAxis === 'cell' ? 'data.memoryCell' : 'image.cellId', this.trainIds);
  }

  async #frameIds(keyName: string, trainIds: readonly number[]): Promise<number[]> {
    const cells = this.#cells;
    const starts = new Map<number, number>();
    let total = 0;
    for (const id of trainIds) {
      starts.set(id, total);
      total += (this.#parts.table.get(id)?.count ?? 0) * cells;
    }
    const ids: (number | undefined)[] = new Array(total).fill(undefined);
    for (const module of this.modules) {
      if (!this.#parts.run.source(this.sources.get(module) as string).hasKey(keyName)) return [];
      const key = this.#key(keyName, module).selectTrains({ by: 'id', ids: trainIds });
      const values = (await key.read()).data as ArrayLike<number | bigint>;
      const entryTrains = key.trainIdCoordinates();
      const perEntry = entryTrains.length ? values.length / entryTrains.length : 1;
      let position = 0;
      for (const [entry, trainId] of entryTrains.entries()) {
        if (entry === 0 || entryTrains[entry - 1] !== trainId) position = starts.get(trainId) as number;
        for (let i = 0; i < perEntry; i++, position++) {
          const value = Number(values[entry * perEntry + i]);
          if (ids[position] !== undefined && ids[position] !== value) {
            throw new FormatInvalid(
              `Modules of ${this.name} disagree on ${keyName} in train ${trainId}: ${ids[position]} and ${value}.`,
              {
                trainId,
                module,
              },
            );
          }
          ids[position] = value;
        }
      }
    }
    return ids.map((id) => id ?? -1);
  }

  /**
   * Stacks a key of all modules.
   * @throws KeyNotFound, SelectionInvalid, FormatInvalid, NoData if no frame is selected, Unsupported for structured keys
   */
  async read(options: StackOptions = {}): Promise<ModuleStack> {
    const keyName = options.key ?? this.kind.mainKey;
    const keys = new Map(this.modules.map((module) => [module, this.#key(keyName, module)]));
    const isFrameKey = this.kind.frameAxis === 'entry' && keyName.startsWith('image.');
    if (options.pulses && !isFrameKey)
      throw new SelectionInvalid(`${keyName} has no pulses to select; leave the selection out.`);
    const group = keyName.split('.', 1)[0];
    const table = this.kind.mainKey.startsWith(`${group}.`) ? this.#parts.table : frameTable(keys);
    const pulseIds = await this.#frameIds('image.pulseId', this.trainIds);
    const cellIds = await this.cellIds();

    const rows = new Map<number, number[]>();
    const frames: { trainId: number; frame: number }[] = [];
    let frame = 0;
    for (const trainId of this.trainIds) {
      const count = isFrameKey ? (table.get(trainId)?.count ?? 0) : 1;
      const positions = selectPulses(options.pulses ?? { by: 'index' }, count, () =>
        pulseIds.slice(frame, frame + count),
      );
      rows.set(trainId, positions);
      for (const position of positions) frames.push({ trainId, frame: frame + position });
      frame += count;
    }
    const places = options.hasModuleGaps ? this.#allModules() : this.modules;
    const first = this.#key(keyName);
    // Raw modules other than AGIPD keep an axis of length 1 behind the frames.
    const isAxisDropped = isFrameKey && first.entryShape[0] === 1;
    const roi: EntryRoi = isAxisDropped ? [0, ...(options.roi ?? [])] : (options.roi ?? []);
    const array = await readStack(keys, places, table, rows, frames.length, roi, options);
    return {
      array,
      dims: dimensions(this.kind, first, isFrameKey, isAxisDropped, roi),
      modules: places,
      trainIds: frames.map((f) => f.trainId),
      pulseIds: isFrameKey && pulseIds.length ? frames.map((f) => pulseIds[f.frame]) : [],
      cellIds: isFrameKey && cellIds.length ? frames.map((f) => cellIds[f.frame]) : [],
    };
  }

  #allModules(): number[] {
    return Array.from({ length: this.moduleCount }, (_, i) => i + this.kind.firstModule);
  }

  /**
   * One frame of all modules, without touching other frames.
   * @param pulseIndex position of the frame in the train
   * @throws TrainNotFound if the train has no frames, SelectionInvalid if it has fewer than `pulseIndex + 1`
   */
  async readFrame(
    trainId: number,
    pulseIndex: number,
    options: { readonly key?: string; readonly fill?: number; readonly signal?: AbortSignal } = {},
  ): Promise<DetectorFrame> {
    const entry = this.trainIds.includes(trainId) ? this.#parts.table.get(trainId) : undefined;
    if (!entry) throw new TrainNotFound(`${this.name} has no frames in train ${trainId}.`, { trainId });
    const one = this.selectTrains({ by: 'id', ids: [trainId] });
    const cells = this.#cells;
    const frames = entry.count * cells;
    if (!Number.isInteger(pulseIndex) || pulseIndex < 0 || pulseIndex >= frames) {
      throw new SelectionInvalid(
        `Train ${trainId} of ${this.name} has ${frames} frames; there is no frame ${pulseIndex}.`,
        { frames },
      );
    }
    const isCell = this.kind.frameAxis === 'cell';
    const stacked = await one.read({
      key: options.key,
      fill: options.fill,
      signal: options.signal,
      hasModuleGaps: true,
      ...(isCell ? { roi: [pulseIndex] } : { pulses: { by: 'positions', positions: [pulseIndex] } }),
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

function dimensions(
  kind: DetectorKind,
  key: KeyData,
  isFrameKey: boolean,
  isAxisDropped: boolean,
  roi: EntryRoi,
): string[] {
  const rank = key.entryShape.length - (isAxisDropped ? 1 : 0);
  const isPixels = isFrameKey ? rank >= 2 : kind.frameAxis === 'cell' && rank === 3;
  const leading = kind.frameAxis === 'cell' ? ['cell'] : rank === 3 ? ['data_gain'] : [];
  const entry = isPixels
    ? [...leading, 'slow_scan', 'fast_scan']
    : kind.frameAxis === 'cell' && rank === 1
      ? ['cell']
      : Array.from({ length: rank }, (_, i) => `dim_${i}`);
  const regions = isAxisDropped ? roi.slice(1) : roi;
  return [
    'module',
    isFrameKey ? 'train_pulse' : 'train',
    ...entry.filter((_, axis) => typeof regions[axis] !== 'number'),
  ];
}
