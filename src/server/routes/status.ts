import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { type ServerStatus, serverStatusSchema } from '../../api/run-contract.ts';

/** `/api/status`: what server this is. */
export function addStatusRoute(app: FastifyInstance, status: ServerStatus): void {
  app
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/status', { schema: { tags: ['server'], response: { 200: serverStatusSchema } } }, () => status);
}
