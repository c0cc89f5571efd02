import type { Train } from '../core/train.ts';
import { detectorOfSource } from './detector-input.ts';
import type { LiveCounters } from './engine.ts';
import { LatencyWindow } from './latency-window.ts';
import { RateMeter } from './rate-meter.ts';

interface SourceRecord {
  readonly kind: 'pipeline' | 'control';
  readonly meter: RateMeter;
  lastTrainId: number;
  keys: readonly string[];
}

/** A source that was silent for this long is no longer listed, ms. */
const SOURCE_EXPIRY_MS = 10_000;
/** Without a train for this long a connected source counts as silent, ms. */
const SILENCE_MS = 3000;

/** Counts what happens to trains: the numbers of the status strip, always true. All times in ms of `Date.now`. */
export class LiveMonitor {
  readonly #received = new RateMeter();
  readonly #processed = new RateMeter();
  readonly #latency = new LatencyWindow();
  readonly #dropped = new Map<string, number>();
  readonly #sources = new Map<string, SourceRecord>();
  #stages: readonly { stage: string; ms: number }[] = [];
  #connection: LiveCounters['connection'] = 'off';
  #lastError: LiveCounters['lastError'] = null;
  #lastReceivedAt = 0;
  #trainId = 0;
  #pulses = 0;
  #detector = '';

  /** Notes the state of the connection; an error text stays until the next one. */
  connection(state: LiveCounters['connection'], now: number, errorText?: string): void {
    this.#connection = state;
    if (errorText) this.error(errorText, now);
  }

  /** Notes an error for "last error". */
  error(text: string, at: number): void {
    this.#lastError = { at, text };
  }

  /** Notes a message of the source. */
  received(train: Train, now: number): void {
    this.#received.mark(now);
    this.#lastReceivedAt = now;
    this.#connection = 'receiving';
    for (const [name, source] of train.sources) {
      let record = this.#sources.get(name);
      if (!record) {
        record = {
          kind: name.includes(':') || detectorOfSource(name) ? 'pipeline' : 'control',
          meter: new RateMeter(),
          lastTrainId: 0,
          keys: [],
        };
        this.#sources.set(name, record);
      }
      record.meter.mark(now);
      record.lastTrainId = train.trainId;
      if (record.keys.length !== source.data.size)
        record.keys = [...source.data.keys()].filter((key) => key !== 'metadata');
      this.#detector = detectorOfSource(name) ?? this.#detector;
    }
  }

  /** Notes a train that was left out. */
  dropped(reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  /** Notes a finished train. */
  processed(
    result: { trainId: number; pulses: number; receivedAt: number; readyAt: number },
    stages: readonly { stage: string; ms: number }[],
  ): void {
    this.#processed.mark(result.readyAt);
    this.#latency.add(result.readyAt - result.receivedAt);
    this.#trainId = result.trainId;
    this.#pulses = result.pulses;
    this.#stages = stages;
  }

  /** Forgets rates and sources, as when the endpoint changes; totals go on. */
  sourceChanged(): void {
    this.#sources.clear();
    this.#detector = '';
    this.#connection = 'connecting';
    this.#lastReceivedAt = 0;
  }

  /** The numbers as they stand at `now`. */
  counters(endpoint: string, version: number, now: number): LiveCounters {
    for (const [name, { meter }] of this.#sources)
      if (now - meter.lastMark > SOURCE_EXPIRY_MS) this.#sources.delete(name);
    const isSilent = this.#connection === 'receiving' && now - this.#lastReceivedAt > SILENCE_MS;
    return {
      connection: isSilent ? 'silent' : this.#connection,
      endpoint,
      detector: this.#detector,
      trainId: this.#trainId,
      pulses: this.#pulses,
      receivedHz: this.#received.rate(now),
      processedHz: this.#processed.rate(now),
      received: this.#received.total,
      processed: this.#processed.total,
      dropped: Object.fromEntries(this.#dropped),
      latencyMs: this.#latency.summary(),
      stagesMs: this.#stages,
      sources: [...this.#sources]
        .map(([name, record]) => ({
          name,
          kind: record.kind,
          hz: record.meter.rate(now),
          lastTrainId: record.lastTrainId,
          keys: record.keys,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      lastError: this.#lastError,
      version,
    };
  }
}
