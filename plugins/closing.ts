import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import fp from 'fastify-plugin';
import type { Connections } from '../src/http/connections.js';
import { type Closing, kerasServeOf } from '../src/http/keras-serve.js';

export interface ClosingOptions {
  /** Those of the server, where it is ours. */
  connections?: Connections | undefined;
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
export default fp<ClosingOptions>(
  async (app, { connections }) => {
    const state: Closing = {
      announced: false,
      get unanswered() {
        return connections?.unanswered ?? 0;
      },
    };
    const parts = kerasServeOf(app);
    parts.closing = state;
    let closing = false;
    const isLast = (reply: ServerResponse) => connections?.isLast(reply) ?? true;
    app.addHook('onSend', (_request, reply, _payload, done) => {
      if (closing && isLast(reply.raw)) reply.header('connection', 'close');
      done();
    });
    app.addHook('onResponse', (request, reply, done) => {
      // An answer that was on its way when closing began would leave its connection open.
      if (closing && isLast(reply.raw)) request.socket?.destroySoon();
      done();
    });
    app.addHook('preClose', async () => {
      state.announced = true;
      closing = true;
      // What has arrived but isn't read yet is a request, too: Node would take its connection for idle.
      if (app.server.listening) await sleep(unread);
      connections?.close(app.server);
    });
    app.addHook('onClose', () => parts.replies.settled());
  },
  { name: 'closing', dependencies: ['open-replies'] },
);
