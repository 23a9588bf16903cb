import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import fp from 'fastify-plugin';

/**
 * Closing the instance waits until every request that came in has its reply. Fastify itself waits only for the
 * connections of its first address, and `localhost` has two. Registered last, so that it closes first.
 */
export default fp(
  async (app) => {
    const running = new Set<ServerResponse>();
    app.addHook('onRequest', async (_request, reply) => {
      running.add(reply.raw);
      finished(reply.raw)
        .catch(() => {})
        .finally(() => running.delete(reply.raw));
    });
    app.addHook('onClose', async () => {
      await Promise.allSettled([...running].map((response) => finished(response)));
    });
  },
  { name: 'closing' },
);
