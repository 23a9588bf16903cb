import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { RateLimited, rateLimitedReply } from '../schemas/rate-limit.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { keyHolderOf } from '../src/http/key-holder.js';
import { RequestError } from '../src/http/request-error.js';
import { groupIn } from '../src/http/route-group.js';
import { protocolAt } from '../src/protocols/protocols.js';
import { ConfigError } from '../src/settings/config-error.js';
import { formatRate, type Rate } from '../src/settings/parsers.js';
import type { RouteGroup } from '../src/settings/route-groups.js';

/** Clients that are counted at once, those that asked last; one takes about 300 bytes. */
const mostClients = 50_000;

/** What watches over the server has no limit, and files and documents don't count: one page is many of them. */
const uncounted: readonly (RouteGroup | undefined)[] = ['health', 'metrics', 'page', 'documents'];

/** Whether requests to a route count. A model's own readiness is what watches over servers of KServe's protocol ask for. */
const isCounted = ({ url = '', config }: { url?: string; config?: unknown }): boolean =>
  !uncounted.includes(groupIn(config)) && !url.endsWith('/ready');

/** As whom a client is counted: by its key, else by its address, in IPv6 by its network, of which one client has all. */
function clientOf(request: FastifyRequest): string {
  const holder = keyHolderOf(request);
  if (holder) return `key ${holder.name}`;
  return `address ${request.ip ? normalizeIP(request.ip, 64) : ''}`;
}

/**
 * Refuses requests of a client that has sent as many as it may with 429, in the form of the protocol. A client's time begins with
 * its first request, and anew with the first one after its end. Registered behind what asks for keys.
 */
export default fp<Rate>(
  async (app, rate) => {
    if (app.hasDecorator('rateLimit'))
      throw new ConfigError(
        'The app has @fastify/rate-limit already, which can’t be there twice: leave the option "rateLimit" out.',
      );
    kerasServeOf(app).hasRateLimit = true;
    app.addSchema(RateLimited);
    app.addHook('onRoute', (route) => {
      const { schema, url } = route;
      if (!schema?.response || !isCounted(route)) return;
      const inProtocol = protocolAt(url.slice(app.prefix.length)) !== undefined;
      route.schema = { ...schema, response: { ...schema.response, 429: rateLimitedReply(inProtocol) } };
    });
    await app.register(rateLimit, {
      global: false,
      max: rate.requests,
      timeWindow: rate.seconds * 1000,
      cache: mostClients,
      enableDraftSpec: true,
      keyGenerator: clientOf,
      allowList: ({ is404, routeOptions }) => is404 || !isCounted(routeOptions),
      errorResponseBuilder: (_request, { ttl }) =>
        new RequestError(
          'rate_limited',
          `You have sent more than ${formatRate(rate)}. Try again in ${Math.ceil(ttl / 1000)} s.`,
        ),
    });
    app.addHook('onRequest', app.rateLimit());
  },
  { name: 'rate-limit', dependencies: ['keys'] },
);
