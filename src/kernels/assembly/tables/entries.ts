// Entries of a table in the making, in AssemblyScript: the twin of `EntryRoom` in detector/integration/split-entries.ts.
// A record of a bin has 24 bytes, so that an entry touches one place of it: norm (f64), count (f64), next entry, first entry (u32).

/** Shares that rounding leaves are no entries. */
// @ts-ignore: decorator
@inline
export const LEAST_SHARE: f64 = 1e-7;

/** Bytes of a record. */
// @ts-ignore: decorator
@inline
export const RECORD_BYTES: usize = 24;

// @ts-ignore: decorator
@inline
export function recordOf(records: usize, bin: i32): usize {
  return records + <usize>(bin * 24);
}

/** One more pixel that may have a share in a bin. */
// @ts-ignore: decorator
@inline
export function countOne(record: usize): void {
  store<u32>(record, load<u32>(record, 16) + 1, 16);
}

/** Adds a share. */
// @ts-ignore: decorator
@inline
export function addShare(record: usize, pixel: i32, exact: f64, weight: f64, pixels: usize, toShares: usize): void {
  if (!(exact > LEAST_SHARE)) return;
  const next = load<u32>(record, 16);
  store<u32>(record, next + 1, 16);
  const at = pixels + (<usize>next << 2);
  const rounded = <f32>exact;
  const share = <f64>rounded;
  store<u32>(at, pixel);
  store<f32>(at + toShares, rounded);
  store<f64>(record, load<f64>(record) + share * weight);
  store<f64>(record, load<f64>(record, 8) + share, 8);
}

/** Adds a whole pixel. */
// @ts-ignore: decorator
@inline
export function addWhole(record: usize, pixel: i32, weight: f64, pixels: usize): void {
  const next = load<u32>(record, 16);
  store<u32>(record, next + 1, 16);
  store<u32>(pixels + (<usize>next << 2), pixel);
  store<f64>(record, load<f64>(record) + weight);
  store<f64>(record, load<f64>(record, 8) + 1, 8);
}

/** Makes counts the first entries of the bins. @returns entries of all bins; beyond 2^32 nothing is usable */
export function placeBins(records: usize, bins: i32): f64 {
  let all: u64 = 0;
  for (let bin = 0; bin < bins; bin++) {
    const record = recordOf(records, bin);
    const count = load<u32>(record, 16);
    store<u32>(record, <u32>all, 16);
    store<u32>(record, <u32>all, 20);
    all += count;
  }
  return <f64>all;
}

/**
 * Closes the gaps that shares next to nothing left.
 * Records become totals, float64 (bin, 3): 0, norm, count.
 * @param shares float32 (entry), or 0 @param starts uint32 (bin + 1)
 */
export function closeBins(records: usize, bins: i32, pixels: usize, shares: usize, starts: usize): u32 {
  let to: u32 = 0;
  for (let bin = 0; bin < bins; bin++) {
    const record = recordOf(records, bin);
    const first = load<u32>(record, 20);
    const count = load<u32>(record, 16) - first;
    if (first != to) {
      memory.copy(pixels + (<usize>to << 2), pixels + (<usize>first << 2), <usize>count << 2);
      if (shares) memory.copy(shares + (<usize>to << 2), shares + (<usize>first << 2), <usize>count << 2);
    }
    store<u32>(starts + (<usize>bin << 2), to);
    const sums = v128.load(record);
    store<f64>(record, 0);
    v128.store(record, sums, 8);
    to += count;
  }
  store<u32>(starts + (<usize>bins << 2), to);
  return to;
}
