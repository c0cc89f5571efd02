import { LONGEST_TIMER_MS } from '../core/cancel.ts';
import { StateInvalid } from '../core/errors.ts';
import type { ClientSocketKind, ServerSocketKind } from './socket.ts';

/** Sockets of a client. */
export const CLIENT_SOCKETS: readonly ClientSocketKind[] = ['REQ', 'SUB', 'PULL'];
/** Sockets of a server. */
export const SERVER_SOCKETS: readonly ServerSocketKind[] = ['REP', 'PUB', 'PUSH'];

/** Checks a word of a caller who has no types. @throws StateInvalid if it is none of those allowed */
export function checkChoice(field: string, given: string, allowed: readonly string[]): void {
  if (!allowed.includes(given))
    throw new StateInvalid(`Unknown ${field} "${given}": choose ${allowed.join(', ')}.`, { field });
}

/** Checks a time limit. @param ms undefined and Infinity = none @throws StateInvalid for less than 0 and for no number */
export function checkTime(field: string, ms: number | undefined): void {
  if (ms !== undefined && !(ms >= 0))
    throw new StateInvalid(`${field} is ${ms}, a number of milliseconds >= 0 is needed (none: for ever).`, { field });
}

/** A timer that never ends where there is no limit, or one beyond what a timer can (24 days). @param ms checked before */
export function startTimer(ms: number | undefined, onLate: () => void): ReturnType<typeof setTimeout> | undefined {
  return ms === undefined || ms > LONGEST_TIMER_MS ? undefined : setTimeout(onLate, ms);
}
