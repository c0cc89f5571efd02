import { sleep } from '../core/cancel.ts';
import { isXfelError } from '../core/errors.ts';
import type { Train } from '../core/train.ts';
import { firstMissingDetector } from './detector-source.ts';
import type { SourceStatus } from './endpoint-monitor.ts';
import type { LiveResult, LiveSettings, LiveSource } from './engine.ts';
import type { LiveMonitor } from './monitor.ts';
import type { StageTime } from './pipeline.ts';
import { TrainMatcher } from './train-matcher.ts';

/** What a live loop runs on. */
export interface LiveLoopParts {
  /** Opens one stream of trains; it reconnects by itself and ends only with the signal. */
  openTrains(
    source: LiveSource,
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
  /** Called when a source was taken away or began anew, before the next train. */
  reset(): void;
  readonly monitor: LiveMonitor;
  /** Whether sources of any name may have the pictures; else only those named as detectors are. */
  readonly takesAnySource?: boolean;
  onResult(result: LiveResult): void;
}

/** Pause before a source that failed in an unexpected way is opened again, ms. */
const RETRY_MS = 2000;
/** What a timer can wait at most, ms (24 days). */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;
/** What the matcher says of trains that wait for the detector in vain. */
const NO_DETECTOR = 'no detector data';
/** Sources that are named in an error. */
const NAMES_TOLD = 4;

/**
 * Receives from all sources, matches and processes until it is closed. Receiving never waits for processing: one train may
 * wait while another is in work; when a newer one comes, the waiting one is dropped and counted. An error of one train never
 * ends the loop; an error of a source leads to a new attempt by that source alone.
 */
export class LiveLoop {
  readonly #parts: LiveLoopParts;
  readonly #closed = new AbortController();
  readonly #matcher: TrainMatcher;
  readonly #listeners = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  #settings: LiveSettings;
  #version: number;
  /** Results of trains that were received before the sources changed are not shown. */
  #generation = 0;
  #waiting: Train | null = null;
  #isBusy = false;

  constructor(parts: LiveLoopParts, settings: LiveSettings, version: number) {
    this.#parts = parts;
    this.#matcher = new TrainMatcher((received) => firstMissingDetector(received, parts.takesAnySource));
    this.#settings = settings;
    this.#version = version;
  }

  /** Acts on the next train; other sources are opened at once. */
  apply(settings: LiveSettings, version: number): void {
    this.#settings = settings;
    this.#version = version;
    this.#listen();
  }

  /** Runs until {@link close}. */
  async run(): Promise<void> {
    const { signal } = this.#closed;
    const closed = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#listen();
    await closed;
    await Promise.all([...this.#listeners.values()].map(({ ended }) => ended));
  }

  /** A source begins anew, maybe with train ids of before: what waits is given up, and older trains are taken again. */
  restart(): void {
    this.#forget('source began anew');
  }

  /** Ends the loop and its sources. */
  close(): void {
    this.#closed.abort();
    for (const { stop } of this.#listeners.values()) stop.abort();
  }

  /** Opens and ends streams until they are those of the settings. */
  #listen(): void {
    if (this.#closed.signal.aborted) return;
    const { sources } = this.#settings;
    const wanted = new Map(sources.filter(({ isOn }) => isOn).map((source) => [keyOf(source), source]));
    const gone = [...this.#listeners].filter(([key]) => !wanted.has(key));
    this.#parts.monitor.sourcesChanged(sources);
    if (gone.length > 0) this.#forget('source changed');
    for (const [key, { stop }] of gone) {
      stop.abort();
      this.#listeners.delete(key);
    }
    for (const [key, source] of wanted) {
      if (this.#listeners.has(key)) continue;
      const stop = new AbortController();
      this.#listeners.set(key, { stop, ended: this.#receiveForEver(source, stop.signal) });
    }
  }

  async #receiveForEver(source: LiveSource, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#receive(source, signal);
        // A source that simply ends (a finite replay) is asked again, but not in a tight loop.
        await sleep(500, signal);
      } catch (error) {
        if (signal.aborted) return;
        const now = Date.now();
        this.#parts.monitor.status(
          source.endpoint,
          { state: 'error', isConnected: false, text: messageOf(error) },
          now,
        );
        // An impossible endpoint stays impossible until the settings change; anything else may get better by itself.
        const pause = isXfelError(error, 'EndpointInvalid') ? LONGEST_SLEEP_MS : RETRY_MS;
        await sleep(pause, signal).catch(() => undefined);
      }
    }
  }

  async #receive(source: LiveSource, signal: AbortSignal): Promise<void> {
    const { monitor } = this.#parts;
    const { endpoint } = source;
    const onStatus = (status: SourceStatus) => {
      if (!signal.aborted) monitor.status(endpoint, status, Date.now());
    };
    const onInvalid = () => monitor.invalid(endpoint);
    for await (const train of this.#parts.openTrains(source, { signal, onStatus, onInvalid })) {
      if (signal.aborted) {
        train.release?.();
        return;
      }
      const now = Date.now();
      monitor.received(train, endpoint, now);
      const { matched, dropped } = this.#matcher.push(train);
      for (const { trainId, reason } of dropped) {
        monitor.dropped(reason);
        if (reason === NO_DETECTOR) monitor.error(noDetectorText(trainId, train), now);
      }
      if (matched) this.#offer(matched);
    }
  }

  /** Gives up all that was received and is not processed. */
  #forget(reason: string): void {
    this.#generation++;
    for (const { reason: missing } of this.#matcher.reset()) this.#parts.monitor.dropped(missing);
    this.#dropWaiting(reason);
    this.#parts.reset();
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
      const generation = this.#generation;
      this.#waiting = null;
      try {
        const { result, stages } = await this.#parts.process(train, this.#settings, this.#version);
        if (generation !== this.#generation) {
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

const keyOf = ({ endpoint, socket }: LiveSource) => `${socket} ${endpoint}`;

function noDetectorText(trainId: number, { sources }: Train): string {
  const names = [...sources.keys()].slice(0, NAMES_TOLD).join(', ');
  const more = sources.size > NAMES_TOLD ? ` and ${sources.size - NAMES_TOLD} more` : '';
  return `Train ${trainId} left out: no source has pictures (image.data or data.adc) of a detector. Received: ${names || 'no source'}${more}. Add the bridge of the detector, or its output to this one.`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
