import { isXfelError, SkipTrain, Unsupported } from '../core/errors.ts';
import type { FrameOrder, ModuleLayout } from '../core/frame-order.ts';
import type { Lease } from '../core/lease.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { clipRoi } from '../core/roi.ts';
import type { Train } from '../core/train.ts';
import { type ArrayPlace, type KernelArena, placeOf } from '../kernels/arena.ts';
import type { Kernels, SumTable, TileTable } from '../kernels/kernels.ts';
import { toPulseTable } from '../kernels/pulse-table.ts';
import { type DetectorInput, type DetectorOrigin, findDetectorInput, type ModuleFrames } from './detector-input.ts';
import type { LiveResult, LiveSettings } from './engine.ts';
import {
  type ModulePool,
  type ModuleTask,
  type PackedConstantsPlace,
  type PulseTablePlace,
  type SumTablePlace,
  type TaskLayout,
  viewTable,
} from './module-task.ts';
import { MovingAverage } from './moving-average.ts';
import type { SlotPool } from './slot-pool.ts';
import { placePulseTable, placeTable } from './table-place.ts';

/** Where each pixel counts in I(q). */
export interface IntegrationSetup {
  /** (module): bins and pixels of each, without dark. */
  readonly tables: readonly SumTable[];
  /** (points), bin centres, 1/Angstrom. */
  readonly q: Float32Array;
}

/** What the pipeline knows of the detector: made from its geometry. */
export interface LiveDetector {
  readonly layout: ModuleLayout;
  /** Where its data are in a train; the first detector of each train without it. */
  readonly origin?: DetectorOrigin;
  /** Unit of corrected values; keV without it. */
  readonly correctedUnit?: string;
  /** (height, width) of the assembled image. */
  readonly imageShape: readonly [number, number];
  readonly tiles: TileTable;
  /** Set-up of the azimuthal integration for the given settings. */
  integration(settings: LiveSettings['integration']): IntegrationSetup;
}

/** What a pipeline works with. */
export interface PipelineParts {
  readonly arena: KernelArena;
  /** Kernels of the thread that calls the pipeline. */
  readonly kernels: Kernels;
  readonly pool: ModulePool;
  /** Memory for trains that did not land in the arena by themselves. */
  readonly slots: SlotPool;
  readonly detector: LiveDetector;
  /** Packed constants of each module; null where there are none. */
  readonly constants: readonly (PackedConstantsPlace | null)[];
}

/** Time spent in a stage. */
export interface StageTime {
  readonly stage: string;
  readonly ms: number;
}

/** Pixels beyond this energy are faulty, keV: above what the lowest gain stage can hold. */
const RANGE_KEV = 1e6;
/** More frames than a train can have. */
const MAX_FRAMES = 2700;
/** Most bins of I(q). */
const MAX_POINTS = 8192;
/** Least share of pixels that a bin with values has; less is rounding. */
const LEAST_COUNT = 1e-6;

/** (thread): float64 (frame, points, 2) = signal, norm. */
type PulseSums = readonly ArrayPlace[];

/** The newest time stamp that the train's sources carry, in the result's words. */
function sendTime(train: Train): { readonly sentAt?: number } {
  let newest = 0;
  for (const { metadata } of train.sources.values()) {
    const seconds = Number(metadata.get('timestamp'));
    if (seconds > newest) newest = seconds;
  }
  return newest > 0 ? { sentAt: newest * 1000 } : {};
}

function layoutOf(
  { base, frameStride, pixelStride }: ModuleFrames,
  { order, frames }: DetectorInput,
  { slowScan, fastScan }: ModuleLayout,
): TaskLayout {
  return order === 'file'
    ? { order, base, frameStride, frames }
    : { order, base, pixelStride, frames, slowScan, fastScan };
}

/**
 * Turns one train after the other into a mean image, I(q) and the ROI's mean. Its memory is taken once, at the start, apart from
 * the tables of I(q): they take the end of the arena, where nobody else may allocate, and are made anew when settings change.
 */
export class LivePipeline {
  readonly #parts: PipelineParts;
  readonly #mean: NdArray<'float32'>;
  readonly #image: NdArray<'float32'>;
  readonly #cells: NdArray<'uint16'>;
  readonly #tiles: Int32Array;
  readonly #sums: Float64Array;
  readonly #average: MovingAverage;
  /** End of the arena without the tables, and with them. */
  readonly #tablesStart: number;
  #tablesStop = 0;
  #integration = '';
  #tables: SumTablePlace[] = [];
  /** Tables for every pulse: made when first wanted. */
  #pulseTables: PulseTablePlace[] = [];
  #q = new Float32Array(0);
  #sequence = 0;
  #order: FrameOrder | undefined;

  /** @throws Unsupported if the arena is too small */
  constructor(parts: PipelineParts) {
    this.#parts = parts;
    const { arena, detector } = parts;
    const { modules, slowScan, fastScan } = detector.layout;
    const pixels = modules * slowScan * fastScan;
    this.#mean = arena.allocate('float32', [modules, slowScan * fastScan]);
    this.#image = arena.allocate('float32', detector.imageShape);
    this.#image.data.fill(Number.NaN);
    this.#cells = arena.allocate('uint16', [MAX_FRAMES]);
    this.#tiles = arena.allocate('int32', [detector.tiles.length]).data;
    this.#tiles.set(detector.tiles);
    this.#sums = arena.allocate('float64', [3 * MAX_POINTS]).data;
    this.#average = new MovingAverage(pixels);
    this.#tablesStart = arena.mark();
  }

  /**
   * Processes one train and releases it as soon as its raw data is no longer needed (also when it fails).
   * @throws SkipTrain if the train cannot be used
   */
  async process(
    train: Train,
    settings: LiveSettings,
    version: number,
  ): Promise<{ result: LiveResult; stages: StageTime[]; isCorrected: boolean }> {
    const stages: StageTime[] = [];
    let last = performance.now();
    const took = (stage: string) => {
      const now = performance.now();
      stages.push({ stage, ms: now - last });
      last = now;
    };
    const { detector } = this.#parts;
    const copies: Lease[] = [];
    let input: DetectorInput;
    let isCorrected: boolean;
    let pulseSums: PulseSums | null;
    try {
      input = findDetectorInput(train, detector.layout, this.#order, detector.origin);
      // A train whose shape is clear says how to read those that are not.
      if (input.isOrderCertain) this.#order = input.order;
      if (input.frames > MAX_FRAMES)
        throw new SkipTrain(`Train left out: ${input.frames} frames, ${MAX_FRAMES} are the most that can be shown.`, {
          reason: 'too many frames',
        });
      isCorrected =
        input.kind === 'corrected' ||
        (input.kind === 'raw' && settings.isCorrected && this.#parts.constants.some((c) => c !== null));
      this.#prepare(settings.integration);
      pulseSums = settings.integration.isPerPulse ? this.#placePulses(input.frames) : null;
      const tasks = this.#plan(input, isCorrected, copies, pulseSums);
      took('Find modules');
      await this.#parts.pool.run(tasks);
      this.#blankMissing(input.modules, isCorrected);
      took(isCorrected ? 'Correct · mean' : 'Mean of raw');
    } finally {
      for (const lease of copies) lease.release();
      train.release?.();
    }
    this.#average.update(this.#mean.data, settings.movingAverage);
    took('Moving average');
    const intensity = this.#integrate();
    const pulseIntensity = pulseSums && this.#pulseIntensity(pulseSums, input.frames);
    took('Azimuthal');
    this.#parts.kernels.assemble(this.#mean.data, this.#tiles, this.#image.data);
    took('Assemble');
    const roi = this.#roi(settings.roi);
    took('ROI');
    const image = ndarray('float32', this.#image.shape, new Float32Array(this.#image.data));
    took('Publish');
    const result: LiveResult = {
      sequence: ++this.#sequence,
      trainId: train.trainId,
      pulses: input.frames,
      version,
      image,
      q: ndarray('float32', [this.#q.length], this.#q.slice()),
      intensity: ndarray('float32', [intensity.length], intensity),
      ...(pulseIntensity ? { pulseIntensity } : {}),
      roi,
      ...sendTime(train),
      receivedAt: train.receivedAt ?? Date.now(),
      readyAt: Date.now(),
      unit: isCorrected ? (detector.correctedUnit ?? 'keV') : 'ADU',
    };
    return { result, stages, isCorrected };
  }

  /** Forgets the moving average, as when the source changes. */
  reset(): void {
    this.#average.reset();
    this.#order = undefined;
  }

  #plan(input: DetectorInput, isCorrected: boolean, copies: Lease[], pulseSums: PulseSums | null): ModuleTask[] {
    const { constants, detector, pool } = this.#parts;
    const pixels = detector.layout.slowScan * detector.layout.fastScan;
    this.#cells.data.set(input.cellIds);
    const cells = placeOf(this.#cells);
    const inArena = new Map<NdArray, NdArray>();
    return input.modules.map((module, i) => {
      const array = inArena.get(module.array) ?? this.#toArena(module.array, copies);
      inArena.set(module.array, array);
      const mean = {
        byteOffset: this.#mean.data.byteOffset + module.module * pixels * 4,
        dtype: 'float32' as const,
        shape: [pixels],
      };
      return {
        kind: input.kind,
        frames: placeOf(array),
        layout: layoutOf(module, input, detector.layout),
        gainBase: module.gainBase,
        cells,
        constants: isCorrected ? constants[module.module] : null,
        range: RANGE_KEV,
        mean,
        pulses:
          pulseSums && this.#hasConstants(module, isCorrected)
            ? { table: this.#pulseTables[module.module], sums: pulseSums[i % pool.threads] }
            : null,
      };
    });
  }

  /** Whether a module can be shown as the others are. */
  #hasConstants({ module, gainBase }: ModuleFrames, isCorrected: boolean): boolean {
    return !isCorrected || gainBase < 0 || this.#parts.constants[module] !== null;
  }

  #toArena(array: NdArray, copies: Lease[]): NdArray {
    const source = array.data as Uint8Array;
    if (this.#parts.arena.contains(source)) return array;
    const lease = this.#parts.slots.lend(source.byteLength);
    if (!lease)
      throw new Unsupported(
        `A train of ${Math.round(source.byteLength / 2 ** 20)} MiB does not fit the live memory: give it more.`,
      );
    copies.push(lease);
    lease.bytes.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
    const Storage = source.constructor as Uint8ArrayConstructor;
    return { ...array, data: new Storage(lease.bytes.buffer, lease.bytes.byteOffset, source.length) };
  }

  /** Modules without data, or without the constants that the others are shown with, are gaps, not old pictures. */
  #blankMissing(present: readonly ModuleFrames[], isCorrected: boolean): void {
    const { layout } = this.#parts.detector;
    const pixels = layout.slowScan * layout.fastScan;
    const shown = new Set(present.filter((p) => this.#hasConstants(p, isCorrected)).map(({ module }) => module));
    for (let module = 0; module < layout.modules; module++)
      if (!shown.has(module)) this.#mean.data.fill(Number.NaN, module * pixels, (module + 1) * pixels);
  }

  /** Sees to it that the tables are those of the settings. @throws Unsupported if the arena has no room for them */
  #prepare({ isPerPulse: _, ...integration }: LiveSettings['integration']): void {
    const key = JSON.stringify(integration);
    if (this.#integration === key) return;
    const { arena, detector } = this.#parts;
    const { tables, q } = detector.integration(integration);
    this.#integration = '';
    arena.resetTo(this.#tablesStart);
    this.#tables = tables.map((table) => placeTable(table, arena));
    this.#pulseTables = [];
    this.#tablesStop = arena.mark();
    this.#q = q.slice();
    this.#integration = key;
  }

  /** Tables, and sums of each thread, all 0. @throws SkipTrain if the arena has no room for them */
  #placePulses(frames: number): PulseSums {
    const { arena, pool } = this.#parts;
    arena.resetTo(this.#tablesStop);
    try {
      if (this.#pulseTables.length === 0) {
        this.#pulseTables = this.#tables.map((table) =>
          placePulseTable(toPulseTable(viewTable(table, arena)), table.weights, arena),
        );
        this.#tablesStop = arena.mark();
      }
      return Array.from({ length: pool.threads }, () => {
        const sums = arena.allocate('float64', [frames, this.#q.length, 2]);
        sums.data.fill(0);
        return placeOf(sums);
      });
    } catch (error) {
      if (!isXfelError(error, 'Unsupported')) throw error;
      throw new SkipTrain(
        `Train left out: no memory for I(q) of ${frames} pulses with ${this.#q.length} points. Take fewer points, switch I(q) of every pulse off, or start with more --memory.`,
        { reason: 'no memory for I(q) of pulses' },
        { cause: error },
      );
    }
  }

  /** I(q) of the mean: modules add up. */
  #integrate(): Float32Array {
    const { arena, kernels, detector } = this.#parts;
    const pixels = detector.layout.slowScan * detector.layout.fastScan;
    const points = this.#q.length;
    const sums = this.#sums.subarray(0, 3 * points);
    const signal = new Float64Array(points);
    const norm = new Float64Array(points);
    for (const [module, place] of this.#tables.entries()) {
      const mean = this.#mean.data.subarray(module * pixels, (module + 1) * pixels);
      kernels.tableSums(mean, viewTable(place, arena), sums);
      for (let bin = 0; bin < points; bin++) {
        if (!(sums[3 * bin + 2] > LEAST_COUNT)) continue;
        signal[bin] += sums[3 * bin];
        norm[bin] += sums[3 * bin + 1];
      }
    }
    // 0 / 0 is NaN
    return Float32Array.from(signal, (sum, bin) => sum / norm[bin]);
  }

  #pulseIntensity(pulseSums: PulseSums, frames: number): NdArray<'float32'> {
    const all = pulseSums.map((place) => this.#parts.arena.view(place, 'float64').data);
    const intensity = new Float32Array(frames * this.#q.length);
    for (let i = 0; i < intensity.length; i++) {
      let [signal, norm] = [0, 0];
      for (const sums of all) {
        signal += sums[2 * i];
        norm += sums[2 * i + 1];
      }
      intensity[i] = signal / norm;
    }
    return ndarray('float32', [frames, this.#q.length], intensity);
  }

  #roi(roi: LiveSettings['roi']): LiveResult['roi'] {
    if (!roi.isOn) return null;
    const [height, width] = this.#parts.detector.imageShape;
    const inside = clipRoi(roi, width, height);
    if (inside.width === 0 || inside.height === 0) return null;
    const { sum, count } = this.#parts.kernels.roiSum(
      this.#image.data,
      width,
      inside.x,
      inside.y,
      inside.width,
      inside.height,
    );
    return count > 0 ? { mean: sum / count, sum, pixels: count } : null;
  }
}
