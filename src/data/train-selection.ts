import { SelectionInvalid } from '../core/errors.ts';
import type { TrainRange } from '../core/train.ts';

/** A half-open range of positions with step; negative numbers count from the end, as in Python. */
export interface IndexRange {
  readonly start?: number;
  readonly stop?: number;
  readonly step?: number;
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
 * The train ids that a selection keeps, in the order of `trainIds`; ids that are not there are ignored.
 * @param trainIds sorted
 * @throws SelectionInvalid for a step below 1 or numbers that are not whole
 */
export function selectTrainIds(trainIds: readonly number[], selection: TrainRange): number[] {
  switch (selection.by) {
    case 'id': {
      const wanted = new Set(selection.ids);
      return trainIds.filter((id) => wanted.has(id));
    }
    case 'id-range': {
      const { start = Number.NEGATIVE_INFINITY, stop = Number.POSITIVE_INFINITY, step = 1 } = selection;
      if (!Number.isInteger(step) || step < 1) throw new SelectionInvalid(`Step ${step} must be 1 or more.`, { step });
      const first = trainIds.findIndex((id) => id >= start);
      if (first < 0) return [];
      return trainIds.slice(first).filter((id, i) => id < stop && i % step === 0);
    }
    case 'index':
      return rangePositions(selection, trainIds.length).map((i) => trainIds[i]);
  }
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
