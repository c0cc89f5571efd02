/** Train ids as ranges [first id, count], ascending. */
export type TrainRanges = readonly (readonly [first: number, count: number])[];

/** The train id at a position; null outside. */
export function trainIdAt(ranges: TrainRanges, index: number): number | null {
  let rest = index;
  for (const [first, count] of ranges) {
    if (rest < count) return rest < 0 ? null : first + rest;
    rest -= count;
  }
  return null;
}

/** The position of a train id; -1 where there is no such train. */
export function trainIndexOf(ranges: TrainRanges, trainId: number): number {
  let before = 0;
  for (const [first, count] of ranges) {
    if (trainId >= first && trainId < first + count) return before + trainId - first;
    before += count;
  }
  return -1;
}
