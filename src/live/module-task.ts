import type { DType } from '../core/dtype.ts';
import type { ArrayPlace, KernelArena } from '../kernels/arena.ts';
import type { FrameLayout, Kernels, PackedConstants, SumTable } from '../kernels/kernels.ts';
import type { OnlineKernels, OnlineLayout } from '../kernels/online-order.ts';
import { FRAMES_IN_ONE, type PulseKernels } from '../kernels/pulse-sums.ts';
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

/** A table of one module by the places of its arrays in the arena; it has no dark. */
export interface SumTablePlace {
  readonly starts: ArrayPlace;
  readonly pixels: ArrayPlace;
  readonly shares: ArrayPlace | null;
  readonly weights: ArrayPlace;
  readonly totals: ArrayPlace;
}

/** The table's arrays. */
export function viewTable({ starts, pixels, shares, weights, totals }: SumTablePlace, arena: KernelArena): SumTable {
  return {
    starts: arena.view(starts, 'uint32').data,
    pixels: arena.view(pixels, 'uint32').data,
    shares: shares && arena.view(shares, 'float32').data,
    weights: arena.view(weights, 'float32').data,
    dark: null,
    totals: arena.view(totals, 'float64').data,
  };
}

/** Frames that are put in file order at a time: of one pixel they fill a cache line. */
const FRAMES_AT_ONCE = 32;
/** Elements between frames in the scratch memory, so that the same pixel of all frames is not in the same cache set. */
const FRAME_GAP = 32;

/** Elements of the scratch memory, uint16, that a thread needs for frames of `pixels` pixels. */
export function frameScratchLength(pixels: number): number {
  return FRAMES_AT_ONCE * (2 * pixels + FRAME_GAP);
}

/** Elements of each of the scratch memories, float32, for the integration of every frame. */
export function pulseScratchLength(pixels: number): number {
  return FRAMES_IN_ONE * pixels;
}

/** What a thread computes with. */
export interface ModuleHands {
  readonly kernels: Kernels;
  readonly online: OnlineKernels;
  readonly pulses: PulseKernels;
  readonly arena: KernelArena;
  /** float32 and int32 (pixel): scratch of one module's pixels in the arena, used by this thread alone. */
  readonly sum: Float32Array;
  readonly count: Int32Array;
  /** uint16 ({@link frameScratchLength}), the same: frames with two planes. */
  readonly frames: Uint16Array;
  /** float32 ({@link pulseScratchLength}), the same: frames as (frame, pixel), and side by side as (pixel, frame). */
  readonly values: Float32Array;
  readonly beside: Float32Array;
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
  /** Integrates every frame; null where only the mean is wanted. */
  readonly pulses: {
    readonly table: SumTablePlace;
    /** (frame, bin, 2) float64 = signal, norm: added to. No other thread may write there. */
    readonly sums: ArrayPlace;
  } | null;
}

/** Something that runs the tasks of a train, on any number of threads. */
export interface ModulePool {
  /** Task i runs on thread i % threads, and a thread runs its tasks one after the other. */
  readonly threads: number;
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
    if (task.pulses) this.#integrate(task, task.pulses);
    else if (task.layout.order === 'online') this.#addOnline(task, task.layout);
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

  /** Every frame through the table while its pixels are in the cache, and all to the mean. */
  #integrate(task: ModuleTask, pulses: NonNullable<ModuleTask['pulses']>): void {
    const { arena } = this.#hands;
    const table = viewTable(pulses.table, arena);
    const sums = this.#view(pulses.sums, 'float64');
    const perFrame = 2 * (table.starts.length - 1);
    for (let start = 0; start < task.layout.frames; start += FRAMES_IN_ONE) {
      const stop = Math.min(start + FRAMES_IN_ONE, task.layout.frames);
      if (task.kind === 'corrected') this.#placeFloats(task, start, stop);
      else this.#placeRaw(task, start, stop);
      this.#hands.pulses.fourSums(this.#hands.beside, table, stop - start, sums.subarray(start * perFrame));
    }
  }

  #placeFloats({ frames, layout, range }: ModuleTask, start: number, stop: number): void {
    const { pulses, sum, count, beside } = this.#hands;
    const values = this.#view(frames, 'float32');
    if (layout.order === 'online') pulses.besideOnline(values, layout, start, stop, range, sum, count, beside);
    else pulses.beside(values, framesOf(layout, start, stop), range, sum, count, beside);
  }

  #placeRaw(task: ModuleTask, start: number, stop: number): void {
    const { kernels, pulses, sum, count, values, beside } = this.#hands;
    const pixels = sum.length;
    const hasGain = task.kind === 'raw' && task.constants !== null;
    let raw = this.#view(task.frames, 'uint16');
    let { gainBase } = task;
    let layout: FrameLayout;
    if (task.layout.order === 'online') {
      this.#turn(raw, task, start, hasGain);
      raw = this.#hands.frames;
      const frameStride = 2 * pixels + FRAME_GAP;
      layout = { base: (start % FRAMES_AT_ONCE) * frameStride, frameStride, frames: stop - start };
      gainBase = layout.base + pixels;
    } else {
      layout = framesOf(task.layout, start, stop);
      gainBase += start * task.layout.frameStride;
    }
    if (task.constants && hasGain) {
      const cells = this.#view(task.cells, 'uint16').subarray(start, stop);
      kernels.correct(raw, layout, gainBase, cells, this.#constants(task.constants), task.range, values, null);
    } else pulses.floats(raw, layout, pixels, values);
    const made = { base: 0, frameStride: pixels, frames: stop - start };
    pulses.beside(values, made, task.range, sum, count, beside);
  }

  /** Puts the next frames in file order, when those that were are used up. */
  #turn(raw: Uint16Array, { layout, gainBase }: ModuleTask, start: number, hasGain: boolean): void {
    if (layout.order !== 'online' || start % FRAMES_AT_ONCE !== 0) return;
    const { online, frames, sum } = this.#hands;
    const stop = Math.min(start + FRAMES_AT_ONCE, layout.frames);
    const frameStride = 2 * sum.length + FRAME_GAP;
    online.frames(raw, layout, start, stop, frames, frameStride);
    if (hasGain) {
      const gain = { ...layout, base: gainBase };
      online.frames(raw, gain, start, stop, frames.subarray(sum.length), frameStride);
    }
  }

  #constants(place: PackedConstantsPlace): PackedConstants {
    return { ...place, limits: this.#view(place.limits, 'uint16'), factors: this.#view(place.factors, 'float32') };
  }

  #view<D extends Exclude<DType, 'string'>>(place: ArrayPlace, dtype: D) {
    return this.#hands.arena.view(place, dtype).data;
  }
}

function framesOf({ base, frameStride }: FrameLayout, start: number, stop: number): FrameLayout {
  return { base: base + start * frameStride, frameStride, frames: stop - start };
}
