/**
 * An answer is overdue after `floorMs` and so many times the median of the last waits (waits for answers that were lost do
 * not count much there). A train is due every 100 ms.
 */
const OVERDUE = { floorMs: 1000, times: 10 };
/** The second of two answers is, after the first. */
const SECOND_OVERDUE = { floorMs: 300, times: 3 };
/** Longer than this nobody waits to see whether an answer was lost, ms. */
const LONGEST_PATIENCE_MS = 600_000;
const REMEMBERED_WAITS = 20;
/** Answers that were given up on one connection, before it is made anew: the server may owe them all the same. */
const MOST_GIVEN_UP = 4;

/**
 * When a client on a REQ connection asks. Servers on libzmq with a high-water mark of 1 (the original bridge servers are some)
 * lose an answer now and then, without a word: client and server then wait for each other for ever. An overdue answer is
 * therefore asked for once more, on the same connection. A bridge that was only idle owes two answers then, so no train is
 * lost: the second one is waited for before the next request.
 * @source libzmq 4.3 router.cpp: a reply to a peer whose pipe has not told yet that it is empty is dropped
 */
export class RequestPace {
  /** Answers that are expected. */
  #due = 0;
  #hasAskedTwice = false;
  /** The answer that is waited for is the second of two. */
  #isSecond = false;
  #givenUp = 0;
  #waits: number[] = [];

  /** Whether the next message has to be asked for. */
  get mustAsk(): boolean {
    return this.#due === 0;
  }

  /** Whether so many answers seem lost that a new connection is better than guessing on. */
  get isDoubtful(): boolean {
    return this.#due === 0 && this.#givenUp >= MOST_GIVEN_UP;
  }

  /** ms until {@link askAgain}; undefined = wait on: the first answer of a connection cannot be lost so, nor is it asked for thrice. */
  get patienceMs(): number | undefined {
    if (this.#waits.length === 0 || this.#hasAskedTwice) return undefined;
    const median = this.#waits.toSorted((a, b) => a - b)[this.#waits.length >> 1];
    const { floorMs, times } = this.#isSecond ? SECOND_OVERDUE : OVERDUE;
    return Math.min(LONGEST_PATIENCE_MS, Math.max(floorMs, times * median));
  }

  /** A request was sent because one must. */
  asked(): void {
    this.#due = 1;
    this.#isSecond = false;
  }

  /** The patience is over and a request was sent: beside the one that is open, or in place of a second one that never came. */
  askedAgain(): void {
    if (this.#isSecond) this.#givenUp++;
    else this.#due = 2;
    this.#isSecond = false;
    this.#hasAskedTwice = true;
  }

  /** An answer has come. @param waitedMs how long it was waited for */
  answered(waitedMs: number): void {
    this.#due--;
    this.#isSecond = this.#due === 1;
    this.#hasAskedTwice = false;
    this.#waits = [...this.#waits.slice(1 - REMEMBERED_WAITS), waitedMs];
  }
}
