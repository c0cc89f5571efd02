import type { Coordinate } from '../labelled-array.ts';

/** How the frames of a stack are laid out along named axes. */
export interface FrameLabels {
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  readonly coords: ReadonlyMap<string, Coordinate>;
  /** Row of each frame when the axes are one; undefined for one after the other. */
  readonly places?: readonly number[];
  /** Frames that share their place with a later one, which takes it. */
  readonly repeated: number;
}

/** Frames one after the other, with what each of them is. */
export interface Frames {
  readonly trainIds: readonly number[];
  /** Pulse id or memory cell. */
  readonly ids: readonly number[];
  readonly idName: 'pulse' | 'cell';
  /** In parallel gain mode 0, 1 or 2. */
  readonly gains?: readonly number[];
}

/** One axis `train_pulse` with coordinates `train`, `gain` and `pulse` (or `cell`) along it. */
export function labelFlat({ trainIds, ids, idName, gains }: Frames): FrameLabels {
  const coords = new Map<string, Coordinate>([['train', trainIds]]);
  if (gains) coords.set('gain', gains);
  coords.set(idName, ids);
  return { dims: ['train_pulse'], shape: [trainIds.length], coords, repeated: 0 };
}

/**
 * Axes (train, [gain,] pulse): trains and ids that occur, ascending. Where a train has not all ids, places stay empty.
 */
export function labelUnstacked({ trainIds, ids, idName, gains }: Frames): FrameLabels {
  const ascending = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);
  const axes: [string, number[], readonly number[]][] = [['train', ascending(trainIds), trainIds]];
  if (gains) axes.push(['gain', ascending(gains), gains]);
  axes.push([idName, ascending(ids), ids]);
  const shape = axes.map(([, labels]) => labels.length);
  const positions = axes.map(([, labels]) => new Map(labels.map((label, i) => [label, i])));
  const places = trainIds.map((_, frame) =>
    axes.reduce((place, [, , values], axis) => place * shape[axis] + (positions[axis].get(values[frame]) as number), 0),
  );
  return {
    dims: axes.map(([name]) => name),
    shape,
    coords: new Map(axes.map(([name, labels]) => [name, labels])),
    places,
    repeated: places.length - new Set(places).size,
  };
}
