import type { Train } from '../core/train.ts';
import type { Detector } from '../detector/detector.ts';
import { exampleGeometry, type Geometry } from '../detector/geometry.ts';
import { geometryInfo, snapGeometry } from '../detector/snapped-geometry.ts';
import type { KernelArena } from '../kernels/arena.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { LiveResult, LiveSettings, ShownDetector } from './engine.ts';
import { createLiveDetector } from './live-detector.ts';
import type { ModulePool, PackedConstantsPlace } from './module-task.ts';
import { LivePipeline, type StageTime } from './pipeline.ts';
import { isSame, originOf, type RecognisedDetector, recogniseDetector, streamLayout } from './recognise-detector.ts';
import type { SlotPool } from './slot-pool.ts';

/** What a station works with. */
export interface StationParts {
  readonly arena: KernelArena;
  readonly kernels: Kernels;
  readonly slots: SlotPool;
  /** A pool of threads for modules of so many pixels; it allocates in the arena. */
  readonly createPool: (pixels: number) => ModulePool;
  /** The geometry that was given; null where there is none and every detector is placed as its example is. */
  readonly geometry: Geometry | null;
  /** Constants are of this detector alone. */
  readonly constants: { readonly detector: Detector; readonly modules: readonly (PackedConstantsPlace | null)[] };
  /** Told of another detector before its first train is processed; resolves when the settings are for its picture. */
  readonly onDetector: (shown: ShownDetector) => Promise<void>;
}

/** A processed train. */
export interface StationOutcome {
  readonly result: LiveResult;
  readonly stages: readonly StageTime[];
}

interface Running {
  readonly recognised: RecognisedDetector;
  readonly shown: ShownDetector;
  readonly pool: ModulePool;
  readonly pipeline: LivePipeline;
}

/**
 * Processes the trains of whatever detector comes: it has one pipeline, made anew when the trains are of another detector. All
 * of a pipeline's memory is the end of the arena, where nobody else may allocate.
 */
export class LiveStation {
  readonly #parts: StationParts;
  readonly #mark: number;
  #running: Running | null = null;
  #sequence = 0;
  #switches = 0;

  constructor(parts: StationParts) {
    this.#parts = parts;
    this.#mark = parts.arena.mark();
  }

  /**
   * Processes one train and releases it, also when it fails. One call at a time.
   * @param current the settings at this moment, which another detector changes
   * @throws SkipTrain if the train cannot be used, Unsupported if the detector needs more memory than there is
   */
  async process(
    train: Train,
    current: () => { readonly settings: LiveSettings; readonly version: number },
  ): Promise<StationOutcome> {
    let running: Running;
    try {
      const { geometry } = this.#parts;
      const recognised = recogniseDetector(train, geometry?.detector ?? null, this.#running?.recognised ?? null);
      running = await this.#runningFor(recognised);
    } catch (error) {
      train.release?.();
      throw error;
    }
    const { settings, version } = current();
    const { result, stages, isCorrected } = await running.pipeline.process(train, settings, version);
    const isRawOnly = settings.isCorrected && !isCorrected && !this.#hasConstantsFor(running.recognised.detector);
    return {
      result: {
        ...result,
        sequence: ++this.#sequence,
        detector: running.shown.sequence,
        notes: [...notesOf(running, this.#parts.geometry), ...(isRawOnly ? [this.#rawNote(running)] : [])],
      },
      stages,
    };
  }

  /** Forgets what the stream had, as when the source changes; the pipeline stays. */
  reset(): void {
    this.#running?.pipeline.reset();
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.#running?.pool.close();
    this.#running = null;
  }

  async #runningFor(recognised: RecognisedDetector): Promise<Running> {
    const before = this.#running;
    if (
      before &&
      before.recognised.name === recognised.name &&
      isSame(before.recognised.detector, recognised.detector)
    ) {
      this.#running = { ...before, recognised };
      return this.#running;
    }
    await this.close();
    const { arena, kernels, slots, createPool, geometry: given, constants } = this.#parts;
    const { detector } = recognised;
    const isGiven = given !== null && isSame(given.detector, detector);
    const geometry = isGiven ? given : exampleGeometry(detector);
    const snapped = snapGeometry(geometry);
    const layout = streamLayout(detector);
    arena.resetTo(this.#mark);
    const pool = createPool(layout.slowScan * layout.fastScan);
    try {
      const pipeline = new LivePipeline({
        arena,
        kernels,
        pool,
        slots,
        detector: createLiveDetector(geometry, originOf(recognised), snapped),
        constants: this.#hasConstantsFor(detector) ? constants.modules : new Array(layout.modules).fill(null),
      });
      const shown: ShownDetector = {
        sequence: ++this.#switches,
        name: recognised.name,
        kind: detector.name,
        dataShape: detector.dataShape,
        geometryPath: isGiven ? pathOfGeometry(geometry) : null,
        geometry: geometryInfo(snapped),
      };
      await this.#parts.onDetector(shown);
      this.#running = { recognised, shown, pool, pipeline };
      return this.#running;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  #hasConstantsFor(detector: Detector): boolean {
    return isSame(this.#parts.constants.detector, detector);
  }

  #rawNote({ recognised: { detector } }: Running): string {
    return `Raw counts: constants are made for ${this.#parts.constants.detector.name}, not for ${detector.name}.`;
  }
}

/** Where a given geometry was read from, for people. */
export function pathOfGeometry({ metadata }: Geometry): string {
  return metadata.path ?? 'given';
}

/** What is to be said of the picture beside it. */
function notesOf({ recognised, shown }: Running, given: Geometry | null): string[] {
  const { detector, name, others } = recognised;
  const notes: string[] = [];
  if (shown.geometryPath === null) {
    const shape = (each: Detector) => `${each.name} (${each.dataShape.join(' x ')})`;
    if (given)
      notes.push(
        `The geometry ${pathOfGeometry(given)} is of ${shape(given.detector)}, ${name} is ${shape(detector)}.`,
      );
    notes.push(
      `Example positions of ${detector.name}, not those of this beamtime: start with --geometry FILE for true ones.`,
    );
  }
  if (others.length > 0) notes.push(`Also received, not shown: ${others.join(', ')}.`);
  return notes;
}
