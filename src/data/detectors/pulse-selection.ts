import { SelectionInvalid } from '../../core/errors.ts';
import { type IndexRange, rangePositions } from '../train-selection.ts';

/**
 * Frames of each train, by one of:
 * - a position in the train, or a list of positions; those past the end of a train are ignored;
 * - a half-open range of positions with step: `byIndex({ start: 0, stop: 10 })`;
 * - pulse ids: `byId([0, 8])`, or a half-open range of them with step.
 */
export type PulseSelection =
  | number
  | readonly number[]
  | ({ readonly by: 'index' } & IndexRange)
  | { readonly by: 'positions'; readonly positions: readonly number[] }
  | { readonly by: 'id'; readonly ids: readonly number[] }
  | ({ readonly by: 'id-range' } & IndexRange);

/** Whether the selection needs the pulse ids of the frames. */
export function isByPulseId(selection: PulseSelection): boolean {
  return typeof selection === 'object' && 'by' in selection && selection.by.startsWith('id');
}

/**
 * Positions of the chosen frames in a train, ascending.
 * @param count frames in the train
 * @param pulseIds of the train's frames; asked for only where the selection needs them
 * @throws SelectionInvalid for negative positions (a train has no fixed last pulse), fractions and steps below 1
 */
export function selectPulses(selection: PulseSelection, count: number, pulseIds: () => readonly number[]): number[] {
  if (typeof selection === 'number') return atPositions([selection], count);
  if (!('by' in selection)) return atPositions(selection, count);
  switch (selection.by) {
    case 'index':
      assertPositions([selection.start ?? 0, selection.stop ?? 0]);
      return rangePositions(selection, count);
    case 'positions':
      return atPositions(selection.positions, count);
    case 'id': {
      const wanted = new Set(selection.ids);
      return pulseIds().flatMap((id, position) => (wanted.has(id) ? [position] : []));
    }
    case 'id-range': {
      const { start = 0, stop = Number.POSITIVE_INFINITY, step = 1 } = selection;
      if (!Number.isInteger(step) || step < 1)
        throw new SelectionInvalid(`Step ${step} of pulse ids must be a whole number of at least 1.`, { step });
      const isWanted = (id: number) => id >= start && id < stop && (id - start) % step === 0;
      return pulseIds().flatMap((id, position) => (isWanted(id) ? [position] : []));
    }
  }
}

function atPositions(positions: readonly number[], count: number): number[] {
  assertPositions(positions);
  return positions.filter((position) => position < count).sort((a, b) => a - b);
}

function assertPositions(positions: readonly number[]): void {
  const wrong = positions.find((position) => !Number.isInteger(position) || position < 0);
  if (wrong !== undefined)
    throw new SelectionInvalid(
      `Pulse position ${wrong}: count pulses in whole numbers from 0, from the start of the train.`,
      { position: wrong },
    );
}
