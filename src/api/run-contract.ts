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
      /** Trains with data. */
      trains: z.int(),
      /** Entries over all trains, of the index group that has most. */
      entries: z.int(),
      /** Fewest and most entries of a train with data. */
      fewest: z.int(),
      most: z.int(),
      aliases: z.array(z.string()),
    }),
  ),
  /** Sources that are not of the experiment: old names, and what the recording says of itself. */
  otherSources: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['legacy', 'reduction', 'errata']),
      /** Of a legacy name: the name that has the data. */
      target: z.string().nullable(),
      trains: z.int(),
      entries: z.int(),
    }),
  ),
  /** Headings of the source tree in their order, as `lsxfel` groups sources. */
  groups: z.array(
    z.object({
      title: z.string(),
      /** What all of its sources have in common, such as a detector's frames. */
      detail: z.string(),
      /** Sources with similar names are one row: `SPB_IRU_MOT/MOTOR/X{1-2}`. */
      rows: z.array(z.object({ text: z.string(), names: z.array(z.string()) })),
    }),
  ),
  /** All trains as ranges [first id, count]. */
  trainRanges: z.array(z.tuple([z.number(), z.int()])),
  /** Short names of the proposal, also of what this run lacks. */
  aliases: z.array(
    z.object({ alias: z.string(), source: z.string(), key: z.string().nullable(), isThere: z.boolean() }),
  ),
  /** Where proposals are on the server; null for a run that is not below a data root. */
  dataRoot: z.string().nullable(),
  detectors: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      modules: z.array(z.int()),
      isRaw: z.boolean(),
      /** Whether dark constants were found beside the run, so that frames can be shown corrected. */
      isCorrectable: z.boolean(),
      trains: z.int(),
      trainRanges: z.array(z.tuple([z.number(), z.int()])),
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
  /** Trains with data. */
  trains: z.int(),
  /** Most entries of a train. */
  most: z.int(),
  /** What can be shown of it. */
  kind: z.enum(['number', 'text', 'record', 'unreadable']),
  /** Names and types of the fields of a record. */
  fields: z.array(z.object({ name: z.string(), dtype: z.string() })),
  aliases: z.array(z.string()),
});
export type KeyInfo = z.infer<typeof keyInfoSchema>;

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
  /** Size of an image pixel, (y, x) in m: not square for hexagons and strips. */
  pitch: z.tuple([z.number(), z.number()]),
  /** Rows 1, 3, .. of a tile (along ss) lie `oddRowShift` pixels further along fs than the picture's grid says. */
  pixel: z.object({ oddRowShift: z.number(), isHexagon: z.boolean() }),
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
