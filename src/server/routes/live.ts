import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import {
  type LiveKeys,
  type LiveState,
  liveAckSchema,
  liveKeysQuerySchema,
  liveKeysSchema,
  liveStateInputSchema,
  liveStateReplySchema,
  liveStatusSchema,
} from '../../api/live-contract.ts';
import { errorReplySchema, type GeometryInfo, geometryInfoSchema } from '../../api/run-contract.ts';
import { StateInvalid } from '../../core/errors.ts';
import type { LiveEngine } from '../../live/engine.ts';
import { LiveViewers } from '../live-viewers.ts';

/** Live routes: the state document, the picture's tiles, the counters, the keys of a source, and the channel of binary frames. */
export function addLiveRoutes(app: FastifyInstance, engine: LiveEngine, geometry: GeometryInfo): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const viewers = new LiveViewers(engine);
  app.addHook('onClose', async () => viewers.close());

  routes.get('/api/live/state', { schema: { tags: ['live'], response: { 200: liveStateReplySchema } } }, () => ({
    version: engine.version,
    state: documentOf(engine),
  }));

  routes.put(
    '/api/live/state',
    {
      schema: {
        tags: ['live'],
        body: liveStateInputSchema,
        response: { 200: liveStateReplySchema, '4xx': errorReplySchema },
      },
    },
    ({ body }) => {
      if (body.integration.qMax <= body.integration.qMin) {
        throw new StateInvalid(
          `integration.qMax = ${body.integration.qMax} must be larger than qMin = ${body.integration.qMin}.`,
          { field: 'integration.qMax' },
        );
      }
      return { version: engine.applySettings(body), state: body };
    },
  );

  routes.get(
    '/api/live/geometry',
    { schema: { tags: ['live'], response: { 200: geometryInfoSchema } } },
    // Before the first train the one that is expected.
    () => engine.shown()?.geometry ?? geometry,
  );

  routes.get('/api/live/status', { schema: { tags: ['live'], response: { 200: liveStatusSchema } } }, () =>
    viewers.status(),
  );

  routes.get(
    '/api/live/keys',
    {
      schema: {
        tags: ['live'],
        querystring: liveKeysQuerySchema,
        response: { 200: liveKeysSchema, '4xx': errorReplySchema },
      },
    },
    // A source that is silent for some seconds is no mistake of who asks: it has no keys.
    ({ query: { source, endpoint } }) =>
      structuredClone(
        engine
          .sourceKeys()
          .filter((each) => each.name === source && (endpoint === undefined || each.endpoint === endpoint)),
      ) as LiveKeys,
  );

  app.get('/api/live/frames', { websocket: true }, (socket) => {
    const viewer = viewers.add({
      sendBinary: (bytes) => socket.send(bytes, { binary: true }),
      sendText: (text) => socket.send(text),
      bufferedBytes: () => socket.bufferedAmount,
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary || data.length > 10_000) return socket.close(1003, 'text only');
      const ack = liveAckSchema.safeParse(parseJson(data.toString()));
      if (!ack.success) return socket.close(1003, 'expected {"type":"ack","sequence":N}');
      viewer.acknowledge(ack.data.sequence);
    });
    socket.on('close', () => viewer.leave());
    socket.on('error', () => viewer.leave());
  });
}

function documentOf({ settings }: LiveEngine): LiveState {
  return { ...settings, sources: settings.sources.map((source) => ({ ...source })) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
