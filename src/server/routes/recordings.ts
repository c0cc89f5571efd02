import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { recordingStateSchema, replayStateSchema } from '../../api/live-contract.ts';
import {
  changeReplaySchema,
  type RecordingsReply,
  recordingsReplySchema,
  startRecordingSchema,
  startReplaySchema,
} from '../../api/recordings-contract.ts';
import { errorReplySchema } from '../../api/run-contract.ts';
import { StateInvalid } from '../../core/errors.ts';
import type { LiveEngine } from '../../live/engine.ts';

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
}

/** Letters that no file system and no shell minds. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Routes of recordings: list, start, stop; and of the replay of one into the live engine. */
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
      return { folder, freeBytes, mayOpenPaths, recordings: listed as RecordingsReply['recordings'] };
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
