import type { LiveFrameMeta } from '../../api/live-contract.ts';

/** Which train and which parameters made what is shown. @param isShort for narrow panels */
export function provenanceOf(meta: LiveFrameMeta | null | undefined, isShort = false): string {
  return meta
    ? `train …${String(meta.trainId).slice(-5)} ·${isShort ? '' : ' parameters'} v${meta.version}`
    : 'no train yet';
}
