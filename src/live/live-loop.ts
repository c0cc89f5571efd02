import { sleep } from '../core/cancel.ts';
import { isXfelError } from '../core/errors.ts';
import type { Train } from '../core/train.ts';
import { firstMissingDetector } from './detector-input.ts';
import type { LiveResult, LiveSettings } from './engine.ts';
import type { LiveMonitor } from './monitor.ts';
import type { StageTime } from './pipeline.ts';
import { TrainMatcher } from './train-matcher.ts';

/** What the source of trains tells of itself. */
export interface SourceStatus {
  readonly state: 'connecting' | 'receiving' | 'silent' | 'error';
  readonly text?: string;
}

/** What a live loop runs on. */
export interface LiveLoopParts {
  /** Opens the stream of trains; it reconnects by itself and ends only with the signal. */
  openTrains(
    source: LiveSettings['source'],
    options: {
      signal: AbortSignal;
      onStatus: (status: SourceStatus) => void;
      /** A message that could not be read was left out. */
      onInvalid: () => void;
    },
  ): AsyncIterable<Train>;
  /** Processes one train (and releases it). @throws SkipTrain */
  process(
    train: Train,
    settings: LiveSettings,
    version: number,
  ): Promise<{ result: LiveResult; stages: readonly StageTime[] }>;
  /** Called when the source changes, before its first train. */
  reset(): void;
  readonly monitor: LiveMonitor;
  onResult(result: LiveResult): void;
}

/** Pause before a source that failed in an unexpected way is opened again, ms. */
const RETRY_MS = 2000;
/** What a timer can wait at most, ms (24 days). */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * Receives, matches and processes until it is closed. Receiving never waits for processing: one train may wait while
 * another is in work; when a newer one comes, the waiting one is dropped and counted. An error of one train never ends the
 * loop; an error of the source leads to a new attempt by the source itself.
 */
export class LiveLoop {
  readonly #parts: LiveLoopParts;
  readonly #closed = new AbortController();
  #settings: LiveSettings;
  #version: number;
  #source = new AbortController();
  #matcher = new TrainMatcher(firstMissingDetector);
  #waiting: Train | null = null;
  #isBusy = false;

  constructor(parts: LiveLoopParts, settings: LiveSettings, version: number) {
    this.#parts = parts;
    this.#settings = settings;
    this.#version = version;
  }

  /** Acts on the next train; another source is opened at once. */
  apply(settings: LiveSettings, version: number): void {
    const old = this.#settings.source;
    this.#settings = settings;
    this.#version = version;
    if (old.endpoint !== settings.source.endpoint || old.socket !== settings.source.socket) this.#source.abort();
  }

  /** Runs until {@link close}. */
  async run(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      this.#source = new AbortController();
      const signal = AbortSignal.any([this.#source.signal, this.#closed.signal]);
      try {
        await this.#receive(signal);
        // A source that simply ends (a finite replay) is asked again, but not in a tight loop.
        await sleep(500, signal);
      } catch (error) {
        if (signal.aborted) continue;
        this.#parts.monitor.connection('error', Date.now(), messageOf(error));
        // An impossible endpoint stays impossible until the settings change; anything else may get better by itself.
        const pause = isXfelError(error, 'EndpointInvalid') ? LONGEST_SLEEP_MS : RETRY_MS;
        await sleep(pause, signal).catch(() => undefined);
      }
    }
  }

  /** Ends the loop and its source. */
  close(): void {
    this.#closed.abort();
  }

  async #receive(signal: AbortSignal): Promise<void> {
    const { monitor } = this.#parts;
    for (const { reason } of this.#matcher.reset()) monitor.dropped(reason);
    this.#dropWaiting('source changed');
    this.#parts.reset();
    monitor.sourceChanged();
    const onStatus = ({ state, text }: SourceStatus) => monitor.connection(state, Date.now(), text);
    const onInvalid = () => monitor.dropped('unreadable message');
    for await (const train of this.#parts.openTrains(this.#settings.source, { signal, onStatus, onInvalid })) {
      monitor.received(train, Date.now());
      const { matched, dropped } = this.#matcher.push(train);
      for (const { reason } of dropped) monitor.dropped(reason);
      if (matched) this.#offer(matched);
    }
  }

  #offer(train: Train): void {
    this.#dropWaiting('processing is slower');
    this.#waiting = train;
    if (!this.#isBusy) void this.#work();
  }

  #dropWaiting(reason: string): void {
    if (!this.#waiting) return;
    this.#waiting.release?.();
    this.#waiting = null;
    this.#parts.monitor.dropped(reason);
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    const { monitor } = this.#parts;
    while (this.#waiting) {
      const train = this.#waiting;
      const source = this.#source;
      this.#waiting = null;
      try {
        const { result, stages } = await this.#parts.process(train, this.#settings, this.#version);
        if (source !== this.#source) {
          // The picture of another beamline must not come up under the new endpoint.
          monitor.dropped('source changed');
          continue;
        }
        monitor.processed(result, stages);
        this.#parts.onResult(result);
      } catch (error) {
        if (isXfelError(error, 'SkipTrain')) {
          monitor.dropped(String(error.details['reason']));
        } else {
          monitor.dropped('error');
        }
        monitor.error(messageOf(error), Date.now());
      }
    }
    this.#isBusy = false;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
