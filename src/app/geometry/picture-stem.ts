import type { DetectorStackMeta } from '../../api/run-calls.ts';
import type { RunKey } from '../run-source.ts';

/** Words as a part of a file's name: ASCII letters and digits, all else a hyphen. */
export function fileWords(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** `p700000-r0037`. */
export function runStem({ proposal, run }: Pick<RunKey, 'proposal' | 'run'>): string {
  return `${fileWords(proposal)}-r${String(run).padStart(4, '0')}`;
}

/**
 * Name of a picture in names of files, from run, train and pulse: `p700000-r0037-t10012-p3`, or `p700000-r0037-mean-20trains-t10000`.
 * @param pulse position of the one frame in its train
 */
export function pictureStem(
  run: RunKey,
  { over, trainIds }: Pick<DetectorStackMeta, 'over' | 'trainIds'>,
  pulse: number,
): string {
  const train = `t${trainIds[0] ?? 0}`;
  return over === 'one'
    ? `${runStem(run)}-${train}-p${pulse}`
    : `${runStem(run)}-${over}-${trainIds.length}trains-${train}`;
}

/** Name of a row of a batch, as {@link pictureStem}: `p700000-r0037-t10012-p3`, or `p700000-r0037-t10012-mean-8pulses`. */
export function rowStem(
  run: Pick<RunKey, 'proposal' | 'run'>,
  { trainId, pulses }: { readonly trainId: number; readonly pulses: readonly number[] },
  made: 'each' | 'mean' | 'max' | 'sum',
): string {
  const frames = made === 'each' ? `p${pulses[0]}` : `${made}-${pulses.length}pulses`;
  return `${runStem(run)}-t${trainId}-${frames}`;
}
