import type { FastifyInstance, FastifyRequest } from 'fastify';
import { JsonBody } from './json.js';

/**
 * Bodies of the routes of this instance are bytes, whatever type the client calls them: curl says that what it sends is a
 * form, others say nothing, or something that is no type.
 */
export function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', async ({ raw }) => {
    delete raw.headers['content-type'];
  });
  app.json.takeBodies(app, [{ contentType: '*' }]);
}

/** The bytes of a body, in pieces; none where there is no body. */
export const rawBodyOf = ({ body }: FastifyRequest): JsonBody =>
  body instanceof JsonBody ? body : new JsonBody([], 0);
