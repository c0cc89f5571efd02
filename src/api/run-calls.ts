import { z } from 'zod';
import type { Frame } from './frames.ts';
import { type DetectorFrameMeta, geometryInfoSchema, keyInfoSchema, runInfoSchema } from './run-contract.ts';

/**
 * What was left out so that a reply has a bounded size; the pages say it beside the picture.
 * `trainsRead` of `trains` were read; each point stands for `trainsPerPoint` trains or `elementsPerPoint` elements.
 */
export interface Reduction {
  readonly trains: number;
  readonly trainsRead: number;
  readonly trainsPerPoint: number;
  readonly elementsPerPoint: number;
}

interface PlotMeta {
  readonly source: string;
  readonly key: string;
  readonly field: string;
  readonly units: string;
  readonly entryShape: readonly number[];
  readonly reduction: Reduction;
}

/**
 * `meta` of a "series" frame: one point for each train with data.
 * Arrays, all (n) float64: `trainId`; `time`, ms since the epoch, NaN where the files do not say; `value`, the mean of the
 * train's values, or the chosen one of them; where a train has several, also `low` and `high`: their 16 % and 84 % quantiles.
 */
export type SeriesMeta = PlotMeta;

/**
 * `meta` of a "curve" frame: the values of one train one after the other, or their mean over the trains.
 * Arrays, all (n) float64: `index`, `value`; for a mean also `low` and `high`, one standard deviation beside it; where several
 * elements are one point, `low` and `high` are the smallest and the largest of them.
 */
export interface CurveMeta extends PlotMeta {
  /** Null for the mean over the trains. */
  readonly trainId: number | null;
  /** Longest train. */
  readonly length: number;
}

/** `meta` of a "map" frame: `image` (index, train) float32, NaN where a train has no such element; `trainId` (columns) float64. */
export interface MapMeta extends PlotMeta {
  readonly length: number;
}

/** `meta` of a "picture" frame: `image` (y, x) float32 of one entry. */
export interface PictureMeta extends PlotMeta {
  readonly trainId: number;
  /** Entries of the train, and pictures in an entry of more than two axes. */
  readonly entries: number;
  readonly planes: number;
  /** (height, width) before reduction. */
  readonly fullShape: readonly number[];
}

/**
 * `meta` of a "stack" frame: `stack` (module, ss, fs) float32, NaN where a pixel is masked or a module is missing.
 * `over`: one frame, or the mean, the largest or the sum of `frames` frames that are spread evenly over the run.
 */
export interface DetectorStackMeta {
  readonly detector: string;
  readonly unit: string;
  readonly view: 'raw' | 'corrected';
  readonly over: 'one' | 'mean' | 'max' | 'sum';
  readonly frames: number;
  /** Trains that the frames are of. */
  readonly trainIds: readonly number[];
  /** Of the one frame; -1 for several, and where the data have none. */
  readonly pulseId: number;
  readonly cellId: number;
  /** Modules with data. */
  readonly modules: readonly number[];
}

/** Exact places of a detector's tiles, unlike `geometry`, which tells them on the pixel grid. */
const layoutSchema = z.object({
  /** Name of the detector's record, and its modules. */
  detector: z.string(),
  modules: z.int(),
  /** (module, tile, 3, 3): first corner, step along ss, step along fs; each (x, y, z) in m. */
  tiles: z.array(z.number()),
  /** File that they were read from, or `example`. */
  origin: z.string(),
  /** Text of that file if it is a .geom, so that saving keeps its comments and what nobody else knows; else null. */
  text: z.string().nullable(),
  /** m and keV, where the file says it. */
  distance: z.number().nullable(),
  photonEnergyKeV: z.number().nullable(),
});
export type DetectorLayout = z.infer<typeof layoutSchema>;

const keyQuery = z.object({ source: z.string(), key: z.string(), field: z.string().default('') });
const position = z.coerce.number().int().min(0);
/** A frame of `api/frames.ts`; only its type is known here. */
const frameOf = <Meta>() => z.custom<Frame<Meta>>();

/** One text of a key and the trains through which it stayed. */
const textRunSchema = z.object({ trainId: z.number(), index: z.int(), text: z.string(), entries: z.int() });

/** Where a source lacks data: see `findMissingData`. */
const presenceSchema = z.object({
  source: z.string(),
  label: z.string(),
  trains: z.int(),
  percent: z.number(),
  /** [start, stop) by train index, of trains without data; joined where there are too many to draw. */
  missing: z.array(z.tuple([z.int(), z.int()])),
});

/** Everything that a page asks of one run, as GET `/api/runs/:proposal/:run/NAME?..&data=..`; a frame is binary, all else JSON. */
export const runCalls = {
  info: { query: z.object({}), reply: runInfoSchema, isFrame: false },
  /** @param detector of the run; without it the layout of the geometry that the program was given */
  geometry: { query: z.object({ detector: z.string().optional() }), reply: geometryInfoSchema, isFrame: false },
  keys: { query: z.object({ source: z.string() }), reply: z.array(keyInfoSchema), isFrame: false },
  /** Keys of all sources, to search in. */
  keynames: { query: z.object({}), reply: z.record(z.string(), z.array(z.string())), isFrame: false },
  /** Values that a device stored once, at the start of the run. */
  runvalues: {
    query: z.object({ source: z.string() }),
    reply: z.array(z.object({ key: z.string(), text: z.string(), dtype: z.string() })),
    isFrame: false,
  },
  presence: {
    query: z.object({ percent: z.coerce.number().min(0).max(100).default(95) }),
    reply: z.object({ sources: z.int(), completeTrains: z.int(), rows: z.array(presenceSchema) }),
    isFrame: false,
  },
  texts: {
    query: keyQuery,
    reply: z.object({ entries: z.int(), changes: z.int(), rows: z.array(textRunSchema) }),
    isFrame: false,
  },
  series: {
    /** @param index of a train's values, instead of their mean */
    query: keyQuery.extend({ index: position.optional() }),
    reply: frameOf<SeriesMeta>(),
    isFrame: true,
  },
  curve: {
    /** @param train id; without it the mean over all trains */
    query: keyQuery.extend({ train: position.optional() }),
    reply: frameOf<CurveMeta>(),
    isFrame: true,
  },
  map: { query: keyQuery, reply: frameOf<MapMeta>(), isFrame: true },
  picture: {
    query: keyQuery.extend({ train: position, entry: position.default(0), plane: position.default(0) }),
    reply: frameOf<PictureMeta>(),
    isFrame: true,
  },
  frame: {
    /** @param train index of the detector's trains @param pulse index of the train's frames */
    query: z.object({
      detector: z.string(),
      train: position,
      pulse: position,
      view: z.enum(['raw', 'corrected']).default('corrected'),
    }),
    reply: frameOf<DetectorFrameMeta>(),
    isFrame: true,
  },
  stack: {
    /**
     * @param train,pulse indices as for `frame`, of one frame
     * @param trains,frames at most so many are read for a mean, maximum or sum
     */
    query: z.object({
      detector: z.string(),
      view: z.enum(['raw', 'corrected']).default('corrected'),
      over: z.enum(['one', 'mean', 'max', 'sum']).default('one'),
      train: position.default(0),
      pulse: position.default(0),
      trains: z.coerce.number().int().min(1).max(500).default(50),
      frames: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    reply: frameOf<DetectorStackMeta>(),
    isFrame: true,
  },
  layout: { query: z.object({ detector: z.string() }), reply: layoutSchema, isFrame: false },
} as const;

/** Name of a call. */
export type RunCallName = keyof typeof runCalls;
/** What a call is given by its caller; defaults may be left out. */
export type RunCallQuery<N extends RunCallName> = z.input<(typeof runCalls)[N]['query']>;
/** What a call is given by whoever parsed the query. */
export type ParsedRunCallQuery<N extends RunCallName> = z.output<(typeof runCalls)[N]['query']>;
/** What a call answers. */
export type RunCallReply<N extends RunCallName> = z.output<(typeof runCalls)[N]['reply']>;

/** Formats of exported keys. */
export const EXPORT_FORMATS = ['npy', 'csv', 'parquet'] as const;
/** GET `/api/runs/:proposal/:run/export`: a file. Header `x-hutch-size` is its length in bytes, or `x-hutch-lines` in lines. */
export const exportQuery = z.object({
  format: z.enum(EXPORT_FORMATS),
  /** JSON: [source, key] pairs. */
  keys: z
    .string()
    .max(100_000)
    .transform((text, context) => {
      try {
        return z
          .array(z.tuple([z.string(), z.string()]))
          .min(1)
          .parse(JSON.parse(text));
      } catch {
        context.addIssue({ code: 'custom', message: 'a list of [source, key] pairs in JSON is needed' });
        return z.NEVER;
      }
    }),
});
/** Format of an exported file. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
