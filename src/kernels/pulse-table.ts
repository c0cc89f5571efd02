import type { SumTable } from './kernels.ts';

/** Pixels of a block, as a power of 2: its number is the upper bits of a pixel's. */
const BLOCK_BITS = 12;

/** Pixels of a block: with eight frames and the entries of its table they fit the cache next to the core. */
export const BLOCK_PIXELS = 1 << BLOCK_BITS;

/** Places of a block: after 128 pixels two are left free (see {@link pixelPlace}). */
export const BLOCK_PLACES = BLOCK_PIXELS + 2 * (BLOCK_PIXELS >> 7);

/** Least share of pixels that a bin with values has; less is rounding. */
export const LEAST_COUNT = 1e-6;

/** Place of a pixel of a block: without gaps, rows of 128 pixels would share a few sets of the cache. */
export function pixelPlace(pixel: number): number {
  return pixel + 2 * (pixel >> 7);
}

/** The pixel of a block that is at a place: the inverse of {@link pixelPlace}. */
export function pixelAt(place: number): number {
  return place - 2 * Math.floor(place / 130);
}

/**
 * A {@link SumTable} of one module, without dark, in blocks of {@link BLOCK_PIXELS}: the pixels of a block go through their part
 * of the table while they are in the cache. Each bin that has a share in a block has a slot there.
 * `firstSlots`: uint32 (block + 1). `slots`: uint32 (slot, 2) = bin, end of its entries; they begin where those of the slot before
 * end. `totals`: float64 (slot, 2) = norm and count of all its entries. `entries`: uint16 (entry) = place in the block; `shares`:
 * float32 (entry), or null where all are whole. The other way round, for values that are missing: `ownStarts`: uint32 (pixel + 1);
 * `ownSlots`: uint16 = slot in the block; `ownShares`: float32, or null. `weights`: float32 (pixel), norm of a pixel.
 */
export interface PulseTable {
  readonly bins: number;
  readonly firstSlots: Uint32Array;
  readonly slots: Uint32Array;
  readonly totals: Float64Array;
  readonly entries: Uint16Array;
  readonly shares: Float32Array | null;
  readonly ownStarts: Uint32Array;
  readonly ownSlots: Uint16Array;
  readonly ownShares: Float32Array | null;
  readonly weights: Float32Array;
}

/** How much of a table lies in each block and in each pixel. */
function countEntries({ starts, pixels, weights }: SumTable) {
  const bins = starts.length - 1;
  const blocks = Math.ceil(weights.length / BLOCK_PIXELS);
  const slots = new Uint32Array(blocks);
  const entries = new Uint32Array(blocks);
  const own = new Uint32Array(weights.length);
  const lastBin = new Int32Array(blocks).fill(-1);
  for (let bin = 0; bin < bins; bin++) {
    for (let entry = starts[bin]; entry < starts[bin + 1]; entry++) {
      const pixel = pixels[entry];
      const block = pixel >>> BLOCK_BITS;
      entries[block]++;
      own[pixel]++;
      if (lastBin[block] === bin) continue;
      lastBin[block] = bin;
      slots[block]++;
    }
  }
  return { slots, entries, own };
}

/** (n) numbers as the (n + 1) places where each one's share of a list begins. */
function startsOf(lengths: Uint32Array): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) starts[i + 1] = starts[i] + lengths[i];
  return starts;
}

/** A module's table in blocks. Its dark is left out. @param table of one module, with fewer than 65536 bins */
export function toPulseTable(table: SumTable): PulseTable {
  const { starts, pixels, shares, weights } = table;
  const bins = starts.length - 1;
  const counts = countEntries(table);
  const firstSlots = startsOf(counts.slots);
  const ownStarts = startsOf(counts.own);
  const slots = new Uint32Array(2 * firstSlots[firstSlots.length - 1]);
  const totals = new Float64Array(slots.length);
  const entries = new Uint16Array(starts[bins]);
  const ownSlots = new Uint16Array(starts[bins]);
  const ownShares = shares && new Float32Array(starts[bins]);
  const placedShares = shares && new Float32Array(starts[bins]);
  const nextSlot = firstSlots.slice(0, -1);
  const nextEntry = startsOf(counts.entries).slice(0, -1);
  const nextOwn = ownStarts.slice(0, -1);
  const lastBin = new Int32Array(nextSlot.length).fill(-1);
  for (let bin = 0; bin < bins; bin++) {
    for (let entry = starts[bin]; entry < starts[bin + 1]; entry++) {
      const pixel = pixels[entry];
      const block = pixel >>> BLOCK_BITS;
      if (lastBin[block] !== bin) {
        lastBin[block] = bin;
        slots[2 * nextSlot[block]++] = bin;
      }
      const slot = nextSlot[block] - 1;
      const at = nextEntry[block]++;
      const own = nextOwn[pixel]++;
      entries[at] = pixelPlace(pixel & (BLOCK_PIXELS - 1));
      ownSlots[own] = slot - firstSlots[block];
      let share = 1;
      if (shares !== null && placedShares !== null && ownShares !== null) {
        share = shares[entry];
        placedShares[at] = share;
        ownShares[own] = share;
      }
      slots[2 * slot + 1] = at + 1;
      totals[2 * slot] += share * weights[pixel];
      totals[2 * slot + 1] += share;
    }
  }
  return { bins, firstSlots, slots, totals, entries, shares: placedShares, ownStarts, ownSlots, ownShares, weights };
}
