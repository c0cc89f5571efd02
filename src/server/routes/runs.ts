import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { encodeFrame } from '../../api/frames.ts';
import {
  type GeometryInfo,
  geometryInfoSchema,
  keyInfoSchema,
  proposalSchema,
  runInfoSchema,
  runRowSchema,
} from '../../api/run-contract.ts';
import type { RunsPort } from '../run-service.ts';

const proposalParam = z.object({ proposal: z.string().regex(/^p\d{6}$/) });
const runParams = proposalParam.extend({ run: z.coerce.number().int().min(0).max(9999) });
const dataQuery = z.object({ data: z.enum(['raw', 'proc', 'default', 'all']).default('default') });

/** Routes that read runs: `/api/proposals`, `/api/runs/..`, `/api/geometry`. */
export function addRunRoutes(app: FastifyInstance, runs: RunsPort, geometry: GeometryInfo): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  /** Aborted when the browser no longer waits, so that reading stops. */
  const signalOf = (request: {
    raw: { once(event: 'close', listener: () => void): unknown; destroyed: boolean; socket: { destroyed: boolean } };
  }): AbortSignal => {
    const gone = new AbortController();
    request.raw.once('close', () => {
      if (request.raw.socket.destroyed) gone.abort();
    });
    return gone.signal;
  };

  routes.get('/api/proposals', { schema: { tags: ['runs'], response: { 200: z.array(proposalSchema) } } }, () =>
    runs.proposals(),
  );

  routes.get(
    '/api/proposals/:proposal/runs',
    { schema: { tags: ['runs'], params: proposalParam, response: { 200: z.array(runRowSchema) } } },
    (request) => runs.runs(request.params.proposal, signalOf(request)),
  );

  routes.get(
    '/api/runs/:proposal/:run',
    { schema: { tags: ['runs'], params: runParams, querystring: dataQuery, response: { 200: runInfoSchema } } },
    (request) => runs.info({ ...request.params, ...request.query }),
  );

  routes.get(
    '/api/runs/:proposal/:run/keys',
    {
      schema: {
        tags: ['runs'],
        params: runParams,
        querystring: dataQuery.extend({ source: z.string() }),
        response: { 200: z.array(keyInfoSchema) },
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
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const { meta, arrays } = await runs.series(
        { ...params, data: query.data },
        query.source,
        query.key,
        signalOf(request),
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
        signalOf(request),
      );
      return reply
        .type('application/octet-stream')
        .send(Buffer.from(encodeFrame('detector', meta, [['image', image]]).buffer));
    },
  );

  routes.get('/api/geometry', { schema: { tags: ['runs'], response: { 200: geometryInfoSchema } } }, () => geometry);
}
