import type { Run } from '../data/run.ts';

/** What a cache of runs is built on. */
export interface RunCacheParts<A> {
  /** Name under which a run is kept. */
  nameOf(address: A): string;
  open(address: A): Promise<Run>;
  /** A text that is another one once the files of the run have changed. */
  stamp(address: A): Promise<string>;
}

/** An open run that is lent; it stays open until it is given back. */
export interface BorrowedRun {
  readonly run: Run;
  /** Call once nothing is read any more. Harmless if called again. */
  release(): void;
}

interface KeptRun {
  readonly run: Promise<Run>;
  readonly stamp: Promise<string>;
  checkedAt: number;
  borrowers: number;
  isDropped: boolean;
}

/** Open runs that are kept for the next request. */
const KEPT_RUNS = 6;
/** A run that somebody is looking at is compared with its files no more often than this, ms. */
const RECHECK_MS = 5000;

/**
 * Keeps a few runs open. A run whose files have changed since (a new file, one that was half-written before) is opened again
 * for the next borrower; whoever still reads the old one may finish.
 */
export class RunCache<A> {
  readonly #parts: RunCacheParts<A>;
  readonly #now: () => number;
  /** By name, in the order of use: the first one was not used for longest. */
  readonly #kept = new Map<string, KeptRun>();
  readonly #all = new Set<KeptRun>();

  /** @param now clock, ms */
  constructor(parts: RunCacheParts<A>, now: () => number = () => performance.now()) {
    this.#parts = parts;
    this.#now = now;
  }

  /**
   * Lends a run, opened if need be.
   * @param isFresh compare it with its files now, even if that was done a moment ago: somebody comes to see what is there
   * @throws as opening does
   */
  async borrow(address: A, isFresh = false): Promise<BorrowedRun> {
    const name = this.#parts.nameOf(address);
    await this.#compareWithFiles(name, address, isFresh);
    const kept = this.#kept.get(name) ?? this.#open(address);
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    kept.borrowers++;
    for (const [oldest, one] of this.#kept) {
      if (this.#kept.size <= KEPT_RUNS) break;
      this.#drop(oldest, one);
    }
    let isOut = true;
    const release = () => {
      if (isOut) kept.borrowers--;
      isOut = false;
      if (kept.isDropped && kept.borrowers === 0) this.#close(kept);
    };
    try {
      return { run: await kept.run, release };
    } catch (error) {
      if (this.#kept.get(name) === kept) this.#kept.delete(name);
      this.#all.delete(kept);
      throw error;
    }
  }

  /** Closes all runs, also those that are lent. */
  async close(): Promise<void> {
    const all = [...this.#all];
    this.#all.clear();
    this.#kept.clear();
    const runs = await Promise.allSettled(all.map(({ run }) => run));
    await Promise.all(runs.map((run) => (run.status === 'fulfilled' ? run.value.close() : undefined)));
  }

  #open(address: A): KeptRun {
    // Before it is opened: what changes meanwhile is seen the next time.
    const stamp = this.#parts.stamp(address);
    const run = stamp.then(() => this.#parts.open(address));
    const kept: KeptRun = { run, stamp, checkedAt: this.#now(), borrowers: 0, isDropped: false };
    this.#all.add(kept);
    return kept;
  }

  async #compareWithFiles(name: string, address: A, isFresh: boolean): Promise<void> {
    const kept = this.#kept.get(name);
    if (!kept || (!isFresh && this.#now() - kept.checkedAt < RECHECK_MS)) return;
    kept.checkedAt = this.#now();
    const [before, now] = await Promise.allSettled([kept.stamp, this.#parts.stamp(address)]);
    const isSame = before.status === 'fulfilled' && now.status === 'fulfilled' && before.value === now.value;
    if (!isSame && this.#kept.get(name) === kept) this.#drop(name, kept);
  }

  #drop(name: string, kept: KeptRun): void {
    this.#kept.delete(name);
    kept.isDropped = true;
    if (kept.borrowers === 0) this.#close(kept);
  }

  #close(kept: KeptRun): void {
    if (!this.#all.delete(kept)) return;
    // Nobody waits for it, and a run that could not be opened has nothing to close.
    kept.run.then((run) => run.close()).catch(() => undefined);
  }
}
