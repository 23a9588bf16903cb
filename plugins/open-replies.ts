import fp from 'fastify-plugin';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { type Decorated, OpenReplies, openReply } from '../src/http/open-replies.js';
import { MemoryBudget } from '../src/serving/memory-budget.js';

export interface OpenRepliesOptions {
  /** Bytes that all requests together may take. */
  maxMemory: number;
}

/**
 * Knows the replies that are under way, what their requests hold, and the clients that went away before theirs. Fastify's own
 * `request.signal` follows the request's body, which may be read long before. Registered before whatever a request goes through.
 */
export default fp<OpenRepliesOptions>(
  async (app, { maxMemory }) => {
    const parts = kerasServeOf(app);
    parts.memory = new MemoryBudget(maxMemory);
    parts.replies = new OpenReplies(parts.memory);
    app.decorateRequest(openReply);
    app.addHook('onRequest', (request, reply, done) => {
      (request as Decorated)[openReply] = parts.replies.add(request, reply);
      done();
    });
  },
  { name: 'open-replies', dependencies: ['model'] },
);
