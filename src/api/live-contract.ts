import { z } from 'zod';

/** The live page's state document: everything that changes a result, and nothing that does not. */
export const liveStateSchema = z.object({
  source: z.object({
    /** Bridge endpoint, `tcp://host:port` or `ipc://path`. */
    endpoint: z.string().min(1),
    socket: z.enum(['REQ', 'SUB', 'PULL']),
  }),
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

/** Reply of GET and PUT `/api/live/state`: the document with the version that frames carry. */
export const liveStateReplySchema = z.object({ version: z.int(), state: liveStateSchema });
export type LiveStateReply = z.infer<typeof liveStateReplySchema>;

/** Where the live source stands: what the lamp on the status strip says. */
export const liveConnectionSchema = z.enum(['off', 'connecting', 'receiving', 'silent', 'error']);

/** Sent as JSON text over the live channel (type "status"), 4 times a second; also GET `/api/live/status`. */
export const liveStatusSchema = z.object({
  type: z.literal('status'),
  connection: liveConnectionSchema,
  endpoint: z.string(),
  detector: z.string(),
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
      kind: z.enum(['pipeline', 'control']),
      hz: z.number(),
      lastTrainId: z.number(),
      keys: z.array(z.string()),
    }),
  ),
  lastError: z.object({ at: z.number(), text: z.string() }).nullable(),
  version: z.int(),
  viewers: z.int(),
  /** The server's clock when it sent this, ms since the epoch: a browser's clock may be another. */
  serverTime: z.number(),
});
export type LiveStatus = z.infer<typeof liveStatusSchema>;

/**
 * `meta` of the binary frame of kind "live" (arrays: `image` (y, x) float32, keV per pixel, NaN in gaps and masked
 * pixels; `q` (points) float32, 1/Angstrom; `intensity` (points) float32, NaN where no pixel falls).
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
  /** 'keV' when corrected, 'ADU' when raw. */
  readonly unit: string;
}

/** What a viewer sends over the live channel: a frame was drawn, the next may come. */
export const liveAckSchema = z.object({ type: z.literal('ack'), sequence: z.int() });
