import type { NdArray } from '../core/ndarray.ts';
import type { Roi } from '../core/roi.ts';
import type { Train } from '../core/train.ts';
import type { SplitMethod } from '../detector/integration/split-method.ts';
import type { geometryInfo } from '../detector/snapped-geometry.ts';
import type { KeyFacts } from './key-facts.ts';

/** One bridge that the live engine listens to. */
export interface LiveSource {
  /** `tcp://host:port` or `ipc://path`; no other source has the same. */
  readonly endpoint: string;
  readonly socket: 'REQ' | 'SUB' | 'PULL';
  /** Off: it stays in the document, and nothing is received from it. */
  readonly isOn: boolean;
}

/** Everything that changes a live result. Lengths in m, pixels of the assembled image, q in 1/Angstrom. */
export interface LiveSettings {
  /** All bridges whose trains are put together; may be empty. */
  readonly sources: readonly LiveSource[];
  readonly integration: {
    readonly centreX: number;
    readonly centreY: number;
    readonly distance: number;
    readonly photonEnergyKeV: number;
    readonly points: number;
    readonly qMin: number;
    readonly qMax: number;
    /** How pixels are shared among bins, as in `detector/integration`; default `no`. */
    readonly method?: SplitMethod;
    /** Whether every pulse is integrated, too; default false. */
    readonly isPerPulse?: boolean;
  };
  readonly roi: Roi & { readonly isOn: boolean };
  readonly movingAverage: number;
  readonly isCorrected: boolean;
}

/** The result of one train. Arrays belong to whoever receives the result. */
export interface LiveResult {
  readonly sequence: number;
  readonly trainId: number;
  readonly pulses: number;
  readonly version: number;
  /** (y, x) float32, NaN in gaps and masked pixels. */
  readonly image: NdArray<'float32'>;
  /** (points) float32, 1/Angstrom. */
  readonly q: NdArray<'float32'>;
  /** (points) float32, NaN in empty bins. */
  readonly intensity: NdArray<'float32'>;
  /** (pulse, points) float32, the same of each pulse; left out unless `integration.isPerPulse`. */
  readonly pulseIntensity?: NdArray<'float32'>;
  readonly roi: { readonly mean: number; readonly sum: number; readonly pixels: number } | null;
  /** ms since the epoch: the newest time stamp that a source gave the train; null or left out where none did. */
  readonly sentAt?: number | null;
  readonly receivedAt: number;
  readonly readyAt: number;
  readonly unit: string;
  /** `sequence` of the detector that it is of, see {@link ShownDetector}; left out by a pipeline by itself. */
  readonly detector?: number;
  /** What must be known of the picture: positions of an example, raw counts instead of corrected ones. */
  readonly notes?: readonly string[];
}

/** The detector that the results are of. */
export interface ShownDetector {
  /** Grows whenever another one is shown. */
  readonly sequence: number;
  /** As its sources are named, `SPB_DET_AGIPD1M-1`. */
  readonly name: string;
  /** Name of its record, `AGIPD1M`. */
  readonly kind: string;
  /** (module, ss, fs). */
  readonly dataShape: readonly [number, number, number];
  /** Where its geometry was read from; null where it is placed as its example is. */
  readonly geometryPath: string | null;
  /** Size and tiles of its picture. */
  readonly geometry: ReturnType<typeof geometryInfo>;
}

/** Where an endpoint stands; `off` where it is switched off. */
export type LiveConnection = 'off' | 'connecting' | 'receiving' | 'silent' | 'error';

/** What there is to say of one endpoint. */
export interface EndpointCounters extends LiveSource {
  readonly state: LiveConnection;
  /** Whether there is a connection. */
  readonly isConnected: boolean;
  /** What is wrong and what is done about it; null when nothing is. */
  readonly text: string | null;
  readonly hz: number;
  readonly bytesPerSecond: number;
  /** 0 before the first train. */
  readonly lastTrainId: number;
  readonly received: number;
  /** Train ids between two messages that did not come. */
  readonly missing: number;
  /** Messages that could not be read. */
  readonly invalid: number;
  /** ms from the newest time stamp of the last message to its reception; null where it had none. */
  readonly latencyMs: number | null;
}

/** What there is to say of one source of one endpoint. */
export interface SourceCounters {
  readonly name: string;
  readonly endpoint: string;
  readonly kind: 'pipeline' | 'control';
  readonly hz: number;
  readonly bytesPerSecond: number;
  readonly lastTrainId: number;
  /** ms from its time stamp to its reception; null where it had none. */
  readonly latencyMs: number | null;
  readonly keys: readonly string[];
}

/** The keys of a source in its last train that was looked at. */
export interface SourceKeys {
  readonly name: string;
  readonly endpoint: string;
  readonly trainId: number;
  readonly keys: readonly KeyFacts[];
}

/** How a recording of the received messages stands, or how the last one ended. */
export interface RecordingState {
  readonly name: string;
  readonly path: string;
  readonly isRunning: boolean;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly elapsedMs: number;
  /** Messages, which are trains of one endpoint. */
  readonly trains: number;
  readonly bytes: number;
  /** Messages that the disk was too slow for. */
  readonly dropped: number;
  /** Train ids that did not come. */
  readonly missing: number;
  readonly firstTrainId: number | null;
  readonly lastTrainId: number | null;
  readonly maxTrains: number | null;
  readonly maxBytes: number | null;
  /** Free on its disk; null where the system does not tell. */
  readonly freeBytes: number | null;
  /** Why it ended; null while it runs. */
  readonly reason: string | null;
  /** What went wrong; null when nothing did. */
  readonly error: string | null;
}

/** What to record. */
export interface RecordingOptions {
  /** A folder that is not there yet. */
  readonly path: string;
  readonly maxTrains?: number;
  readonly maxBytes?: number;
}

/** How a recording is played into the live engine. */
export interface ReplayOptions {
  /** null = with the pauses of the recording. */
  readonly rateHz: number | null;
  /** Begins again at its end. */
  readonly isLooped: boolean;
  /** The first train: this one or the next later; null = from the start. */
  readonly trainId: number | null;
}

/** What can be changed while it plays; what is left out stays. */
export interface ReplayChange {
  readonly isPaused?: boolean;
  readonly isLooped?: boolean;
  readonly rateHz?: number | null;
  /** Goes on from this train or the next later one. */
  readonly trainId?: number;
}

/** A recording that is played. */
export interface ReplayState {
  readonly name: string;
  readonly path: string;
  /** Where the engine listens to it. */
  readonly endpoint: string;
  readonly messages: number;
  /** Messages sent of this round. */
  readonly position: number;
  readonly trainId: number | null;
  readonly firstTrainId: number | null;
  readonly lastTrainId: number | null;
  readonly rateHz: number | null;
  readonly isLooped: boolean;
  readonly isPaused: boolean;
  /** The last message was sent, and it is not looped. */
  readonly hasEnded: boolean;
  /** Damaged messages that were left out, and what is wrong with the last of them. */
  readonly leftOut: number;
  readonly warning: string | null;
  readonly error: string | null;
}

/** Which trains somebody wants: those with a source and a key whose whole names fit; only what fits is handed out. */
export interface TrainFilter {
  readonly source: RegExp;
  readonly key: RegExp;
}

/** Somebody who wants trains. */
export interface TrainWatch {
  /** The last train was dealt with; the next one that comes may be sent. */
  ready(): void;
  close(): void;
}

/** What a watcher is handed: a train of its own memory, or why there is none. */
export type WatchedTrain = { readonly train: Train } | { readonly refused: string };

/** Counters and rates of a live engine; the fields of the API's live status without its envelope. */
export interface LiveCounters {
  /** The best of the endpoints' states. */
  readonly connection: LiveConnection;
  /** Endpoints that are on, with commas between. */
  readonly endpoint: string;
  readonly endpoints: readonly EndpointCounters[];
  readonly detector: string;
  readonly trainId: number;
  readonly pulses: number;
  readonly receivedHz: number;
  readonly processedHz: number;
  readonly received: number;
  readonly processed: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly latencyMs: { readonly last: number; readonly p50: number; readonly p95: number };
  readonly stagesMs: readonly { readonly stage: string; readonly ms: number }[];
  readonly sources: readonly SourceCounters[];
  readonly lastError: { readonly at: number; readonly text: string } | null;
  readonly version: number;
}

/** What a server needs of the live engine: it is handed one as an argument and never builds it. */
export interface LiveEngine {
  readonly settings: LiveSettings;
  readonly version: number;
  /** Takes effect on the next train. @throws StateInvalid naming the field, EndpointInvalid */
  applySettings(settings: LiveSettings): number;
  counters(): LiveCounters;
  /** The detector that comes in, or null before the first train. */
  shown(): ShownDetector | null;
  /** The newest result, or null before the first train. */
  latest(): LiveResult | null;
  /** Calls back on each result; returns the call that ends it. Slow listeners must drop, never wait. */
  onResult(listener: (result: LiveResult) => void): () => void;
  /** Keys of all sources with their types, shapes and last scalars; at most half a second old. */
  sourceKeys(): readonly SourceKeys[];
  /** Hands out trains as they are received, the next one only when the last was dealt with: a slow watcher misses trains. */
  watchTrains(filter: TrainFilter, onTrain: (watched: WatchedTrain) => void): TrainWatch;
  /** Recording in work, or the last one; null before the first. */
  recording(): RecordingState | null;
  /** Records all that is received, byte for byte. @throws StateInvalid (one runs already, folder is there), FileUnreadable */
  startRecording(options: RecordingOptions): Promise<RecordingState>;
  /** Comes back when all is on the disk. @throws StateInvalid if none runs */
  stopRecording(): Promise<RecordingState>;
  /** The recording that is played, or null. */
  replay(): ReplayState | null;
  /**
   * Plays a recording as one more source; the others are switched off meanwhile.
   * @throws StateInvalid (one is played already), FileUnreadable, FormatInvalid, TrainNotFound
   */
  startReplay(path: string, options: ReplayOptions): Promise<ReplayState>;
  /** @throws StateInvalid if none is played or a value is impossible, TrainNotFound */
  changeReplay(change: ReplayChange): ReplayState;
  /** Takes its source away and switches the others on again. @throws StateInvalid if none is played */
  stopReplay(): Promise<void>;
  close(): Promise<void>;
}
