import { ByteMeter } from './byte-meter.ts';
import type { EndpointCounters, LiveConnection, LiveSource } from './engine.ts';
import { RateMeter } from './rate-meter.ts';

/** What a stream of trains tells of itself. */
export interface SourceStatus {
  readonly state: 'connecting' | 'receiving' | 'silent' | 'error';
  readonly isConnected?: boolean;
  readonly text?: string;
}

/** Without a train for this long a connected endpoint counts as silent, ms. */
const SILENCE_MS = 3000;
/** A longer jump of train ids is another machine or a replay begun anew, not a gap. */
const LONGEST_GAP = 1000;

/** Counts what comes from one endpoint. All times in ms of `Date.now`. */
export class EndpointMonitor {
  readonly source: LiveSource;
  readonly #meter = new RateMeter();
  readonly #bytes = new ByteMeter();
  #status: SourceStatus = { state: 'connecting' };
  #lastTrainId = 0;
  #missing = 0;
  #invalid = 0;
  #latencyMs: number | null = null;

  constructor(source: LiveSource) {
    this.source = source;
  }

  /** Notes what the stream says of itself. */
  noteStatus(status: SourceStatus): void {
    // An attempt to connect anew does not take away the reason why the last one failed.
    const text = status.text ?? (status.state === 'connecting' && !status.isConnected ? this.#status.text : undefined);
    this.#status = { ...status, text };
  }

  /** Notes a message. */
  noteTrain(trainId: number, bytes: number, latencyMs: number | null, now: number): void {
    this.#meter.mark(now);
    this.#bytes.mark(now, bytes);
    this.#latencyMs = latencyMs;
    const gap = this.#lastTrainId > 0 ? trainId - this.#lastTrainId - 1 : 0;
    if (gap > 0 && gap <= LONGEST_GAP) this.#missing += gap;
    if (trainId > 0) this.#lastTrainId = trainId;
    this.#status = { state: 'receiving', isConnected: true };
  }

  /** Notes a message that could not be read. */
  noteInvalid(): void {
    this.#invalid++;
  }

  /** What there is to say. */
  counters(now: number): EndpointCounters {
    const { state, isConnected = state === 'receiving' || state === 'silent', text = null } = this.#status;
    return {
      ...this.source,
      state: this.#stateAt(now),
      isConnected: this.source.isOn && isConnected,
      text: this.source.isOn ? text : null,
      hz: this.#meter.rate(now),
      bytesPerSecond: this.#bytes.rate(now),
      lastTrainId: this.#lastTrainId,
      received: this.#meter.total,
      missing: this.#missing,
      invalid: this.#invalid,
      latencyMs: this.#latencyMs,
    };
  }

  #stateAt(now: number): LiveConnection {
    if (!this.source.isOn) return 'off';
    const { state } = this.#status;
    return state === 'receiving' && now - this.#meter.lastMark > SILENCE_MS ? 'silent' : state;
  }
}
