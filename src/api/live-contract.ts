import { z } from 'zod';

/** One bridge of the live page. */
export const liveSourceSchema = z.object({
  /** `tcp://host:port` or `ipc://path`. */
  endpoint: z.string().min(1).max(500),
  socket: z.enum(['REQ', 'SUB', 'PULL']),
  /** Off: it stays in the document, and nothing is received from it. */
  isOn: z.boolean(),
});

/** The live page's state document: everything that changes a result, and nothing that does not. */
export const liveStateSchema = z.object({
  /** All bridges whose trains are put together. */
  sources: z.array(liveSourceSchema).max(16),
  integration: z.object({
    /** Beam centre in pixels of the assembled image. */
    centreX: z.number().min(-10_000).max(10_000),
    centreY: z.number().min(-10_000).max(10_000),
    /** Sample to detector, m. */
    distance: z.number().gt(0).max(100),
    photonEnergyKeV: z.number().gt(0).max(200),
    points: z.int().min(2).max(8192),
    /** 1/Angstrom. */
    qMin: z.number().min(0).max(100),
    qMax: z.number().gt(0).max(100),
    /** How pixels are shared among bins; `no` when left out. */
    method: z.enum(['no', 'bbox', 'pseudo', 'full']).optional(),
    /** Whether every pulse is integrated, too. */
    isPerPulse: z.boolean().optional(),
  }),
  roi: z.object({
    isOn: z.boolean(),
    x: z.int().min(-10_000).max(10_000),
    y: z.int().min(-10_000).max(10_000),
    width: z.int().min(1).max(10_000),
    height: z.int().min(1).max(10_000),
  }),
  /** Trains in the moving average of the image; 1 = none. */
  movingAverage: z.int().min(1).max(1000),
  isCorrected: z.boolean(),
});
export type LiveState = z.infer<typeof liveStateSchema>;

/** A state document as it is taken: those of before had one `source` without a switch. */
export const liveStateInputSchema = z.preprocess((document) => {
  if (typeof document !== 'object' || document === null || !('source' in document) || 'sources' in document)
    return document;
  const { source, ...rest } = document;
  return { ...rest, sources: [typeof source === 'object' ? { ...source, isOn: true } : source] };
}, liveStateSchema);

/** Reply of GET and PUT `/api/live/state`: the document with the version that frames carry. */
export const liveStateReplySchema = z.object({ version: z.int(), state: liveStateSchema });
export type LiveStateReply = z.infer<typeof liveStateReplySchema>;

/** Where the live source stands: what the lamp on the status strip says. */
export const liveConnectionSchema = z.enum(['off', 'connecting', 'receiving', 'silent', 'error']);

/** How a recording of the received messages stands, or how the last one ended. */
export const recordingStateSchema = z.object({
  name: z.string(),
  path: z.string(),
  isRunning: z.boolean(),
  /** ms since the epoch. */
  startedAt: z.number(),
  elapsedMs: z.number(),
  /** Messages, which are trains of one endpoint. */
  trains: z.int(),
  bytes: z.number(),
  /** Messages that the disk was too slow for. */
  dropped: z.int(),
  /** Train ids that did not come. */
  missing: z.int(),
  firstTrainId: z.number().nullable(),
  lastTrainId: z.number().nullable(),
  maxTrains: z.int().nullable(),
  maxBytes: z.number().nullable(),
  freeBytes: z.number().nullable(),
  /** Why it ended; null while it runs. */
  reason: z.string().nullable(),
  error: z.string().nullable(),
});
export type RecordingStatus = z.infer<typeof recordingStateSchema>;

/** A recording that is played into the live engine. */
export const replayStateSchema = z.object({
  name: z.string(),
  path: z.string(),
  /** The source of the state document that it is. */
  endpoint: z.string(),
  messages: z.int(),
  /** Messages sent of this round. */
  position: z.int(),
  trainId: z.number().nullable(),
  firstTrainId: z.number().nullable(),
  lastTrainId: z.number().nullable(),
  /** null = with the pauses of the recording. */
  rateHz: z.number().nullable(),
  isLooped: z.boolean(),
  isPaused: z.boolean(),
  hasEnded: z.boolean(),
  /** Damaged messages that were left out, and what is wrong with the last of them. */
  leftOut: z.int(),
  warning: z.string().nullable(),
  error: z.string().nullable(),
});
export type ReplayStatus = z.infer<typeof replayStateSchema>;

/** The detector that the results are of; its picture's tiles are at GET `/api/live/geometry`. */
export const shownDetectorSchema = z.object({
  /** Grows whenever another one is shown. */
  sequence: z.int(),
  /** As its sources are named. */
  name: z.string(),
  /** Name of its record, such as `AGIPD1M`. */
  kind: z.string(),
  /** (module, ss, fs). */
  dataShape: z.tuple([z.int(), z.int(), z.int()]),
  /** Where its geometry was read from; null where it is placed as its example is. */
  geometryPath: z.string().nullable(),
});

/** Sent as JSON text over the live channel (type "status"), 4 times a second; also GET `/api/live/status`. */
export const liveStatusSchema = z.object({
  type: z.literal('status'),
  connection: liveConnectionSchema,
  /** Endpoints that are on, with commas between. */
  endpoint: z.string(),
  endpoints: z.array(
    liveSourceSchema.extend({
      state: liveConnectionSchema,
      isConnected: z.boolean(),
      /** What is wrong and what is done about it; null when nothing is. */
      text: z.string().nullable(),
      hz: z.number(),
      bytesPerSecond: z.number(),
      /** 0 before the first train. */
      lastTrainId: z.number(),
      received: z.int(),
      /** Train ids between two messages that did not come. */
      missing: z.int(),
      /** Messages that could not be read. */
      invalid: z.int(),
      /** ms from the newest time stamp of the last message to its reception. */
      latencyMs: z.number().nullable(),
    }),
  ),
  detector: z.string(),
  /** null before the first train. */
  shown: shownDetectorSchema.nullable(),
  trainId: z.number(),
  pulses: z.int(),
  /** Trains per second over the last 3 s. */
  receivedHz: z.number(),
  processedHz: z.number(),
  received: z.int(),
  processed: z.int(),
  /** Reason -> trains. */
  dropped: z.record(z.string(), z.int()),
  /** ms from reception to result, of the last train, and percentiles over the last 100. */
  latencyMs: z.object({ last: z.number(), p50: z.number(), p95: z.number() }),
  /** Stage -> ms of the last train, in pipeline order. */
  stagesMs: z.array(z.object({ stage: z.string(), ms: z.number() })),
  sources: z.array(
    z.object({
      name: z.string(),
      endpoint: z.string(),
      kind: z.enum(['pipeline', 'control']),
      hz: z.number(),
      bytesPerSecond: z.number(),
      lastTrainId: z.number(),
      latencyMs: z.number().nullable(),
      keys: z.array(z.string()),
    }),
  ),
  lastError: z.object({ at: z.number(), text: z.string() }).nullable(),
  version: z.int(),
  viewers: z.int(),
  /** The recording in work, or the last one; null before the first. */
  recording: recordingStateSchema.nullable(),
  /** The recording that is played; null when none is. */
  replay: replayStateSchema.nullable(),
  /** The server's clock when it sent this, ms since the epoch: a browser's clock may be another. */
  serverTime: z.number(),
});
export type LiveStatus = z.infer<typeof liveStatusSchema>;

/**
 * `meta` of the binary frame of kind "live" (arrays: `image` (y, x) float32, keV per pixel, NaN in gaps and masked
 * pixels; `q` (points) float32, 1/Angstrom; `intensity` (points) float32, NaN where no pixel falls; `pulseIntensity`
 * (pulse, points) float32, the same of each pulse, where the state has `integration.isPerPulse`).
 */
export interface LiveFrameMeta {
  readonly sequence: number;
  readonly trainId: number;
  readonly pulses: number;
  /** Version of the state document that made it. */
  readonly version: number;
  /** Mean of the corrected pixels in the ROI, and how many valid pixels; null when the ROI is off or empty. */
  readonly roi: { readonly mean: number; readonly sum: number; readonly pixels: number } | null;
  /** ms since the epoch: the time stamp that the train's source gave it; null where there was none. */
  readonly sentAt: number | null;
  /** ms since the epoch: when the train was received, and when the result was ready. */
  readonly receivedAt: number;
  readonly readyAt: number;
  /** 'keV' when corrected, 'ADU' when raw or of a detector whose correction gives no energies. */
  readonly unit: string;
  /** `sequence` of the detector that it is of: see `shown` of the status. */
  readonly detector: number;
  /** What must be known of the picture: positions of an example, raw counts instead of corrected ones. */
  readonly notes: readonly string[];
}

/** What a viewer sends over the live channel: a frame was drawn, the next may come. */
export const liveAckSchema = z.object({ type: z.literal('ack'), sequence: z.int() });

/** Query of GET `/api/live/keys`. */
export const liveKeysQuerySchema = z.object({ source: z.string(), endpoint: z.string().optional() });

/** Reply of GET `/api/live/keys`: what a source's keys are now, once for each endpoint that sends it. */
export const liveKeysSchema = z.array(
  z.object({
    name: z.string(),
    endpoint: z.string(),
    trainId: z.number(),
    keys: z.array(
      z.object({
        key: z.string(),
        /** dtype of an array, else int, float, bool, text, bytes, list, map or none. */
        type: z.string(),
        shape: z.array(z.int()).nullable(),
        /** Of a scalar or an array of one element. */
        value: z.string().nullable(),
      }),
    ),
  }),
);
export type LiveKeys = z.infer<typeof liveKeysSchema>;

/** Query of the channel `/api/bridge/trains`: shell patterns for whole names. */
export const trainsQuerySchema = z.object({
  source: z.string().max(1000).default('*'),
  key: z.string().max(1000).default('*'),
});

/** What a reader sends over the channel of trains: the last one was dealt with, the next may come. */
export const trainsNextSchema = z.object({ type: z.literal('next') });
