/** What the x axis of a plot against trains is. */
export const TRAIN_AXES = [
  ['id', 'train id'],
  ['index', 'train index'],
  ['time', 'time'],
] as const;
/** Name of an x axis. */
export type TrainAxis = (typeof TRAIN_AXES)[number][0];

/** The chosen axis. */
export function trainAxisOf(search: URLSearchParams): TrainAxis {
  return TRAIN_AXES.find(([name]) => name === search.get('x'))?.[0] ?? 'id';
}

/** Time of day of ms since the epoch, in the clock of this browser. */
export function clockText(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}
