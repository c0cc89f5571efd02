import { allocate, type DType, type DTypeStorage, lanesOf } from '../core/dtype.ts';
import { SelectionInvalid } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';

/**
 * A region of an entry, axis by axis: `[start, stop)` keeps the axis (with a step: every step-th position), a number takes
 * one position and drops it. Negative numbers count from the end.
 */
export type EntryRoi = readonly (
  | readonly [start: number, stop: number]
  | readonly [start: number, stop: number, step: number]
  | number
)[];

/** One axis of a region, checked against the entry. */
export interface RoiAxis {
  readonly start: number;
  readonly count: number;
  readonly isKept: boolean;
}

/**
 * The block of an entry that a region covers.
 * @throws SelectionInvalid for more axes than the entry has, a position outside it, or a step (see {@link splitSteps})
 */
export function checkRoi(roi: EntryRoi | undefined, entryShape: readonly number[]): RoiAxis[] {
  if (roi && roi.length > entryShape.length) {
    throw new SelectionInvalid(`Region [${roi.join('; ')}] has more axes than an entry of shape [${entryShape}].`, {
      roi,
    });
  }
  return entryShape.map((length, axis) => {
    const part = roi?.[axis];
    if (part === undefined) return { start: 0, count: length, isKept: true };
    if (typeof part === 'number') {
      const start = part < 0 ? part + length : part;
      if (!Number.isInteger(start) || start < 0 || start >= length)
        throw new SelectionInvalid(`Position ${part} is outside axis ${axis} of length ${length}.`, { roi });
      return { start, count: 1, isKept: false };
    }
    if (part.some((n) => !Number.isInteger(n)))
      throw new SelectionInvalid(`Region [${roi?.join('; ')}] needs whole numbers.`, { roi });
    if (part.length === 3 && part[2] !== 1)
      throw new SelectionInvalid(`Region [${roi?.join('; ')}]: steps other than 1 cannot be read here.`, { roi });
    const bound = (n: number) => Math.min(Math.max(n < 0 ? n + length : n, 0), length);
    const start = bound(part[0]);
    return { start, count: Math.max(bound(part[1]), start) - start, isKept: true };
  });
}

/** Lengths of the axes that a region keeps. */
export function keptShape(region: readonly RoiAxis[]): number[] {
  return region.filter((axis) => axis.isKept).map((axis) => axis.count);
}

/** Positions of each kept axis, in the coordinates of the whole entry. @throws SelectionInvalid */
export function keptPositions(roi: EntryRoi | undefined, entryShape: readonly number[]): number[][] {
  const { block, steps } = splitSteps(roi);
  return checkRoi(block, entryShape)
    .filter((axis) => axis.isKept)
    .map(({ start, count }, i) => {
      const step = steps[i] ?? 1;
      return Array.from({ length: Math.ceil(count / step) }, (_, k) => start + k * step);
    });
}

/**
 * A region as a block without steps and the steps of its kept axes.
 * @throws SelectionInvalid for a step below 1
 */
export function splitSteps(roi: EntryRoi | undefined): {
  readonly block?: EntryRoi;
  readonly steps: readonly number[];
} {
  if (!roi) return { steps: [] };
  const steps = roi.flatMap((part) => (typeof part === 'number' ? [] : [part[2] ?? 1]));
  const wrong = steps.find((step) => !Number.isInteger(step) || step < 1);
  if (wrong !== undefined)
    throw new SelectionInvalid(`Region [${roi.join('; ')}]: step ${wrong} must be 1 or more.`, { roi });
  return { block: roi.map((part) => (typeof part === 'number' ? part : [part[0], part[1]])), steps };
}

/** Every step-th position of each axis behind the first; a copy. */
export function takeSteps(array: NdArray, steps: readonly number[]): NdArray {
  const [entries, ...inner] = array.shape;
  const strides = inner.map((_, axis) => elementCount(inner.slice(axis + 1)));
  const shape = inner.map((length, axis) => Math.ceil(length / (steps[axis] ?? 1)));
  const lanes = lanesOf(array.dtype);
  const offsets = shape.reduce<number[]>(
    (starts, length, axis) =>
      starts.flatMap((start) =>
        Array.from({ length }, (_, k) => start + k * (steps[axis] ?? 1) * (strides[axis] as number)),
      ),
    [0],
  );
  const data = allocate(array.dtype, entries * offsets.length) as unknown as number[];
  const from = array.data as unknown as ArrayLike<number>;
  const entryLength = elementCount(inner);
  let at = 0;
  for (let entry = 0; entry < entries; entry++) {
    for (const offset of offsets) {
      for (let lane = 0; lane < lanes; lane++) data[at++] = from[(entry * entryLength + offset) * lanes + lane];
    }
  }
  return ndarray(array.dtype, [entries, ...shape], data as unknown as DTypeStorage[DType]);
}
