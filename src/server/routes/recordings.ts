import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { recordingStateSchema, replayStateSchema } from '../../api/live-contract.ts';
import {
  changeReplaySchema,
  type RecordingsReply,
  recordingNameSchema,
  recordingsReplySchema,
  startRecordingSchema,
  startReplaySchema,
} from '../../api/recordings-contract.ts';
import { type ErrorReply, errorReplySchema } from '../../api/run-contract.ts';
import { StateInvalid } from '../../core/errors.ts';
import type { LiveEngine } from '../../live/engine.ts';
import { streamOf } from '../byte-stream.ts';

/** Folder of bridge recordings; an adapter is handed in. */
export interface RecordingsPort {
  readonly folder: string;
  /** Newest first. @throws FileUnreadable */
  list(): Promise<readonly Readonly<Record<keyof RecordingsReply['recordings'][number], unknown>>[]>;
  freeBytes(): Promise<number | null>;
  /** Where a recording of that name is or would be. */
  pathOf(name: string): string;
  /** Where a path leads to. */
  resolve(path: string): string;
  /** The recording of that name as one file: bytes [start, stop) of it when they are asked for. @throws NoData, FileUnreadable */
  archive(name: string): Promise<{
    readonly name: string;
    readonly bytes: number;
    readonly tag: string;
    read(start: number, stop: number): AsyncIterable<Uint8Array>;
  }>;
  /** @throws NoData, FileUnreadable, StateInvalid */
  remove(name: string): Promise<void>;
  /** Whether two paths lead to the same folder. */
  isSame(path: string, other: string): Promise<boolean>;
}

/** Letters that no file system and no shell minds. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Routes of recordings: list, start, stop, download, delete; and of the replay of one into the live engine. */
export function addRecordingRoutes(
  app: FastifyInstance,
  engine: LiveEngine,
  recordings: RecordingsPort,
  { mayOpenPaths }: { readonly mayOpenPaths: boolean },
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['recordings'];
  const failure = { '4xx': errorReplySchema };

  routes.get(
    '/api/recordings',
    { schema: { tags, response: { 200: recordingsReplySchema, ...failure } } },
    async () => {
      const [listed, freeBytes] = await Promise.all([recordings.list(), recordings.freeBytes()]);
      const { folder } = recordings;
      return {
        folder,
        freeBytes,
        mayOpenPaths,
        mayDelete: mayOpenPaths,
        recordings: listed as RecordingsReply['recordings'],
      };
    },
  );

  routes.post(
    '/api/recordings',
    { schema: { tags, body: startRecordingSchema, response: { 200: recordingStateSchema, ...failure } } },
    ({ body: { name, ...limits } }) =>
      engine.startRecording({ path: recordings.pathOf(checkName(name || nameOfNow(new Date()))), ...limits }),
  );

  routes.post('/api/recordings/stop', { schema: { tags, response: { 200: recordingStateSchema, ...failure } } }, () =>
    engine.stopRecording(),
  );

  /** @throws StateInvalid while it is recorded */
  const checkDone = async (path: string) => {
    const recording = engine.recording();
    if (recording?.isRunning && (await recordings.isSame(recording.path, path)))
      throw new StateInvalid(`"${recording.name}" is being recorded: stop it first.`, { field: 'name' });
  };

  routes.get(
    '/api/recordings/:name/archive',
    // A HEAD that is made of this one would read all of the archive.
    { exposeHeadRoute: false, schema: { tags, params: recordingNameSchema } },
    async ({ params, headers }, reply) => {
      const name = checkName(params.name);
      await checkDone(recordings.pathOf(name));
      const archive = await recordings.archive(name);
      const tag = `"${archive.tag}"`;
      reply.header('content-disposition', `attachment; filename="${archive.name}"`);
      reply.header('accept-ranges', 'bytes').header('etag', tag).type('application/x-tar');
      const range = headers['if-range'] === undefined || headers['if-range'] === tag ? headers.range : undefined;
      const wanted = byteRange(range, archive.bytes);
      if (wanted === 'none') {
        const body: ErrorReply = {
          error: 'StateInvalid',
          message: `${archive.name} has ${archive.bytes} bytes, "${headers.range}" is none of them.`,
          details: { bytes: archive.bytes },
        };
        reply.removeHeader('content-disposition').removeHeader('etag');
        return reply.code(416).header('content-range', `bytes */${archive.bytes}`).type('application/json').send(body);
      }
      const [start, stop] = wanted ?? [0, archive.bytes];
      if (wanted) reply.code(206).header('content-range', `bytes ${start}-${stop - 1}/${archive.bytes}`);
      return reply.header('content-length', stop - start).send(streamOf(archive.read(start, stop)));
    },
  );

  routes.delete(
    '/api/recordings/:name',
    { schema: { tags, params: recordingNameSchema, response: { 204: z.undefined(), ...failure } } },
    async ({ params }, reply) => {
      const name = checkName(params.name);
      if (!mayOpenPaths)
        throw new StateInvalid(
          'This server is open to other computers, so that it deletes no recording. Delete it on its own computer.',
          { field: 'name' },
        );
      const path = recordings.pathOf(name);
      await checkDone(path);
      const replay = engine.replay();
      if (replay && (await recordings.isSame(replay.path, path)))
        throw new StateInvalid(`"${name}" is being replayed: stop it first.`, { field: 'name' });
      await recordings.remove(name);
      return reply.code(204).send(undefined);
    },
  );

  routes.post(
    '/api/replay',
    { schema: { tags, body: startReplaySchema, response: { 200: replayStateSchema, ...failure } } },
    ({ body: { name, path, ...options } }) => {
      if ((name === undefined) === (path === undefined))
        throw new StateInvalid('Give the name of a recording or the path of its folder, one of them.', {
          field: 'name',
        });
      if (path === undefined) return engine.startReplay(recordings.pathOf(checkName(name as string)), options);
      if (!mayOpenPaths)
        throw new StateInvalid(
          'This server is open to other computers, so that it plays only recordings of its own folder. Give a name.',
          { field: 'path' },
        );
      return engine.startReplay(recordings.resolve(path), options);
    },
  );

  routes.patch(
    '/api/replay',
    { schema: { tags, body: changeReplaySchema, response: { 200: replayStateSchema, ...failure } } },
    ({ body }) => engine.changeReplay(body),
  );

  routes.delete('/api/replay', { schema: { tags, response: { 204: z.undefined(), ...failure } } }, async (_, reply) => {
    await engine.stopReplay();
    return reply.code(204).send(undefined);
  });
}

/**
 * The bytes [start, stop) that a request asks for; null for all, also where it asks in a way that may be left out (several
 * ranges, other units); `none` if there are no such bytes. @source RFC 9110, range requests
 */
function byteRange(header: string | undefined, bytes: number): readonly [number, number] | null | 'none' {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (!first && !last) return null;
  if (!first) return Number(last) === 0 ? 'none' : [Math.max(0, bytes - Number(last)), bytes];
  if (last && Number(last) < Number(first)) return null;
  if (Number(first) >= bytes) return 'none';
  return [Number(first), last ? Math.min(Number(last) + 1, bytes) : bytes];
}

/** @throws StateInvalid */
function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new StateInvalid(
    `"${name}" is no name for a recording: letters, digits, dot, dash and underscore, at most 100, the first no sign.`,
    { field: 'name' },
  );
}

/** `20240131-235959`, UTC. */
function nameOfNow(now: Date): string {
  return now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
}
