import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { encodeFrame } from '../../api/frames.ts';
import {
  errorReplySchema,
  type GeometryInfo,
  geometryInfoSchema,
  keyInfoSchema,
  proposalSchema,
  runInfoSchema,
  runRowSchema,
} from '../../api/run-contract.ts';
import type { RunsPort } from '../run-service.ts';

const errorReplies = { '4xx': errorReplySchema, '5xx': errorReplySchema };
const proposalParam = z.object({ proposal: z.string().regex(/^p\d{6}$/) });
const runParams = proposalParam.extend({ run: z.coerce.number().int().min(0).max(9999) });
const dataQuery = z.object({ data: z.enum(['raw', 'proc', 'default', 'all']).default('default') });

/** A binary frame in the OpenAPI document; its layout is that of `api/frames.ts`. */
const binaryFrame = (description: string) => ({
  description,
  content: { 'application/octet-stream': { schema: z.any() } },
});

/** Aborted when the browser no longer waits, so that reading stops. */
function signalOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // The reply's stream closes when it was sent, or when the connection is lost before.
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new DOMException('The browser went away.', 'AbortError'));
  });
  return gone.signal;
}

/** Routes that read runs: `/api/proposals`, `/api/runs/..`, `/api/geometry`. */
export function addRunRoutes(app: FastifyInstance, runs: RunsPort, geometry: GeometryInfo): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.get(
    '/api/proposals',
    { schema: { tags: ['runs'], response: { 200: z.array(proposalSchema), ...errorReplies } } },
    () => runs.proposals(),
  );

  routes.get(
    '/api/proposals/:proposal/runs',
    { schema: { tags: ['runs'], params: proposalParam, response: { 200: z.array(runRowSchema), ...errorReplies } } },
    (request, reply) => runs.runs(request.params.proposal, signalOf(reply)),
  );

  routes.get(
    '/api/runs/:proposal/:run',
    {
      schema: {
        tags: ['runs'],
        params: runParams,
        querystring: dataQuery,
        response: { 200: runInfoSchema, ...errorReplies },
      },
    },
    (request) => runs.info({ ...request.params, ...request.query }),
  );

  routes.get(
    '/api/runs/:proposal/:run/keys',
    {
      schema: {
        tags: ['runs'],
        params: runParams,
        querystring: dataQuery.extend({ source: z.string() }),
        response: { 200: z.array(keyInfoSchema), ...errorReplies },
      },
    },
    ({ params, query }) => runs.keys({ ...params, data: query.data }, query.source),
  );

  routes.get(
    '/api/runs/:proposal/:run/series',
    {
      schema: {
        tags: ['runs'],
        params: runParams,
        querystring: dataQuery.extend({ source: z.string(), key: z.string() }),
        response: {
          200: binaryFrame('Frame of kind "series": one value for each entry.'),
          ...errorReplies,
          ...errorReplies,
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const { meta, arrays } = await runs.series(
        { ...params, data: query.data },
        query.source,
        query.key,
        signalOf(reply),
      );
      return reply.type('application/octet-stream').send(Buffer.from(encodeFrame('series', meta, arrays).buffer));
    },
  );

  routes.get(
    '/api/runs/:proposal/:run/frame',
    {
      schema: {
        tags: ['runs'],
        params: runParams,
        querystring: dataQuery.extend({
          detector: z.string(),
          train: z.coerce.number().int().min(0),
          pulse: z.coerce.number().int().min(0),
          view: z.enum(['raw', 'corrected']).default('corrected'),
        }),
        response: {
          200: binaryFrame('Frame of kind "detector": one assembled picture.'),
          ...errorReplies,
          ...errorReplies,
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const { meta, image } = await runs.frame(
        { ...params, data: query.data },
        query.detector,
        query.train,
        query.pulse,
        query.view,
        signalOf(reply),
      );
      return reply
        .type('application/octet-stream')
        .send(Buffer.from(encodeFrame('detector', meta, [['image', image]]).buffer));
    },
  );

  routes.get(
    '/api/geometry',
    { schema: { tags: ['runs'], response: { 200: geometryInfoSchema, ...errorReplies } } },
    () => geometry,
  );
}
