import type { BatchChoice } from './batch-store.ts';

/** Pulses of a batch by their positions in a train. */
export type PulseRange = Pick<BatchChoice, 'firstPulse' | 'lastPulse' | 'pulseStep'>;

const FORM = 'such as 3, 0 to 30, 10 to last, 0 to 350 step 5, or all';
const RANGE = /^(\d+)(?:\s*(?:to|-|\u2013|\.\.)\s*(\d+|last|end))?(?:\s*step\s*(\d+))?$/i;
/** More pulses than a train has. */
const MOST = 1e6;

/** `0 to 30 step 2`, `all`. */
export function pulseText({ firstPulse, lastPulse, pulseStep }: PulseRange): string {
  if (firstPulse === 0 && lastPulse === null && pulseStep === 1) return 'all';
  const range = lastPulse === firstPulse ? `${firstPulse}` : `${firstPulse} to ${lastPulse ?? 'last'}`;
  return pulseStep === 1 ? range : `${range} step ${pulseStep}`;
}

/** Pulses of a line of text. @returns the range, or in words why it is none */
export function parsePulses(text: string): PulseRange | string {
  if (/^\s*(all)?\s*$/i.test(text)) return { firstPulse: 0, lastPulse: null, pulseStep: 1 };
  const match = RANGE.exec(text.trim());
  if (!match) return `pulses ${FORM}`;
  const [, first, last, step = '1'] = match;
  const firstPulse = Number(first);
  const lastPulse = last === undefined ? firstPulse : /^\d/.test(last) ? Number(last) : null;
  const pulseStep = Number(step);
  if (pulseStep < 1) return 'a step of 1 or more';
  if (lastPulse !== null && lastPulse < firstPulse) return 'the smaller one first';
  return Math.max(firstPulse, lastPulse ?? 0) > MOST
    ? 'no train has so many pulses'
    : { firstPulse, lastPulse, pulseStep };
}
