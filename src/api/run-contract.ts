import { z } from 'zod';

/** GET `/api/proposals` */
export const proposalSchema = z.object({
  proposal: z.string(),
  instrument: z.string(),
  cycle: z.string(),
  path: z.string(),
  runs: z.int(),
});
export type Proposal = z.infer<typeof proposalSchema>;

/** GET `/api/proposals/:proposal/runs`: one row a run, newest first. */
export const runRowSchema = z.object({
  run: z.int(),
  hasRaw: z.boolean(),
  hasProc: z.boolean(),
  files: z.int(),
  sizeBytes: z.number(),
  trains: z.int(),
  firstTrainId: z.number().nullable(),
  lastTrainId: z.number().nullable(),
  /** Start in ms since the epoch, or null where the files do not tell. */
  startedAt: z.number().nullable(),
  durationS: z.number(),
  sample: z.string(),
  runType: z.string(),
  detectors: z.array(z.string()),
  /** Files left out or wrong, one line each. */
  problems: z.array(z.string()),
});
export type RunRow = z.infer<typeof runRowSchema>;

/** GET `/api/runs/:proposal/:run?data=raw|proc` */
export const runInfoSchema = z.object({
  proposal: z.string(),
  run: z.int(),
  data: z.string(),
  path: z.string(),
  trains: z.int(),
  firstTrainId: z.number().nullable(),
  lastTrainId: z.number().nullable(),
  metadata: z.record(z.string(), z.union([z.string(), z.number()])),
  sources: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['pipeline', 'control']),
      /** Heading of the tree: Detector, XGM, Digitizers, Cameras, Motors, .. */
      group: z.string(),
      /** Trains with data. */
      trains: z.int(),
    }),
  ),
  detectors: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      modules: z.array(z.int()),
      isRaw: z.boolean(),
      /** Whether dark constants were found beside the run, so that frames can be shown corrected. */
      isCorrectable: z.boolean(),
      trains: z.int(),
      maxPulses: z.int(),
    }),
  ),
  skippedFiles: z.array(z.object({ file: z.string(), reason: z.string() })),
});
export type RunInfo = z.infer<typeof runInfoSchema>;

/** GET `/api/runs/:proposal/:run/keys?source=..&data=..` */
export const keyInfoSchema = z.object({
  key: z.string(),
  dtype: z.string(),
  entryShape: z.array(z.int()),
  units: z.string(),
  entries: z.int(),
});
export type KeyInfo = z.infer<typeof keyInfoSchema>;

/**
 * `meta` of the binary frame of kind "series" (GET `/api/runs/:proposal/:run/series?source=..&key=..&data=..`).
 * Arrays: `trainId` (n) float64; `value` (n) float64, mean of the entry's elements; for entries of more than one element
 * also `low` and `high` (n): 16 % and 84 % quantiles.
 */
export interface SeriesMeta {
  readonly source: string;
  readonly key: string;
  readonly units: string;
  readonly entryShape: readonly number[];
}

/**
 * `meta` of the binary frame of kind "detector" (GET
 * `/api/runs/:proposal/:run/frame?detector=..&train=INDEX&pulse=INDEX&view=raw|corrected&data=..`).
 * Arrays: `image` (y, x) float32, NaN in gaps, missing modules and masked pixels.
 */
export interface DetectorFrameMeta {
  readonly detector: string;
  readonly trainId: number;
  readonly pulseId: number;
  readonly cellId: number;
  readonly pulses: number;
  readonly modules: readonly number[];
  readonly unit: string;
  readonly view: 'raw' | 'corrected';
}

/** GET `/api/geometry`: where a pixel of the assembled image is, for read-outs and rings. */
export const geometryInfoSchema = z.object({
  detector: z.string(),
  /** (height, width) in pixels. */
  shape: z.tuple([z.int(), z.int()]),
  /** Where the beam should hit, (y, x) in pixels. */
  centre: z.tuple([z.number(), z.number()]),
  pixelSize: z.number(),
  /** Rectangles of tiles in the image: module, tile, x, y, width, height, and how ss and fs run: +-1 along (y, x). */
  tiles: z.array(
    z.object({
      module: z.int(),
      tile: z.int(),
      x: z.int(),
      y: z.int(),
      width: z.int(),
      height: z.int(),
      ssStart: z.int(),
      fsStart: z.int(),
      ssDirection: z.tuple([z.int(), z.int()]),
      fsDirection: z.tuple([z.int(), z.int()]),
    }),
  ),
});
export type GeometryInfo = z.infer<typeof geometryInfoSchema>;

/** GET `/api/status` */
export const serverStatusSchema = z.object({
  name: z.literal('hutch'),
  version: z.string(),
  isDemo: z.boolean(),
  dataRoot: z.string().nullable(),
  startedAt: z.number(),
});
export type ServerStatus = z.infer<typeof serverStatusSchema>;

/** Body of every reply with status >= 400. */
export const errorReplySchema = z.object({
  error: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export type ErrorReply = z.infer<typeof errorReplySchema>;
