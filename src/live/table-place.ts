import type { DType } from '../core/dtype.ts';
import type { NdArray } from '../core/ndarray.ts';
import { type ArrayPlace, type KernelArena, placeOf } from '../kernels/arena.ts';
import type { SumTable } from '../kernels/kernels.ts';
import type { PulseTable } from '../kernels/pulse-table.ts';
import type { PulseTablePlace, SumTablePlace } from './module-task.ts';

/** An array's copy in the arena. */
function place<D extends Exclude<DType, 'string'>>(
  arena: KernelArena,
  dtype: D,
  array: NdArray<D>['data'],
): ArrayPlace {
  const placed = arena.allocate(dtype, [array.length]);
  (placed.data as Float32Array).set(array as Float32Array);
  return placeOf(placed);
}

/** A module's table in the arena, where all threads see it. @throws Unsupported if there is no room */
export function placeTable({ starts, pixels, shares, weights, totals }: SumTable, arena: KernelArena): SumTablePlace {
  return {
    starts: place(arena, 'uint32', starts),
    pixels: place(arena, 'uint32', pixels),
    shares: shares && place(arena, 'float32', shares),
    weights: place(arena, 'float32', weights),
    totals: place(arena, 'float64', totals),
  };
}

/**
 * The same for every pulse. @param weights of the table that it was made from, in the arena already
 * @throws Unsupported if there is no room
 */
export function placePulseTable(table: PulseTable, weights: ArrayPlace, arena: KernelArena): PulseTablePlace {
  return {
    bins: table.bins,
    firstSlots: place(arena, 'uint32', table.firstSlots),
    slots: place(arena, 'uint32', table.slots),
    totals: place(arena, 'float64', table.totals),
    entries: place(arena, 'uint16', table.entries),
    shares: table.shares && place(arena, 'float32', table.shares),
    ownStarts: place(arena, 'uint32', table.ownStarts),
    ownSlots: place(arena, 'uint16', table.ownSlots),
    ownShares: table.ownShares && place(arena, 'float32', table.ownShares),
    weights,
  };
}
