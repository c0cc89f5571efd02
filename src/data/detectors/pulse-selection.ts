import { SelectionInvalid } from '../../core/errors.ts';
import { type IndexRange, rangePositions } from '../train-selection.ts';

/** Frames of each train: a range of positions, single positions, or pulse ids. Positions past the end are ignored. */
export type PulseSelection =
  | ({ readonly by: 'index' } & IndexRange)
  | { readonly by: 'positions'; readonly positions: readonly number[] }
  | { readonly by: 'id'; readonly ids: readonly number[] };

/**
 * Positions of the chosen frames in a train.
 * @param pulseIds of the train's frames; asked for only where the selection needs them
 * @throws SelectionInvalid for negative positions: a train has no fixed last pulse
 */
export function selectPulses(selection: PulseSelection, count: number, pulseIds: () => readonly number[]): number[] {
  switch (selection.by) {
    case 'index':
      assertPositive([selection.start, selection.stop]);
      return rangePositions(selection, count);
    case 'positions':
      assertPositive(selection.positions);
      return [...selection.positions].sort((a, b) => a - b).filter((position) => position < count);
    case 'id': {
      const wanted = new Set(selection.ids);
      return [...pulseIds().entries()].filter(([, id]) => wanted.has(id)).map(([position]) => position);
    }
  }
}

function assertPositive(positions: readonly (number | undefined)[]): void {
  const wrong = positions.find((position) => position !== undefined && position < 0);
  if (wrong !== undefined)
    throw new SelectionInvalid(`Pulse position ${wrong}: count pulses from 0, from the start of the train.`);
}
