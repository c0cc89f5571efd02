import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FileUnreadable, FormatInvalid, StateInvalid, TrainNotFound } from '../../core/errors.ts';
import type { ReplayChange, ReplayOptions, ReplayState } from '../../live/engine.ts';
import { moduleUrl } from './module-url.ts';

/** Main thread to replay thread. */
export type ReplayCommand =
  | { readonly type: 'change'; readonly change: ReplayChange }
  /** The jump was heard. */
  | { readonly type: 'go-on' }
  | { readonly type: 'close' };

/** Replay thread to main thread. */
export type ReplayEvent =
  | { readonly type: 'failed'; readonly tag: string; readonly message: string }
  | ({ readonly type: 'ready' } & Pick<
      ReplayState,
      'endpoint' | 'messages' | 'position' | 'firstTrainId' | 'lastTrainId'
    >)
  | ({ readonly type: 'progress' } & Pick<
      ReplayState,
      'position' | 'trainId' | 'hasEnded' | 'leftOut' | 'warning' | 'error'
    >)
  /** The next train may be an earlier one. */
  | { readonly type: 'jump' };

const MAX_RATE = 1000;

/** A recording that a thread of its own serves as a bridge: the same bytes in the same parts, with the same train ids. */
export class LiveReplay {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #state: ReplayState;

  private constructor(worker: Worker, ended: Promise<void>, state: ReplayState) {
    this.#worker = worker;
    this.#ended = ended;
    this.#state = state;
  }

  /**
   * Opens a recording and serves it on a free port of this computer.
   * @param onJump called before earlier trains come again
   * @throws FileUnreadable, FormatInvalid, TrainNotFound, StateInvalid for an impossible rate
   */
  static async start(path: string, options: ReplayOptions, onJump: () => void): Promise<LiveReplay> {
    checkRate(options.rateHz);
    const worker = new Worker(moduleUrl('./live-replay-worker', import.meta.url), { workerData: { path, options } });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const state = await new Promise<ReplayState>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (event: ReplayEvent) => {
        if (event.type === 'ready') {
          const { type, ...ready } = event;
          const { rateHz, isLooped } = options;
          const first = { trainId: null, isPaused: false, hasEnded: false, leftOut: 0, warning: null, error: null };
          resolve({ name: basename(path), path, ...ready, ...first, rateHz, isLooped });
        } else if (event.type === 'failed') reject(errorOf(event));
      });
    });
    const replay = new LiveReplay(worker, ended, state);
    worker.on('message', (event: ReplayEvent) => replay.#hear(event, onJump));
    worker.on('error', ({ message }) => {
      replay.#state = { ...replay.#state, hasEnded: true, error: `The replay stopped: ${message}.` };
    });
    return replay;
  }

  /** How it stands. */
  get state(): ReplayState {
    return this.#state;
  }

  /** @throws StateInvalid for an impossible rate, TrainNotFound */
  change(change: ReplayChange): ReplayState {
    if (change.rateHz !== undefined) checkRate(change.rateHz);
    const { firstTrainId, lastTrainId, path } = this.#state;
    if (change.trainId !== undefined && !(lastTrainId !== null && change.trainId <= lastTrainId))
      throw new TrainNotFound(
        `${path} has no train ${change.trainId} or later: it has ${firstTrainId === null ? 'no train ids at all' : `${firstTrainId} to ${lastTrainId}`}.`,
        { trainId: change.trainId, path },
      );
    const { trainId, ...rest } = change;
    this.#state = { ...this.#state, ...rest, ...(trainId === undefined ? {} : { hasEnded: false }) };
    this.#worker.postMessage({ type: 'change', change } satisfies ReplayCommand);
    return this.#state;
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#worker.postMessage({ type: 'close' } satisfies ReplayCommand);
    const timer = setTimeout(() => this.#worker.terminate(), 2000);
    await this.#ended;
    clearTimeout(timer);
  }

  #hear(event: ReplayEvent, onJump: () => void): void {
    if (event.type === 'jump') {
      onJump();
      this.#worker.postMessage({ type: 'go-on' } satisfies ReplayCommand);
    } else if (event.type === 'progress') {
      const { type, ...progress } = event;
      this.#state = { ...this.#state, ...progress };
    }
  }
}

function checkRate(rateHz: number | null): void {
  if (rateHz !== null && !(rateHz > 0 && rateHz <= MAX_RATE))
    throw new StateInvalid(`rateHz = ${rateHz} is impossible: give a value above 0 and up to ${MAX_RATE} Hz.`, {
      field: 'rateHz',
    });
}

/** Errors lose their class between threads. */
function errorOf({ tag, message }: { readonly tag: string; readonly message: string }): Error {
  if (tag === 'FileUnreadable') return new FileUnreadable(message, {});
  if (tag === 'TrainNotFound') return new TrainNotFound(message, {});
  return new FormatInvalid(message, {});
}
