import type { RunRow } from '../api/run-contract.ts';

/** Length of a run, minutes and seconds: `5:21`. */
export function durationText({ durationS }: RunRow): string {
  return `${Math.floor(durationS / 60)}:${String(Math.floor(durationS % 60)).padStart(2, '0')}`;
}

/** When a run began, in the clock of this browser; a dash where the files do not tell. */
export function startText({ startedAt }: RunRow): string {
  if (startedAt === null) return '–';
  return new Date(startedAt).toLocaleString('en-GB', {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}
