import { SelectionInvalid, ShapeMismatch } from '../core/errors.ts';
import type { TrainRange } from '../core/train.ts';
import type { WarningCallback } from './data-warning.ts';
import { isLabelledArray, type LabelledArray, type TrainMask } from './labelled-array.ts';

/** A half-open range of positions with step; negative numbers count from the end, as in Python. */
export interface IndexRange {
  readonly start?: number;
  readonly stop?: number;
  readonly step?: number;
}

/**
 * Which trains to keep, by one of:
 * - {@link byId} and {@link byIndex}, or the records they make;
 * - a position, or a list of positions (negative ones count from the end; the trains stay in order);
 * - a list of booleans, one per train;
 * - a labelled mask with axis `trainId`, which may cover only some trains ({@link TrainMask}).
 */
export type TrainSelection =
  | TrainRange
  | { readonly by: 'positions'; readonly positions: readonly number[] }
  | number
  | readonly number[]
  | readonly boolean[]
  | TrainMask;

/** Trains by machine train id: one, a list (ids that are not there are left out), or a half-open range with step. */
export function byId(ids: number | readonly number[] | IndexRange): TrainRange {
  if (typeof ids === 'number') return { by: 'id', ids: [ids] };
  return isList(ids) ? { by: 'id', ids } : { by: 'id-range', ...ids };
}

/** Trains by position in the selection: one, a list, or a half-open range with step. */
export function byIndex(
  positions: number | readonly number[] | IndexRange,
): TrainRange | { readonly by: 'positions'; readonly positions: readonly number[] } {
  if (typeof positions === 'number') return { by: 'positions', positions: [positions] };
  return isList(positions) ? { by: 'positions', positions } : { by: 'index', ...positions };
}

/** Positions `[start, stop)` of a list of `length` in steps of `step` (>= 1). @throws SelectionInvalid */
export function rangePositions(range: IndexRange, length: number): number[] {
  const { start = 0, stop = length, step = 1 } = range;
  for (const number of [start, stop, step]) {
    if (!Number.isInteger(number))
      throw new SelectionInvalid(`Range ${start}:${stop}:${step} needs whole numbers.`, { range });
  }
  if (step < 1) throw new SelectionInvalid(`Step ${step} must be 1 or more.`, { range });
  const bound = (n: number) => Math.min(Math.max(n < 0 ? n + length : n, 0), length);
  const positions: number[] = [];
  for (let i = bound(start); i < bound(stop); i += step) positions.push(i);
  return positions;
}

/**
 * The train ids that a selection keeps, in the order of `trainIds`. A position given twice keeps its train twice.
 * @param trainIds sorted
 * @param warn told when ids or a range lie outside `trainIds`
 * @throws SelectionInvalid for a step below 1, a position outside the list or numbers that are not whole, ShapeMismatch for
 * a list of booleans that is not as long as the list of trains
 */
export function selectTrainIds(
  trainIds: readonly number[],
  selection: TrainSelection,
  warn?: WarningCallback,
): number[] {
  if (typeof selection === 'number') return atPositions(trainIds, [selection]);
  if (isLabelledArray(selection)) return byTrainMask(trainIds, selection);
  if (isList(selection)) {
    return selection.length > 0 && typeof selection[0] === 'boolean'
      ? byMask(trainIds, selection as readonly boolean[])
      : atPositions(trainIds, selection as readonly number[]);
  }
  switch (selection.by) {
    case 'id': {
      const wanted = new Set(selection.ids);
      const found = trainIds.filter((id) => wanted.has(id));
      if (found.length === 0 && wanted.size > 0 && trainIds.length > 0) {
        const message = `None of the ${wanted.size} train ids is among the ${trainIds.length} trains (${trainIds[0]} to ${trainIds.at(-1)}).`;
        warn?.({ kind: 'trains-not-found', message });
      }
      return found;
    }
    case 'id-range':
      return inIdRange(trainIds, selection, warn);
    case 'index':
      return rangePositions(selection, trainIds.length).map((i) => trainIds[i]);
    case 'positions':
      return atPositions(trainIds, selection.positions);
  }
}

function inIdRange(trainIds: readonly number[], range: IndexRange, warn: WarningCallback | undefined): number[] {
  const { start = Number.NEGATIVE_INFINITY, stop = Number.POSITIVE_INFINITY, step = 1 } = range;
  if (!Number.isInteger(step) || step < 1) throw new SelectionInvalid(`Step ${step} must be 1 or more.`, { step });
  const [first, last] = [trainIds[0], trainIds.at(-1) as number];
  if (trainIds.length > 0 && (start > last || stop <= first)) {
    const message =
      start > last
        ? `Train ${start} is after the last train, ${last}: nothing is selected.`
        : `Train ${stop} is before the first train, ${first}: nothing is selected.`;
    warn?.({ kind: 'trains-outside-run', message });
  }
  const from = trainIds.findIndex((id) => id >= start);
  if (from < 0) return [];
  return trainIds.slice(from).filter((id, i) => id < stop && i % step === 0);
}

function atPositions(trainIds: readonly number[], positions: readonly number[]): number[] {
  const found = positions.map((position) => {
    const i = position < 0 ? position + trainIds.length : position;
    if (Number.isInteger(i) && i >= 0 && i < trainIds.length) return i;
    throw new SelectionInvalid(`There is no train at position ${position}: the selection has ${trainIds.length}.`, {
      position,
      trains: trainIds.length,
    });
  });
  return found.sort((a, b) => a - b).map((i) => trainIds[i]);
}

function byMask(trainIds: readonly number[], mask: readonly boolean[]): number[] {
  if (mask.length === trainIds.length) return trainIds.filter((_, i) => mask[i]);
  throw new ShapeMismatch(`The mask has ${mask.length} values for ${trainIds.length} trains.`, {
    expected: trainIds.length,
    got: mask.length,
  });
}

function byTrainMask(trainIds: readonly number[], mask: LabelledArray): number[] {
  const ids = mask.coords.get('trainId');
  if (mask.dtype !== 'bool' || mask.shape.length !== 1 || mask.dims[0] !== 'trainId' || !ids) {
    throw new SelectionInvalid(
      `A mask of trains needs dtype bool and one axis "trainId" with its coordinate; ${mask.name} is ${mask.dtype} with axes ${mask.dims.join(', ')}.`,
      { dims: mask.dims },
    );
  }
  const kept = new Set<number>();
  for (let i = 0; i < ids.length; i++) if (mask.data[i]) kept.add(Number(ids[i]));
  return trainIds.filter((id) => kept.has(id));
}

/** How to cut a list of trains; at least one of the two. */
export interface TrainParts {
  /** Number of parts; with `trainsPerPart` the least number. Fewer if there are fewer trains. */
  readonly parts?: number;
  /** Most trains in a part. */
  readonly trainsPerPart?: number;
}

/**
 * Cuts a list of trains into parts of nearly equal size: 11 trains with at most 8 a part make 5 and 6.
 * @throws SelectionInvalid without either number or for one below 1
 */
export function splitTrainIds(trainIds: readonly number[], { parts, trainsPerPart }: TrainParts): number[][] {
  const total = trainIds.length;
  for (const number of [parts, trainsPerPart]) {
    if (number !== undefined && (!Number.isInteger(number) || number < 1))
      throw new SelectionInvalid(`Cannot split trains by ${number}: give a whole number of at least 1.`, { number });
  }
  if (parts === undefined && trainsPerPart === undefined)
    throw new SelectionInvalid('To split trains give `parts`, `trainsPerPart` or both.');
  const count = Math.max(
    trainsPerPart === undefined ? 1 : Math.ceil(total / trainsPerPart),
    Math.min(parts ?? 1, total),
  );
  return Array.from({ length: total === 0 ? 0 : count }, (_, i) =>
    trainIds.slice(Math.floor((i * total) / count), Math.floor(((i + 1) * total) / count)),
  );
}

/** Reads `A:B:S`, `A:B` or `A` as Python slices do. @throws SelectionInvalid if the text is none of them */
export function parseIndexRange(text: string): IndexRange {
  const parts = text.trim().split(':');
  const numbers = parts.map((part) => (part.trim() === '' ? undefined : Number(part)));
  const isWrong = parts.length > 3 || numbers.some((n) => n !== undefined && !Number.isInteger(n));
  if (isWrong || (parts.length === 1 && numbers[0] === undefined)) {
    throw new SelectionInvalid(`"${text}" is not a range: write START:STOP, START:STOP:STEP or one position.`, {
      text,
    });
  }
  const [start, stop, step] = numbers;
  if (parts.length === 1) return { start, stop: start === -1 ? undefined : (start as number) + 1 };
  return { start, stop, step };
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
