import type { OutgoingPart } from './outgoing-part.ts';
import type { ServerSocket } from './socket.ts';

/** Answers one request; false if who asked has gone, so that the train may go to somebody else. */
export type Reply = (parts: readonly OutgoingPart[]) => boolean;

const decoder = new TextDecoder();
const encoder = new TextEncoder();
/** As much of a request that makes no sense as is sent back. */
const QUOTED_BYTES = 200;

/**
 * The clients of a REP socket that wait for a train, in the order in which they asked. A request that is none is answered at
 * once with the words of the Python server; it costs nobody a train.
 */
export class RequestQueue {
  #replies: Reply[] = [];
  #onAsked: () => void = () => undefined;

  /** Listens to the requests of a REP socket. */
  constructor(socket: ServerSocket) {
    socket.onRequest((request, reply) => {
      const text = decoder.decode(request[0]?.subarray(0, QUOTED_BYTES));
      if (request.length === 1 && text === 'next') {
        this.#replies.push(reply);
        this.#onAsked();
      } else reply([encoder.encode(`Error: bad request ${text}`)]);
    });
  }

  /** How many wait. */
  get length(): number {
    return this.#replies.length;
  }

  /** Called at each request from now on. */
  onAsked(listener: () => void): void {
    this.#onAsked = listener;
  }

  /** Gives a train to the first who waits and is still there. @returns whether somebody got it */
  answerFirst(parts: readonly OutgoingPart[]): boolean {
    for (;;) {
      const reply = this.#replies.shift();
      if (!reply) return false;
      if (reply(parts)) return true;
    }
  }

  /** Gives a train to all who wait. @returns how many got it */
  answerAll(parts: readonly OutgoingPart[]): number {
    const replies = this.#replies;
    this.#replies = [];
    return replies.filter((reply) => reply(parts)).length;
  }
}
