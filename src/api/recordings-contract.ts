import { z } from 'zod';

/** Reply of GET `/api/recordings`. */
export const recordingsReplySchema = z.object({
  folder: z.string(),
  /** Free on the folder's disk; null if not known. */
  freeBytes: z.number().nullable(),
  /** Whether a replay may be of any folder of the server's computer. */
  mayOpenPaths: z.boolean(),
  /** Whether recordings may be deleted by this server's pages. */
  mayDelete: z.boolean(),
  /** Newest first. */
  recordings: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      messages: z.int(),
      bytes: z.number(),
      firstTrainId: z.number().nullable(),
      lastTrainId: z.number().nullable(),
      /** ms since the epoch. */
      startedAt: z.number().nullable(),
      durationMs: z.number(),
      endpoints: z.array(z.string()),
      sources: z.array(z.string()),
      dropped: z.int(),
      missing: z.int(),
      /** False while it is made, or if its recorder was killed. */
      isClosed: z.boolean(),
      warnings: z.array(z.string()),
    }),
  ),
});
export type RecordingsReply = z.infer<typeof recordingsReplySchema>;

/** Path of GET `/api/recordings/:name/archive` and DELETE `/api/recordings/:name`. */
export const recordingNameSchema = z.object({ name: z.string().max(100) });

/** Body of POST `/api/recordings`: what is left out has no limit; without a name it is the time. */
export const startRecordingSchema = z.object({
  name: z.string().max(100).optional(),
  maxTrains: z.int().min(1).optional(),
  maxBytes: z.number().min(1).optional(),
});
export type StartRecording = z.infer<typeof startRecordingSchema>;

/** Body of POST `/api/replay`: a recording by its name, or a folder of the server's computer. */
export const startReplaySchema = z.object({
  name: z.string().max(200).optional(),
  path: z.string().max(4000).optional(),
  /** null = with the pauses of the recording. */
  rateHz: z.number().nullable().default(null),
  isLooped: z.boolean().default(false),
  /** The first train: this one or the next later. */
  trainId: z.number().nullable().default(null),
});
/** {@link startReplaySchema} as it is sent: what has a default may be left out. */
export type StartReplay = z.input<typeof startReplaySchema>;

/** Body of PATCH `/api/replay`: what is left out stays. */
export const changeReplaySchema = z.object({
  isPaused: z.boolean().optional(),
  isLooped: z.boolean().optional(),
  rateHz: z.number().nullable().optional(),
  /** Goes on from this train or the next later one. */
  trainId: z.number().optional(),
});
export type ChangeReplay = z.infer<typeof changeReplaySchema>;
