import type { NdArray } from '../core/ndarray.ts';
import type { Roi } from '../core/roi.ts';

/** Everything that changes a live result. Lengths in m, pixels of the assembled image, q in 1/Angstrom. */
export interface LiveSettings {
  readonly source: { readonly endpoint: string; readonly socket: 'REQ' | 'SUB' | 'PULL' };
  readonly integration: {
    readonly centreX: number;
    readonly centreY: number;
    readonly distance: number;
    readonly photonEnergyKeV: number;
    readonly points: number;
    readonly qMin: number;
    readonly qMax: number;
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
  readonly roi: { readonly mean: number; readonly sum: number; readonly pixels: number } | null;
  /** ms since the epoch: the newest time stamp that a source gave the train; null or left out where none did. */
  readonly sentAt?: number | null;
  readonly receivedAt: number;
  readonly readyAt: number;
  readonly unit: string;
}

/** Counters and rates of a live engine; the fields of the API's live status without its envelope. */
export interface LiveCounters {
  readonly connection: 'off' | 'connecting' | 'receiving' | 'silent' | 'error';
  readonly endpoint: string;
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
  readonly sources: readonly {
    readonly name: string;
    readonly kind: 'pipeline' | 'control';
    readonly hz: number;
    readonly lastTrainId: number;
    readonly keys: readonly string[];
  }[];
  readonly lastError: { readonly at: number; readonly text: string } | null;
  readonly version: number;
}

/** What a server needs of the live engine: it is handed one as an argument and never builds it. */
export interface LiveEngine {
  readonly settings: LiveSettings;
  readonly version: number;
  /** Takes effect on the next train. @throws StateInvalid naming the field */
  applySettings(settings: LiveSettings): number;
  counters(): LiveCounters;
  /** The newest result, or null before the first train. */
  latest(): LiveResult | null;
  /** Calls back on each result; returns the call that ends it. Slow listeners must drop, never wait. */
  onResult(listener: (result: LiveResult) => void): () => void;
  close(): Promise<void>;
}
