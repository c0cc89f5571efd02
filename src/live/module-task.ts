import type { DType } from '../core/dtype.ts';
import type { ArrayPlace, KernelArena } from '../kernels/arena.ts';
import type { FrameLayout, Kernels, PackedConstants } from '../kernels/kernels.ts';
import type { OnlineKernels, OnlineLayout } from '../kernels/online-order.ts';
import type { DetectorInput } from './detector-input.ts';

/** Packed constants of one module by their places in the arena. */
export interface PackedConstantsPlace {
  readonly cells: number;
  readonly pixels: number;
  readonly limits: ArrayPlace;
  readonly factors: ArrayPlace;
}

/** Where the frames of a task lie, by their order. */
export type TaskLayout = ({ readonly order: 'file' } & FrameLayout) | ({ readonly order: 'online' } & OnlineLayout);

/** Frames that are put in file order at a time: of one pixel they fill a cache line. */
const FRAMES_AT_ONCE = 32;
/** Elements between frames in the scratch memory, so that the same pixel of all frames is not in the same cache set. */
const FRAME_GAP = 32;

/** Elements of the scratch memory, uint16, that a thread needs for frames of `pixels` pixels. */
export function frameScratchLength(pixels: number): number {
  return FRAMES_AT_ONCE * (2 * pixels + FRAME_GAP);
}

/** What a thread computes with. */
export interface ModuleHands {
  readonly kernels: Kernels;
  readonly online: OnlineKernels;
  readonly arena: KernelArena;
  /** float32 and int32 (pixel): scratch of one module's pixels in the arena, used by this thread alone. */
  readonly sum: Float32Array;
  readonly count: Int32Array;
  /** uint16 ({@link frameScratchLength}), the same: frames with two planes. */
  readonly frames: Uint16Array;
}

/** The work on one module of one train: all its frames to one mean image. Survives `postMessage`. */
export interface ModuleTask {
  readonly kind: DetectorInput['kind'];
  readonly frames: ArrayPlace;
  /** Where the frames are: `file` or `online`, whichever order they came in. */
  readonly layout: TaskLayout;
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

/** One thread's runner of module tasks. */
export class ModuleRunner {
  readonly #hands: ModuleHands;

  constructor(hands: ModuleHands) {
    this.#hands = hands;
  }

  /** Does one task, here and now. */
  run(task: ModuleTask): void {
    const { kernels, sum, count } = this.#hands;
    sum.fill(0);
    count.fill(0);
    if (task.layout.order === 'online') this.#addOnline(task, task.layout);
    else this.#addFiles(task, task.layout);
    kernels.finishMean(sum, count, this.#view(task.mean, 'float32'));
  }

  #addFiles(task: ModuleTask, layout: FrameLayout): void {
    const { kernels, sum, count } = this.#hands;
    if (task.kind === 'corrected') {
      kernels.floatAccumulate(this.#view(task.frames, 'float32'), layout, task.range, sum, count);
      return;
    }
    const raw = this.#view(task.frames, 'uint16');
    if (task.kind !== 'raw' || !task.constants) {
      kernels.rawAccumulate(raw, layout, sum, count);
      return;
    }
    const cells = this.#view(task.cells, 'uint16');
    const constants = this.#constants(task.constants);
    kernels.correctAccumulate(raw, layout, task.gainBase, cells, constants, task.range, sum, count);
  }

  #addOnline(task: ModuleTask, layout: OnlineLayout): void {
    const { kernels, online, sum, count, frames } = this.#hands;
    if (task.kind === 'corrected') {
      online.floatAccumulate(this.#view(task.frames, 'float32'), layout, task.range, sum, count);
      return;
    }
    const raw = this.#view(task.frames, 'uint16');
    if (task.kind !== 'raw' || !task.constants) {
      online.rawAccumulate(raw, layout, sum, count);
      return;
    }
    // The correction goes through the constants pixel by pixel: it needs whole frames, of which a few are made at a time.
    const cells = this.#view(task.cells, 'uint16');
    const constants = this.#constants(task.constants);
    const pixels = layout.slowScan * layout.fastScan;
    const frameStride = 2 * pixels + FRAME_GAP;
    for (let start = 0; start < layout.frames; start += FRAMES_AT_ONCE) {
      const stop = Math.min(start + FRAMES_AT_ONCE, layout.frames);
      online.frames(raw, layout, start, stop, frames, frameStride);
      online.frames(raw, { ...layout, base: task.gainBase }, start, stop, frames.subarray(pixels), frameStride);
      const some = { base: 0, frameStride, frames: stop - start };
      kernels.correctAccumulate(frames, some, pixels, cells.subarray(start, stop), constants, task.range, sum, count);
    }
  }

  #constants(place: PackedConstantsPlace): PackedConstants {
    return { ...place, limits: this.#view(place.limits, 'uint16'), factors: this.#view(place.factors, 'float32') };
  }

  #view<D extends Exclude<DType, 'string'>>(place: ArrayPlace, dtype: D) {
    return this.#hands.arena.view(place, dtype).data;
  }
}
