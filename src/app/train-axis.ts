/** What the x axis of a plot against trains is. */
export const TRAIN_AXES = { id: 'train id', index: 'train index', time: 'time' } as const;
/** Name of an x axis. */
export type TrainAxis = keyof typeof TRAIN_AXES;

/** The chosen axis. */
export function trainAxisOf(search: URLSearchParams): TrainAxis {
  const name = search.get('x') ?? '';
  return Object.hasOwn(TRAIN_AXES, name) ? (name as TrainAxis) : 'id';
}

/** Time of day of ms since the epoch, in the clock of this browser. */
export function clockText(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}
