import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ErrorReply, GeometryInfo, ServerStatus } from '../api/run-contract.ts';
import { isXfelError } from '../core/errors.ts';
import type { LiveEngine } from '../live/engine.ts';
import { statusOfError } from './error-status.ts';
import { addLiveRoutes } from './routes/live.ts';
import { addLiveTrainRoute } from './routes/live-trains.ts';
import { addRecordingRoutes, type RecordingsPort } from './routes/recordings.ts';
import { addRunRoutes } from './routes/runs.ts';
import { addStatusRoute } from './routes/status.ts';
import type { RunsPort } from './run-service.ts';

/** What the server serves; made by main.ts or a test. */
export interface AppPorts {
  readonly runs: RunsPort;
  readonly live: LiveEngine;
  readonly recordings: RecordingsPort;
  readonly geometry: GeometryInfo;
  readonly status: ServerStatus;
  /** Folder of the built pages; null serves the API alone. */
  readonly pages: string | null;
  /** Host names by which browsers may reach this server; null = any (it was bound to the world on purpose). */
  readonly allowedHosts: ReadonlySet<string> | null;
  /** Told of errors that are the server's own fault. */
  readonly onFault: (error: unknown) => void;
}

const hostName = (host: string | undefined) =>
  (host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();

/** Host of an Origin header; empty for what is no address, such as the `null` of a sandboxed frame. */
function originHost(origin: string): string {
  return URL.canParse(origin) ? hostName(new URL(origin).host) : '';
}

/** Builds the server: routes, OpenAPI under `/api/openapi.json`, pages; one place turns errors into replies. */
export async function createApp(ports: AppPorts): Promise<FastifyInstance> {
  const answer = (error: FastifyError, reply: FastifyReply) => {
    const { status, body } = replyOf(error, ports.onFault);
    return reply.code(status).type('application/json').send(JSON.stringify(body));
  };
  const app = fastify({
    bodyLimit: 1 << 20,
    forceCloseConnections: true,
    // Addresses that cannot be decoded never reach the error handler below.
    frameworkErrors: (error, _request, reply) => void answer(error, reply),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  app.addHook('onRequest', async (request, reply) => {
    // A page of another site may not talk to us through the visitor's browser (DNS rebinding, cross-site sockets).
    const { allowedHosts } = ports;
    const { origin, host } = request.headers;
    const isForeign =
      allowedHosts !== null &&
      (!allowedHosts.has(hostName(host)) || (origin !== undefined && !allowedHosts.has(originHost(origin))));
    if (isForeign) {
      const body: ErrorReply = {
        error: 'Forbidden',
        message: `This server does not answer for ${host} from ${origin ?? 'there'}. Start it with --host to open it.`,
        details: {},
      };
      return reply.code(403).send(body);
    }
  });
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
    // Data of a run that is still being written must not be taken from a cache.
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });

  app.addHook('onResponse', async (request, reply) => {
    // Node does not end the connection of a refused upgrade, and the server could not stop while its visitor keeps it.
    if (request.headers.upgrade && reply.statusCode >= 400) request.raw.socket.end();
  });

  app.setErrorHandler((error: FastifyError, _request, reply) => answer(error, reply));
  app.setNotFoundHandler((request, reply) => {
    const isPage = request.method === 'GET' && !/^\/(api|assets)\//.test(request.url);
    if (isPage && ports.pages) return reply.header('cache-control', 'no-cache').sendFile('index.html');
    const body: ErrorReply = {
      error: 'NotFound',
      message: `There is no ${request.method} ${request.url.split('?')[0]}. The calls are listed in /api/openapi.json.`,
      details: {},
    };
    return reply.code(404).send(body);
  });

  await app.register(swagger, {
    openapi: { info: { title: 'Hutch', version: ports.status.version } },
    transform: jsonSchemaTransform,
  });
  await app.register(websocket, { options: { maxPayload: 1 << 16 } });
  if (ports.pages) {
    await app.register(fastifyStatic, {
      root: ports.pages,
      setHeaders(response, path) {
        response.header(
          'cache-control',
          /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
        );
      },
    });
  }
  await app.register(async (scope) => {
    addStatusRoute(scope, ports.status);
    addRunRoutes(scope, ports.runs, ports.geometry);
    addLiveRoutes(scope, ports.live, ports.geometry);
    addLiveTrainRoute(scope, ports.live);
    // Who opened the server to the world has not opened all folders of this computer.
    addRecordingRoutes(scope, ports.live, ports.recordings, { mayOpenPaths: ports.allowedHosts !== null });
    scope.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger());
  });
  return app;
}

function replyOf(error: FastifyError, onFault: (error: unknown) => void): { status: number; body: ErrorReply } {
  if (isXfelError(error)) {
    const status = statusOfError(error.tag);
    if (status >= 500) onFault(error);
    return { status, body: { error: error.tag, message: error.message, details: { ...error.details } } };
  }
  if (error.validation) {
    const fields = error.validation.map((issue) =>
      String(issue.instancePath ?? '')
        .replace(/^\//, '')
        .replaceAll('/', '.'),
    );
    return {
      status: 400,
      body: {
        error: 'StateInvalid',
        message: `${fields.filter(Boolean).join(', ') || 'The request'}: ${error.message}`,
        details: { field: fields[0] ?? '' },
      },
    };
  }
  if (error.statusCode !== undefined && error.statusCode < 500)
    return {
      status: error.statusCode,
      body: { error: error.code ?? 'BadRequest', message: error.message, details: {} },
    };
  // The browser went away, and nobody reads the reply.
  if (error.name === 'AbortError') return { status: 499, body: { error: 'Aborted', message: 'Aborted.', details: {} } };
  onFault(error);
  return {
    status: 500,
    body: { error: 'Fault', message: 'The server made a mistake; its terminal shows the details.', details: {} },
  };
}
