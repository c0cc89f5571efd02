import type { DType } from '../core/dtype.ts';
import type { ArrayPlace, KernelArena } from '../kernels/arena.ts';
import type { FrameLayout, Kernels, PackedConstants, SumTable } from '../kernels/kernels.ts';
import type { OnlineKernels, OnlineLayout } from '../kernels/online-order.ts';
import type { PulseKernels, PulseTargets } from '../kernels/pulse-sums.ts';
import type { PulseTable } from '../kernels/pulse-table.ts';
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

/** A {@link PulseTable} by the places of its arrays in the arena. */
export interface PulseTablePlace {
  readonly bins: number;
  readonly firstSlots: ArrayPlace;
  readonly slots: ArrayPlace;
  readonly totals: ArrayPlace;
  readonly entries: ArrayPlace;
  readonly shares: ArrayPlace | null;
  readonly ownStarts: ArrayPlace;
  readonly ownSlots: ArrayPlace;
  readonly ownShares: ArrayPlace | null;
  readonly weights: ArrayPlace;
}

function viewPulseTable(place: PulseTablePlace, arena: KernelArena): PulseTable {
  return {
    bins: place.bins,
    firstSlots: arena.view(place.firstSlots, 'uint32').data,
    slots: arena.view(place.slots, 'uint32').data,
    totals: arena.view(place.totals, 'float64').data,
    entries: arena.view(place.entries, 'uint16').data,
    shares: place.shares && arena.view(place.shares, 'float32').data,
    ownStarts: arena.view(place.ownStarts, 'uint32').data,
    ownSlots: arena.view(place.ownSlots, 'uint16').data,
    ownShares: place.ownShares && arena.view(place.ownShares, 'float32').data,
    weights: arena.view(place.weights, 'float32').data,
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
    readonly table: PulseTablePlace;
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
    if (task.layout.order === 'online') this.#addOnline(task, task.layout);
    else this.#addFiles(task, task.layout);
    kernels.finishMean(sum, count, this.#view(task.mean, 'float32'));
  }

  #addFiles(task: ModuleTask, layout: FrameLayout): void {
    const { kernels, pulses, sum, count } = this.#hands;
    const targets = this.#targets(task, 0);
    if (task.kind === 'corrected') {
      const values = this.#view(task.frames, 'float32');
      if (targets) pulses.addFloats(values, layout, task.range, targets);
      else kernels.floatAccumulate(values, layout, task.range, sum, count);
      return;
    }
    const raw = this.#view(task.frames, 'uint16');
    const { gainBase } = task;
    if (task.kind === 'raw' && task.constants) this.#addCorrected(task, task.constants, raw, layout, gainBase, 0);
    else if (targets) pulses.addRaw(raw, layout, targets);
    else kernels.rawAccumulate(raw, layout, sum, count);
  }

  #addOnline(task: ModuleTask, layout: OnlineLayout): void {
    const { online, pulses, sum, count, frames } = this.#hands;
    if (task.kind === 'corrected') {
      const values = this.#view(task.frames, 'float32');
      const targets = this.#targets(task, 0);
      if (targets) pulses.addOnline(values, layout, task.range, targets);
      else online.floatAccumulate(values, layout, task.range, sum, count);
      return;
    }
    const raw = this.#view(task.frames, 'uint16');
    const constants = task.kind === 'raw' ? task.constants : null;
    if (!constants && !task.pulses) {
      online.rawAccumulate(raw, layout, sum, count);
      return;
    }
    // Constants and tables are gone through pixel by pixel: that needs whole frames, of which a few are made at a time.
    const pixels = layout.slowScan * layout.fastScan;
    const frameStride = 2 * pixels + FRAME_GAP;
    for (let start = 0; start < layout.frames; start += FRAMES_AT_ONCE) {
      const stop = Math.min(start + FRAMES_AT_ONCE, layout.frames);
      const some = { base: 0, frameStride, frames: stop - start };
      online.frames(raw, layout, start, stop, frames, frameStride);
      const targets = this.#targets(task, start);
      if (constants) {
        online.frames(raw, { ...layout, base: task.gainBase }, start, stop, frames.subarray(pixels), frameStride);
        this.#addCorrected(task, constants, frames, some, pixels, start);
      } else if (targets) pulses.addRaw(frames, some, targets);
    }
  }

  /** @param start number of the first frame in the train */
  #addCorrected(
    task: ModuleTask,
    place: PackedConstantsPlace,
    raw: Uint16Array,
    layout: FrameLayout,
    gainBase: number,
    start: number,
  ): void {
    const { kernels, pulses, sum, count } = this.#hands;
    const cells = this.#view(task.cells, 'uint16').subarray(start, start + layout.frames);
    const constants = this.#constants(place);
    const targets = this.#targets(task, start);
    if (targets) pulses.addCorrected(raw, layout, gainBase, cells, constants, task.range, targets);
    else kernels.correctAccumulate(raw, layout, gainBase, cells, constants, task.range, sum, count);
  }

  /** Where the frames from `start` on go if every one is integrated. */
  #targets({ pulses }: ModuleTask, start: number): PulseTargets | null {
    if (!pulses) return null;
    const { arena, sum, count } = this.#hands;
    const table = viewPulseTable(pulses.table, arena);
    const sums = this.#view(pulses.sums, 'float64').subarray(2 * table.bins * start);
    return { table, sum, count, sums };
  }

  #constants(place: PackedConstantsPlace): PackedConstants {
    return { ...place, limits: this.#view(place.limits, 'uint16'), factors: this.#view(place.factors, 'float32') };
  }

  #view<D extends Exclude<DType, 'string'>>(place: ArrayPlace, dtype: D) {
    return this.#hands.arena.view(place, dtype).data;
  }
}
