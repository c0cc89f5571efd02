import { type TrainRanges, trainIdAt, trainIndexOf } from '../train-ranges.ts';

/** Trains of a run, and when it began. */
export interface RunTrains {
  /** Trains with frames, as ranges. */
  readonly ranges: TrainRanges;
  /** How many these are. */
  readonly count: number;
  /** The first train of the run; null = not known. */
  readonly firstTrainId: number | null;
  /** ms since the epoch; null = not known. */
  readonly startedAt: number | null;
}

/** The machine makes ten trains a second. */
const TRAINS_PER_S = 10;
/** Train ids have more digits than positions. */
const LEAST_ID = 10_000_000;
const FORM = 'a train id, its position such as #12, seconds after the start such as 12.5 s, or a time such as 14:03:22';

/**
 * The train that a line of text means: by its id, its position from 1, seconds after the start of the run, or the time of day here. Of
 * trains without frames the nearest one with frames.
 * @returns its position among the trains with frames, from 0, or why there is none
 */
export function parseTrainPlace(text: string, trains: RunTrains): number | string {
  const { count, ranges, firstTrainId, startedAt } = trains;
  if (count === 0) return 'the run has no trains with frames';
  const word = text.trim();
  const number = /^(#?)(\d+)$/.exec(word);
  if (number) {
    const value = Number(number[2]);
    if (!number[1] && value >= LEAST_ID) return nearestTrain(value, ranges);
    return value >= 1 && value <= count ? value - 1 : `positions are 1 to ${count}`;
  }
  const seconds = /^\+?(\d+(?:\.\d*)?)\s*s$/.exec(word);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?$/.exec(word);
  if (!seconds && !clock) return FORM;
  if (firstTrainId === null) return 'the run does not tell its first train';
  if (seconds) return nearestTrain(firstTrainId + Math.round(Number(seconds[1]) * TRAINS_PER_S), ranges);
  if (startedAt === null) return 'the run does not tell when it began';
  const [, hours, minutes, rest = '0'] = clock ?? [];
  const begin = new Date(startedAt);
  const wanted = new Date(startedAt);
  wanted.setHours(Number(hours), Number(minutes), 0, Number(rest) * 1000);
  // After midnight it is the next day.
  if (wanted.getTime() < begin.getTime() - 12 * 3600_000) wanted.setDate(wanted.getDate() + 1);
  const after = (wanted.getTime() - startedAt) / 1000;
  return nearestTrain(firstTrainId + Math.round(after * TRAINS_PER_S), ranges);
}

/** Seconds after the start of the run, and the time of day where that is known: `+12.3 s`, `14:03:22`. */
export function trainTimeText(trainId: number, { firstTrainId, startedAt }: RunTrains): string {
  if (firstTrainId === null) return '';
  const after = (trainId - firstTrainId) / TRAINS_PER_S;
  if (startedAt === null) return `+${after.toFixed(1)} s`;
  const at = new Date(startedAt + after * 1000);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

function nearestTrain(trainId: number, ranges: TrainRanges): number {
  const exact = trainIndexOf(ranges, trainId);
  if (exact >= 0) return exact;
  let [best, least, before] = [0, Number.POSITIVE_INFINITY, 0];
  for (const [first, length] of ranges) {
    for (const index of [before, before + length - 1]) {
      const id = trainIdAt(ranges, index) ?? first;
      if (Math.abs(id - trainId) < least) [best, least] = [index, Math.abs(id - trainId)];
    }
    before += length;
  }
  return best;
}
