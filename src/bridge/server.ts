import { sleep } from '../core/cancel.ts';
import type { ServerSocket } from './socket.ts';

/** Makes the parts of the next message; called once for each train that is due. */
export type NextMessage = () => readonly Uint8Array[];

/** How to serve. */
export interface ServeOptions {
  /** Trains per second; 0 = as fast as clients ask (REP) or take (PUB, PUSH). */
  readonly rate: number;
  readonly signal: AbortSignal;
  /** Messages to make; endless without it. */
  readonly count?: number;
  /** Called after each message with how many clients got it. */
  readonly onSent?: (receivers: number) => void;
}

type Reply = (parts: readonly Uint8Array[]) => void;

/**
 * Serves messages to any number of clients until the count is reached or the signal comes. With a rate, trains pass whether
 * somebody asks or not, as at the machine: each REP client gets the next train after its request. A client that is slow,
 * dead or asks nonsense never holds up the others.
 */
export async function serveMessages(
  socket: ServerSocket,
  kind: 'REP' | 'PUB' | 'PUSH',
  next: NextMessage,
  options: ServeOptions,
): Promise<void> {
  const { rate, signal, count = Number.POSITIVE_INFINITY, onSent } = options;
  let waiting: Reply[] = [];
  let wake: () => void = () => {};
  if (kind === 'REP') {
    socket.onRequest((request, reply) => {
      if (request.length === 1 && new TextDecoder().decode(request[0]) === 'next') {
        waiting.push(reply);
        wake();
      } else
        reply([
          new TextEncoder().encode(`Error: bad request ${new TextDecoder().decode(request[0] ?? new Uint8Array())}`),
        ]);
    });
  }
  let due = performance.now();
  for (let made = 0; made < count && !signal.aborted; made++) {
    if (rate > 0) {
      due += 1000 / rate;
      // After a long stop (a suspended laptop) go on from now, not with a burst.
      if (due < performance.now() - 1000) due = performance.now();
      await sleep(Math.max(0, due - performance.now()), signal).catch(() => undefined);
    } else if (kind === 'REP' && waiting.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } else await sleep(0, signal).catch(() => undefined);
    if (signal.aborted) return;
    if (kind === 'REP') {
      const replies = waiting;
      waiting = [];
      const parts = replies.length > 0 ? next() : null;
      if (parts) for (const reply of replies) reply(parts);
      onSent?.(replies.length);
    } else onSent?.(socket.send(next()));
  }
}
