import type { Train } from '../core/train.ts';
import { EndpointMonitor, type SourceStatus } from './endpoint-monitor.ts';
import type { LiveConnection, LiveCounters, LiveSource, SourceKeys } from './engine.ts';
import { LatencyWindow } from './latency-window.ts';
import { RateMeter } from './rate-meter.ts';
import { SourceMonitor } from './source-monitor.ts';

/** The best state that an endpoint has is that of the whole. */
const STATES: readonly LiveConnection[] = ['receiving', 'silent', 'error', 'connecting', 'off'];

/** Counts what happens to trains: the numbers of the status strip, always true. All times in ms of `Date.now`. */
export class LiveMonitor {
  readonly #received = new RateMeter();
  readonly #processed = new RateMeter();
  readonly #latency = new LatencyWindow();
  readonly #dropped = new Map<string, number>();
  readonly #sources = new SourceMonitor();
  #endpoints = new Map<string, EndpointMonitor>();
  #stages: readonly { stage: string; ms: number }[] = [];
  #lastError: LiveCounters['lastError'] = null;
  #isDead = false;
  #trainId = 0;
  #pulses = 0;

  /** Notes the sources that are listened to from now on; of those that were before, the counts go on. */
  sourcesChanged(sources: readonly LiveSource[]): void {
    const before = this.#endpoints;
    this.#endpoints = new Map(
      sources.map((source) => {
        const old = before.get(source.endpoint);
        const isSame = old && old.source.socket === source.socket && old.source.isOn === source.isOn;
        return [source.endpoint, isSame ? old : new EndpointMonitor(source)];
      }),
    );
    this.#sources.keepOnly(new Set(sources.filter(({ isOn }) => isOn).map(({ endpoint }) => endpoint)));
  }

  /** Notes where an endpoint stands; an error text stays the last error until the next one. */
  status(endpoint: string, status: SourceStatus, now: number): void {
    this.#endpoints.get(endpoint)?.noteStatus(status);
    if (status.text) this.error(status.text, now);
  }

  /** Notes that nothing will come any more, and why. */
  died(text: string, at: number): void {
    this.#isDead = true;
    this.error(text, at);
  }

  /** Notes an error for "last error". */
  error(text: string, at: number): void {
    this.#lastError = { at, text };
  }

  /** Notes a message of an endpoint. */
  received(train: Train, endpoint: string, now: number): void {
    this.#received.mark(now);
    const { bytes, sentAt } = this.#sources.received(train, endpoint, now);
    this.#endpoints.get(endpoint)?.noteTrain(train.trainId, bytes, sentAt === null ? null : now - sentAt, now);
  }

  /** Notes a message that could not be read. */
  invalid(endpoint: string): void {
    this.#endpoints.get(endpoint)?.noteInvalid();
    this.dropped('unreadable message');
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

  /** Keys of all sources with their last values. */
  keys(): SourceKeys[] {
    return this.#sources.keys();
  }

  /** The numbers as they stand at `now`. */
  counters(version: number, now: number): LiveCounters {
    const endpoints = [...this.#endpoints.values()].map((endpoint) => endpoint.counters(now));
    return {
      connection: this.#isDead
        ? 'error'
        : (STATES.find((state) => endpoints.some((each) => each.state === state)) ?? 'off'),
      endpoint: endpoints
        .filter(({ isOn }) => isOn)
        .map(({ endpoint }) => endpoint)
        .join(', '),
      endpoints,
      detector: this.#sources.detector,
      trainId: this.#trainId,
      pulses: this.#pulses,
      receivedHz: this.#received.rate(now),
      processedHz: this.#processed.rate(now),
      received: this.#received.total,
      processed: this.#processed.total,
      dropped: Object.fromEntries(this.#dropped),
      latencyMs: this.#latency.summary(),
      stagesMs: this.#stages,
      sources: this.#sources.counters(now),
      lastError: this.#lastError,
      version,
    };
  }
}
