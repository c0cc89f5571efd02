import type { DType } from '../core/dtype.ts';
import type { ArrayPlace, KernelArena } from '../kernels/arena.ts';
import type { FrameLayout, Kernels, PackedConstants } from '../kernels/kernels.ts';
import type { DetectorInput } from './detector-input.ts';

/** Packed constants of one module by their places in the arena. */
export interface PackedConstantsPlace {
  readonly cells: number;
  readonly pixels: number;
  readonly limits: ArrayPlace;
  readonly factors: ArrayPlace;
}

/** The work on one module of one train: all its frames to one mean image. Survives `postMessage`. */
export interface ModuleTask {
  readonly kind: DetectorInput['kind'];
  readonly frames: ArrayPlace;
  readonly layout: FrameLayout;
  readonly gainBase: number;
  /** Memory cell of each frame, uint16. */
  readonly cells: ArrayPlace;
  /** Null shows raw data as it is. */
  readonly constants: PackedConstantsPlace | null;
  /** Corrected values beyond +-range are left out, keV. */
  readonly range: number;
  /** (pixel) float32: where the mean goes. */
  readonly mean: ArrayPlace;
}

/** Something that runs the tasks of a train, on any number of threads. */
export interface ModulePool {
  /** Resolves when all tasks are done. Only one call at a time. */
  run(tasks: readonly ModuleTask[]): Promise<void>;
  close(): Promise<void>;
}

/** One thread's hands for module tasks: its kernels and its scratch memory. */
export class ModuleRunner {
  readonly #kernels: Kernels;
  readonly #arena: KernelArena;
  readonly #sum: Float32Array;
  readonly #count: Int32Array;

  /** @param sum,count scratch of one module's pixels in the arena, used by this thread alone */
  constructor(kernels: Kernels, arena: KernelArena, sum: Float32Array, count: Int32Array) {
    this.#kernels = kernels;
    this.#arena = arena;
    this.#sum = sum;
    this.#count = count;
  }

  /** Does one task, here and now. */
  run(task: ModuleTask): void {
    const sum = this.#sum.fill(0);
    const count = this.#count.fill(0);
    const kernels = this.#kernels;
    if (task.kind === 'corrected') {
      kernels.floatAccumulate(this.#view(task.frames, 'float32'), task.layout, task.range, sum, count);
    } else {
      const raw = this.#view(task.frames, 'uint16');
      if (task.kind === 'raw' && task.constants) {
        const cells = this.#view(task.cells, 'uint16');
        kernels.correctAccumulate(
          raw,
          task.layout,
          task.gainBase,
          cells,
          this.#constants(task.constants),
          task.range,
          sum,
          count,
        );
      } else {
        kernels.rawAccumulate(raw, task.layout, sum, count);
      }
    }
    kernels.finishMean(sum, count, this.#view(task.mean, 'float32'));
  }

  #constants(place: PackedConstantsPlace): PackedConstants {
    return { ...place, limits: this.#view(place.limits, 'uint16'), factors: this.#view(place.factors, 'float32') };
  }

  #view<D extends Exclude<DType, 'string'>>(place: ArrayPlace, dtype: D) {
    return this.#arena.view(place, dtype).data;
  }
}
