/**
 * A Fastify app of one's own with keras-serve below `/vision`: its page, its documents and all of its API.
 *
 *     node examples/own-app.js
 */
import Fastify from 'fastify';
import kerasServe from 'keras-serve/plugin';

// A large model takes its time to load.
const app = Fastify({ logger: true, pluginTimeout: 0 });
app.get('/', async () => 'What the pet shop has to say.\n');
await app.register(kerasServe, { prefix: '/vision', model: 'models/efficientnet-lite0', maxQueue: 32 });
await app.listen({ port: Number(process.env.PORT ?? 3000) });
