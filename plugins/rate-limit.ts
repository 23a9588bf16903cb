import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { RateLimited, rateLimitedReply } from '../schemas/rate-limit.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { keyHolderOf } from '../src/http/key-holder.js';
import { networkOf, RateCounter } from '../src/http/rate-counter.js';
import { RequestError } from '../src/http/request-error.js';
import { groupIn } from '../src/http/route-group.js';
import { protocolAt } from '../src/protocols/protocols.js';
import { formatRate, type Rate } from '../src/settings/parsers.js';
import type { RouteGroup } from '../src/settings/route-groups.js';

/** Clients that are counted at once; one takes about 200 bytes. */
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
  return `address ${networkOf(request.ip ?? '')}`;
}

/**
 * Refuses requests of a client that has sent as many as it may with 429, in the form of the protocol. Registered behind what asks
 * for keys.
 *
 * By hand: @fastify/rate-limit can't be in one app twice, a host's and this; it waits for promises at every request, which costs
 * those of small models more than all that it does; and it goes by a clock that can be set.
 */
export default fp<Rate>(
  async (app, rate) => {
    kerasServeOf(app).hasRateLimit = true;
    app.addSchema(RateLimited);
    app.addHook('onRoute', (route) => {
      const { schema, url } = route;
      if (!schema?.response || !isCounted(route)) return;
      const inProtocol = protocolAt(url.slice(app.prefix.length)) !== undefined;
      route.schema = { ...schema, response: { ...schema.response, 429: rateLimitedReply(inProtocol) } };
    });
    const counter = new RateCounter(rate, mostClients);
    app.addHook('onRequest', (request, reply, done) => {
      if (request.is404 || !isCounted(request.routeOptions)) return done();
      const { remaining, reset, isOver } = counter.count(clientOf(request));
      reply
        .header('ratelimit-limit', rate.requests)
        .header('ratelimit-remaining', remaining)
        .header('ratelimit-reset', reset);
      if (!isOver) return done();
      const message = `You have sent more than ${formatRate(rate)}. Try again in ${reset} s.`;
      done(new RequestError('rate_limited', message, { 'retry-after': String(reset) }));
    });
  },
  { name: 'rate-limit', dependencies: ['keys'] },
);
