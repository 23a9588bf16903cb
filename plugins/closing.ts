import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    /** The replies that are under way. */
    readonly replies: ReadonlySet<ServerResponse>;
  }
}

/** Milliseconds in which all that has arrived is read. */
const unread = 100;

/**
 * Lets every request that came in be answered before the instance is closed, and its connection end with the answer:
 * clients that keep connections open would hold the server until they tire of it. Fastify itself ends what is idle when
 * it begins to close, and waits for the connections of its first address alone, where `localhost` may have two.
 *
 * Registered before all routes, and after whatever they need: plugins close in the opposite order.
 */
export default fp(
  async (app) => {
    const running = new Set<ServerResponse>();
    app.decorate('replies', running);
    let closing = false;
    app.addHook('onRequest', async (_request, reply) => {
      running.add(reply.raw);
      finished(reply.raw)
        .catch(() => {})
        .finally(() => running.delete(reply.raw));
    });
    app.addHook('onSend', async (_request, reply) => {
      if (closing) reply.header('connection', 'close');
    });
    app.addHook('onResponse', async (request, reply) => {
      // An answer that was on its way when closing began would leave its connection open.
      if (closing && reply.getHeader('connection') !== 'close') request.socket.destroySoon();
    });
    app.addHook('preClose', async () => {
      closing = true;
      // What has arrived but isn't read yet is a request, too: Node would take its connection for idle.
      if (app.server.listening) await sleep(unread);
    });
    app.addHook('onClose', async () => {
      await Promise.allSettled([...running].map((response) => finished(response)));
    });
  },
  { name: 'closing' },
);
