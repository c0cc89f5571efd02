import { byteSizeOf, isNdArray } from '../core/ndarray.ts';
import type { Train, TrainSource } from '../core/train.ts';
import { ByteMeter } from './byte-meter.ts';
import { detectorOfSource } from './detector-source.ts';
import type { SourceCounters, SourceKeys } from './engine.ts';
import { factsOfKey, type KeyFacts } from './key-facts.ts';
import { RateMeter } from './rate-meter.ts';

interface SourceRecord {
  readonly name: string;
  readonly endpoint: string;
  readonly kind: SourceCounters['kind'];
  readonly meter: RateMeter;
  readonly bytes: ByteMeter;
  lastTrainId: number;
  latencyMs: number | null;
  keys: readonly string[];
  facts: readonly KeyFacts[];
  factsOf: number;
  factsAt: number;
}

/** A source that was silent for this long is no longer listed, ms. */
const SOURCE_EXPIRY_MS = 10_000;
/** Values are looked at this often, ms: what a person can read. */
const FACTS_MS = 450;

/** What each source of each endpoint sends, and how often. All times in ms of `Date.now`. */
export class SourceMonitor {
  readonly #records = new Map<string, SourceRecord>();
  #detector = '';

  /** The detector that was seen last; '' before. */
  get detector(): string {
    return this.#detector;
  }

  /** Notes the sources of a message; nothing of its memory is kept. @returns bytes of its arrays, and its newest time stamp in ms */
  received(train: Train, endpoint: string, now: number): { readonly bytes: number; readonly sentAt: number | null } {
    let total = 0;
    let newest: number | null = null;
    for (const [name, source] of train.sources) {
      const id = `${endpoint} ${name}`;
      const record = this.#records.get(id) ?? newRecord(name, endpoint);
      this.#records.set(id, record);
      const bytes = arrayBytes(source);
      const sentAt = timeOf(source);
      total += bytes;
      if (sentAt !== null && (newest === null || sentAt > newest)) newest = sentAt;
      record.meter.mark(now);
      record.bytes.mark(now, bytes);
      record.lastTrainId = train.trainId;
      record.latencyMs = sentAt === null ? null : now - sentAt;
      if (record.keys.length !== source.data.size)
        record.keys = [...source.data.keys()].filter((key) => key !== 'metadata');
      if (now - record.factsAt >= FACTS_MS) {
        record.factsAt = now;
        record.factsOf = train.trainId;
        record.facts = [...source.data].map(([key, value]) => factsOfKey(key, value));
      }
      this.#detector = detectorOfSource(name) ?? this.#detector;
    }
    return { bytes: total, sentAt: newest };
  }

  /** Forgets the sources of endpoints that are no longer listened to. */
  keepOnly(endpoints: ReadonlySet<string>): void {
    for (const [id, { endpoint }] of this.#records) if (!endpoints.has(endpoint)) this.#records.delete(id);
    if (![...this.#records.values()].some(({ name }) => detectorOfSource(name) === this.#detector)) this.#detector = '';
  }

  /** All sources of the last seconds by name. */
  counters(now: number): SourceCounters[] {
    for (const [id, { meter }] of this.#records) if (now - meter.lastMark > SOURCE_EXPIRY_MS) this.#records.delete(id);
    return this.#sorted().map(({ name, endpoint, kind, meter, bytes, lastTrainId, latencyMs, keys }) => ({
      name,
      endpoint,
      kind,
      hz: meter.rate(now),
      bytesPerSecond: bytes.rate(now),
      lastTrainId,
      latencyMs,
      keys,
    }));
  }

  /** Keys of all sources with their last values. */
  keys(): SourceKeys[] {
    return this.#sorted().map(({ name, endpoint, factsOf, facts }) => ({
      name,
      endpoint,
      trainId: factsOf,
      keys: facts,
    }));
  }

  #sorted(): SourceRecord[] {
    return [...this.#records.values()].sort((a, b) =>
      a.name === b.name ? (a.endpoint < b.endpoint ? -1 : 1) : a.name < b.name ? -1 : 1,
    );
  }
}

function newRecord(name: string, endpoint: string): SourceRecord {
  return {
    name,
    endpoint,
    kind: name.includes(':') || detectorOfSource(name) ? 'pipeline' : 'control',
    meter: new RateMeter(),
    bytes: new ByteMeter(),
    lastTrainId: 0,
    latencyMs: null,
    keys: [],
    facts: [],
    factsOf: 0,
    factsAt: Number.NEGATIVE_INFINITY,
  };
}

function arrayBytes({ data }: TrainSource): number {
  let bytes = 0;
  for (const value of data.values()) if (isNdArray(value) && value.dtype !== 'string') bytes += byteSizeOf(value);
  return bytes;
}

/** ms since the epoch; null where the source gave no time. */
function timeOf({ metadata }: TrainSource): number | null {
  const value = metadata.get('timestamp');
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value * 1000 : null;
}
