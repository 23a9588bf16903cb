import type { FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import type { Origins } from '../src/http/origins.js';
import { RequestError } from '../src/http/request-error.js';
import { addVary } from '../src/http/vary.js';

export interface CorsOptions {
  origins: Origins;
  /** Whether addresses without a route are ours, too, and not those of a host. */
  ownsAll: boolean;
}

/** Whether a browser asks whether it may send a request. */
const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

/**
 * Lets pages of other origins call the API from browsers. Preflights, which have no keys, are answered at once; every reply that
 * comes after, a failure too, says who may read it.
 *
 * By hand: the `OPTIONS *` of @fastify/cors would take a host's addresses as well, and make every address one of ours; and
 * failures before any hook have no such headers with it.
 */
export default fp<CorsOptions>(
  async (app, { origins, ownsAll }) => {
    const methods = new Set<string>();
    app.addHook('onRequest', (request, reply, done) => {
      const { origin } = request.headers;
      reply.headers(origins.headersFor(origin));
      if (!origins.any) addVary(reply, 'Origin');
      if (!isPreflight(request) || (request.is404 && !ownsAll)) return done();
      reply.code(204).headers(origins.preflightHeadersFor(origin!, methods)).send();
    });
    // Where a host has the addresses that have no route, a preflight reaches us at a route alone.
    app.addHook('onRoute', function ({ method, url, routePath }: RouteOptions & { routePath: string }) {
      for (const one of [method].flat()) if (one !== 'OPTIONS') methods.add(one);
      if (method === 'OPTIONS' || app.hasRoute({ url, method: 'OPTIONS' })) return;
      this.route({
        method: 'OPTIONS',
        url: routePath,
        prefixTrailingSlash: routePath === '' ? 'no-slash' : 'slash',
        schema: { hide: true },
        handler: () => {
          throw new RequestError('method_not_allowed');
        },
      });
    });
  },
  { name: 'cors', dependencies: ['open-replies'] },
);
