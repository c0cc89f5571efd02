import { sleep } from '../core/cancel.ts';
import type { OutgoingPart } from './outgoing-part.ts';
import { RequestQueue } from './request-queue.ts';
import type { ServerSocket } from './socket.ts';

/** Makes the parts of the next message; called once for each train that is due. */
export type NextMessage = () => readonly OutgoingPart[];

/** How to serve. */
export interface ServeOptions {
  /** Trains per second; 0 = as fast as clients ask (REP) or take (PUB, PUSH). */
  readonly rate: number;
  readonly signal: AbortSignal;
  /** Trains to let pass, also those that nobody takes; endless without it. */
  readonly count?: number;
  /** Called after each train with how many clients got it. */
  readonly onSent?: (receivers: number) => void;
}

/**
 * Serves messages to any number of clients until the count is reached or the signal comes. With a rate, trains pass whether
 * somebody asks or not, as at the machine: each REP client gets the next train after its request. The last train is held for
 * who asks late, so that a client a little slower than the rate does not fall to half of it. A client that is slow, dead or
 * asks nonsense never holds up the others.
 */
export async function serveMessages(
  socket: ServerSocket,
  kind: 'REP' | 'PUB' | 'PUSH',
  next: NextMessage,
  options: ServeOptions,
): Promise<void> {
  const { rate, signal, count = Number.POSITIVE_INFINITY, onSent } = options;
  const requests = kind === 'REP' ? new RequestQueue(socket) : null;
  /** A train is due that nobody has asked for yet; it is made when somebody does. */
  let isHeld = false;
  let wake = () => {};
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  const someoneAsks = () =>
    new Promise<void>((resolve) => {
      if ((requests?.length ?? 0) > 0 || signal.aborted) resolve();
      wake = resolve;
    });
  let receivers = 0;
  const serveNext = () => {
    if (requests) {
      receivers = requests.length === 0 ? 0 : requests.answerAll(next());
      isHeld = rate > 0 && receivers === 0;
    } else receivers = socket.peers === 0 ? 0 : socket.send(next());
    onSent?.(receivers);
  };
  requests?.onAsked(() => (isHeld ? serveNext() : wake()));

  let due = performance.now();
  for (let made = 0; made < count; made++) {
    if (rate > 0) {
      due += 1000 / rate;
      // After a long stop (a suspended laptop) go on from now, not with a burst.
      if (due < performance.now() - 1000) due = performance.now();
      await sleep(Math.max(0, due - performance.now()), signal).catch(() => undefined);
    } else if (kind === 'REP') await someoneAsks();
    // Nobody takes anything: look again soon, but do not spin.
    else await sleep(receivers === 0 ? 5 : 0, signal).catch(() => undefined);
    if (signal.aborted) break;
    serveNext();
  }
  isHeld = false;
  signal.removeEventListener('abort', onAbort);
}
