import { SkipTrain, Unsupported } from '../core/errors.ts';
import type { FrameOrder, ModuleLayout } from '../core/frame-order.ts';
import type { Lease } from '../core/lease.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { clipRoi } from '../core/roi.ts';
import type { Train } from '../core/train.ts';
import { type KernelArena, placeOf } from '../kernels/arena.ts';
import type { Kernels, TileTable } from '../kernels/kernels.ts';
import { type DetectorInput, findDetectorInput, type ModuleFrames } from './detector-input.ts';
import type { LiveResult, LiveSettings } from './engine.ts';
import type { ModulePool, ModuleTask, PackedConstantsPlace, TaskLayout } from './module-task.ts';
import { MovingAverage } from './moving-average.ts';
import type { SlotPool } from './slot-pool.ts';

/** Where each pixel of the module stack counts in I(q). */
export interface RadialSetup {
  /** int32 (module * ss * fs), -1 = outside. */
  readonly bins: Int32Array;
  /** float32 (module * ss * fs): solid angle and polarisation. */
  readonly weights: Float32Array;
  /** (points), bin centres, 1/Angstrom. */
  readonly q: Float32Array;
}

/** What the pipeline knows of the detector: made from its geometry. */
export interface LiveDetector {
  readonly layout: ModuleLayout;
  /** (height, width) of the assembled image. */
  readonly imageShape: readonly [number, number];
  readonly tiles: TileTable;
  /** Set-up of the azimuthal integration for the given settings. */
  radial(integration: LiveSettings['integration']): RadialSetup;
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

/** Turns one train after the other into a mean image, I(q) and the ROI's mean. All its memory is taken once, at the start. */
export class LivePipeline {
  readonly #parts: PipelineParts;
  readonly #mean: NdArray<'float32'>;
  readonly #image: NdArray<'float32'>;
  readonly #cells: NdArray<'uint16'>;
  readonly #tiles: Int32Array;
  readonly #bins: Int32Array;
  readonly #weights: Float32Array;
  readonly #sums: Float64Array;
  readonly #average: MovingAverage;
  #integration: LiveSettings['integration'] | null = null;
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
    this.#bins = arena.allocate('int32', [pixels]).data;
    this.#weights = arena.allocate('float32', [pixels]).data;
    this.#sums = arena.allocate('float64', [2 * 8192]).data;
    this.#average = new MovingAverage(pixels);
  }

  /**
   * Processes one train and releases it as soon as its raw data is no longer needed (also when it fails).
   * @throws SkipTrain if the train cannot be used
   */
  async process(
    train: Train,
    settings: LiveSettings,
    version: number,
  ): Promise<{ result: LiveResult; stages: StageTime[] }> {
    const stages: StageTime[] = [];
    let last = performance.now();
    const took = (stage: string) => {
      const now = performance.now();
      stages.push({ stage, ms: now - last });
      last = now;
    };
    const copies: Lease[] = [];
    let input: DetectorInput;
    let isCorrected: boolean;
    try {
      input = findDetectorInput(train, this.#parts.detector.layout, this.#order);
      // A train whose shape is clear says how to read those that are not.
      if (input.isOrderCertain) this.#order = input.order;
      if (input.frames > MAX_FRAMES)
        throw new SkipTrain(`Train left out: ${input.frames} frames, ${MAX_FRAMES} are the most that can be shown.`, {
          reason: 'too many frames',
        });
      isCorrected =
        input.kind === 'corrected' ||
        (input.kind === 'raw' && settings.isCorrected && this.#parts.constants.some((c) => c !== null));
      const tasks = this.#plan(input, isCorrected, copies);
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
    const intensity = this.#integrate(settings.integration);
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
      roi,
      ...sendTime(train),
      receivedAt: train.receivedAt ?? Date.now(),
      readyAt: Date.now(),
      unit: isCorrected ? 'keV' : 'ADU',
    };
    return { result, stages };
  }

  /** Forgets the moving average, as when the source changes. */
  reset(): void {
    this.#average.reset();
    this.#order = undefined;
  }

  #plan(input: DetectorInput, isCorrected: boolean, copies: Lease[]): ModuleTask[] {
    const { constants, detector } = this.#parts;
    const pixels = detector.layout.slowScan * detector.layout.fastScan;
    this.#cells.data.set(input.cellIds);
    const cells = placeOf(this.#cells);
    const inArena = new Map<NdArray, NdArray>();
    return input.modules.map((module) => {
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
      };
    });
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
    const hasData = new Set(present.map((p) => p.module));
    for (let module = 0; module < layout.modules; module++) {
      const hasConstants =
        !isCorrected ||
        present.some((p) => p.module === module && (p.gainBase < 0 || this.#parts.constants[module] !== null));
      if (!hasData.has(module) || !hasConstants)
        this.#mean.data.fill(Number.NaN, module * pixels, (module + 1) * pixels);
    }
  }

  #integrate(integration: LiveSettings['integration']): Float32Array {
    if (this.#integration !== integration) {
      const setup = this.#parts.detector.radial(integration);
      this.#bins.set(setup.bins);
      this.#weights.set(setup.weights);
      this.#q = setup.q.slice();
      this.#integration = integration;
    }
    const points = this.#q.length;
    const sums = this.#sums.fill(0, 0, 2 * points);
    this.#parts.kernels.radialAccumulate(this.#mean.data, this.#bins, this.#weights, sums);
    return Float32Array.from({ length: points }, (_, bin) => sums[2 * bin] / sums[2 * bin + 1]);
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
