import type { Train, TrainSource } from '../core/train.ts';

/** A train that is left out, and why. */
export interface DroppedTrain {
  readonly trainId: number;
  readonly reason: string;
}

/** What one message led to. */
export interface MatchOutcome {
  /** The train that is now complete, or null. */
  readonly matched: Train | null;
  readonly dropped: readonly DroppedTrain[];
}

interface Pending {
  sources: Map<string, TrainSource>;
  releases: (() => void)[];
  receivedAt: number;
}

/** Trains that may wait for missing parts; more, and the one that waits longest is given up. */
const CACHE_LENGTH = 20;
/** After so long without a complete train a thing that all waiting trains miss is no longer waited for, ms. */
const HOPE_MS = 1000;

/**
 * Joins messages that carry parts of a train until every wanted source is there.
 *
 * A complete train is emitted at once; all older waiting trains are then dropped with the first thing they miss, because
 * a live view never goes back in time. Parts that come after their train was emitted or dropped are counted late. While no
 * train gets complete and all miss the same, only one waits: that it is missing is then said at once.
 * @source EXtra-foam train matching (bounded cache, emit the newest)
 */
export class TrainMatcher {
  readonly #isComplete: (sources: ReadonlyMap<string, TrainSource>) => string | null;
  readonly #pending = new Map<number, Pending>();
  #lastEmitted = 0;
  /** When the last complete train was received, ms since the epoch. */
  #lastCompleteAt = Number.NEGATIVE_INFINITY;

  /** @param firstMissing says what a train still misses, or null when it is complete */
  constructor(firstMissing: (sources: ReadonlyMap<string, TrainSource>) => string | null) {
    this.#isComplete = firstMissing;
  }

  /** Trains that wait for parts. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Takes one message; its memory now belongs to the matcher until the train is emitted or dropped. */
  push(train: Train): MatchOutcome {
    const { trainId } = train;
    if (trainId <= 0) {
      train.release?.();
      return { matched: null, dropped: [{ trainId, reason: 'no train id' }] };
    }
    // A train id far below the last one is a restarted source or a replay that began again, not a late part.
    if (trainId < this.#lastEmitted - 1000) this.#lastEmitted = 0;
    if (trainId <= this.#lastEmitted) {
      train.release?.();
      return {
        matched: null,
        dropped: [{ trainId, reason: trainId === this.#lastEmitted ? 'came twice' : 'came too late' }],
      };
    }
    const pending = this.#merge(train);
    if (this.#isComplete(pending.sources) === null) {
      this.#pending.delete(trainId);
      this.#lastEmitted = trainId;
      this.#lastCompleteAt = train.receivedAt ?? Date.now();
      const dropped = this.#dropOlderThan(trainId);
      const release = () => {
        for (const call of pending.releases) call();
      };
      return { matched: { trainId, sources: pending.sources, receivedAt: pending.receivedAt, release }, dropped };
    }
    const isHopeless = (train.receivedAt ?? Date.now()) - this.#lastCompleteAt > HOPE_MS && this.#missOneThing();
    const dropped: DroppedTrain[] = [];
    while (this.#pending.size > (isHopeless ? 1 : CACHE_LENGTH)) dropped.push(this.#drop(this.#oldest()));
    return { matched: null, dropped };
  }

  /** Gives up all waiting trains, as when the source changes. @returns them, with what they missed */
  reset(): DroppedTrain[] {
    this.#lastEmitted = 0;
    this.#lastCompleteAt = Number.NEGATIVE_INFINITY;
    return [...this.#pending.keys()].map((trainId) => this.#drop(trainId));
  }

  #merge(train: Train): Pending {
    let pending = this.#pending.get(train.trainId);
    if (!pending) {
      pending = { sources: new Map(), releases: [], receivedAt: train.receivedAt ?? Date.now() };
      this.#pending.set(train.trainId, pending);
    }
    for (const [name, source] of train.sources) pending.sources.set(name, source);
    if (train.release) pending.releases.push(train.release);
    return pending;
  }

  /** Whether all waiting trains miss the same: parts of two streams, one of them late, miss different things. */
  #missOneThing(): boolean {
    return new Set([...this.#pending.values()].map(({ sources }) => this.#isComplete(sources))).size === 1;
  }

  #dropOlderThan(trainId: number): DroppedTrain[] {
    return [...this.#pending.keys()].filter((id) => id < trainId).map((id) => this.#drop(id));
  }

  #drop(trainId: number): DroppedTrain {
    const pending = this.#pending.get(trainId);
    this.#pending.delete(trainId);
    for (const call of pending?.releases ?? []) call();
    return { trainId, reason: (pending && this.#isComplete(pending.sources)) ?? 'incomplete' };
  }

  #oldest(): number {
    for (const trainId of this.#pending.keys()) return trainId;
    return 0;
  }
}
