import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { encodeFrame, type Frame } from '../../api/frames.ts';
import { exportQuery, type ParsedRunCallQuery, type RunCallName, runCalls } from '../../api/run-calls.ts';
import {
  errorReplySchema,
  type GeometryInfo,
  geometryInfoSchema,
  proposalSchema,
  runRowSchema,
} from '../../api/run-contract.ts';
import { streamOf } from '../byte-stream.ts';
import type { RunsPort } from '../run-service.ts';

const errorReplies = { '4xx': errorReplySchema, '5xx': errorReplySchema };
const proposalParam = z.object({ proposal: z.string().regex(/^p\d{6}$/) });
const runParams = proposalParam.extend({ run: z.coerce.number().int().min(0).max(9999) });
const dataQuery = z.object({ data: z.enum(['raw', 'proc', 'default', 'all']).default('default') });

/** Bytes in the OpenAPI document; the layout of frames is that of `api/frames.ts`. */
const binary = (description: string) => ({
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

  for (const name of Object.keys(runCalls) as RunCallName[]) addRunCall(app, runs, name);

  routes.get(
    '/api/runs/:proposal/:run/export',
    {
      schema: {
        tags: ['runs'],
        params: runParams,
        querystring: dataQuery.extend(exportQuery.shape),
        response: { 200: binary('A file, made while it is sent.'), ...errorReplies },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const file = await runs.export({ ...params, data: query.data }, query, signalOf(reply));
      if (file.size)
        reply.header(file.size.unit === 'bytes' ? 'x-hutch-size' : 'x-hutch-lines', String(file.size.count));
      reply.header('content-disposition', `attachment; filename="${file.name}"`).type(file.mediaType);
      return reply.send(streamOf(file.parts));
    },
  );

  routes.get(
    '/api/geometry',
    { schema: { tags: ['runs'], response: { 200: geometryInfoSchema, ...errorReplies } } },
    () => geometry,
  );
}

/** GET `/api/runs/:proposal/:run/NAME`, and without a name for the description of the run. */
function addRunCall<N extends RunCallName>(app: FastifyInstance, runs: RunsPort, name: N): void {
  const call = runCalls[name];
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const { proposal, run } = request.params as z.output<typeof runParams>;
    const query = request.query as ParsedRunCallQuery<N> & z.output<typeof dataQuery>;
    const found = await runs.answer({ proposal, run, data: query.data }, name, query, signalOf(reply));
    if (!call.isFrame) return found;
    const { kind, meta, arrays } = found as Frame;
    return reply.type('application/octet-stream').send(Buffer.from(encodeFrame(kind, meta, arrays).buffer));
  };
  app.withTypeProvider<ZodTypeProvider>().get(
    `/api/runs/:proposal/:run${name === 'info' ? '' : `/${name}`}`,
    {
      schema: {
        tags: ['runs'],
        params: runParams,
        querystring: dataQuery.extend(call.query.shape),
        response: { 200: call.isFrame ? binary(`Frame of the call "${name}".`) : call.reply, ...errorReplies },
      },
    },
    answer as never,
  );
}
