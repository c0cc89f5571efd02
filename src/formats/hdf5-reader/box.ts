/** A place in memory for a block: element (i, j, ..) of the block is at byte `offset + i * steps[0] + j * steps[1] ..`. */
export interface Target {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly steps: readonly number[];
}

/** Where a region lies: the byte of its first element, and bytes from one position of each axis to the next. */
export interface Placement {
  readonly offset: number;
  readonly steps: readonly number[];
}

/** Steps of an array that is contiguous in C order. */
export function stepsOf(shape: readonly number[], itemSize: number): number[] {
  const steps = new Array<number>(shape.length);
  let step = itemSize;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= shape[axis];
  }
  return steps;
}

/** Byte offset of a position. */
export function offsetOf(at: readonly number[], steps: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < at.length; axis++) offset += at[axis] * steps[axis];
  return offset;
}

/**
 * The longest run of bytes that is contiguous in all given layouts of a region: its length, and how many leading axes are
 * left to walk over.
 */
export function longestRun(
  itemSize: number,
  extent: readonly number[],
  ...layouts: readonly (readonly number[])[]
): { readonly length: number; readonly outer: number } {
  let length = itemSize;
  let outer = extent.length;
  while (outer > 0) {
    const axis = outer - 1;
    if (extent[axis] !== 1 && !layouts.every((steps) => steps[axis] === length)) break;
    length *= extent[axis];
    outer--;
  }
  return { length, outer };
}

/**
 * Calls `visit` for each longest run of bytes that is contiguous in both places.
 * @param extent size of the region, axis by axis
 */
export function visitRuns(
  itemSize: number,
  extent: readonly number[],
  from: Placement,
  to: Placement,
  visit: (fromOffset: number, toOffset: number, length: number) => void,
): void {
  if (extent.includes(0)) return;
  const { length, outer } = longestRun(itemSize, extent, from.steps, to.steps);
  let fromOffset = from.offset;
  let toOffset = to.offset;
  const counter = new Array<number>(outer).fill(0);
  for (;;) {
    visit(fromOffset, toOffset, length);
    let axis = outer - 1;
    for (; axis >= 0; axis--) {
      counter[axis]++;
      fromOffset += from.steps[axis];
      toOffset += to.steps[axis];
      if (counter[axis] < extent[axis]) break;
      fromOffset -= counter[axis] * from.steps[axis];
      toOffset -= counter[axis] * to.steps[axis];
      counter[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** Fills a region of a target with one element's bytes; null for zeros. */
export function fillRegion(
  target: Target,
  extent: readonly number[],
  itemSize: number,
  value: Uint8Array | null,
): void {
  const isZero = value === null || value.every((byte) => byte === 0);
  visitRuns(itemSize, extent, target, target, (_, offset, length) => {
    const run = target.bytes.subarray(offset, offset + length);
    if (isZero) {
      run.fill(0);
      return;
    }
    run.set(value);
    // Doubling copies: the filled part is the source of the next.
    for (let done = itemSize; done < length; done *= 2) run.copyWithin(done, 0, Math.min(done, length - done));
  });
}
