import type { LiveFrameMeta } from '../api/live-contract.ts';

/** Which train and which parameters made what is shown. */
export function provenanceOf(meta: LiveFrameMeta | null | undefined): string {
  return meta ? `train …${String(meta.trainId).slice(-5)} · parameters v${meta.version}` : 'no train yet';
}
