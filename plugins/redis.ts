import fp from 'fastify-plugin';
import { ownKerasServe } from '../src/http/keras-serve.js';
import type { RedisConnections } from '../src/jobs/redis/connection.js';
import { RedisParts } from '../src/jobs/redis/redis-parts.js';

export interface RedisOptions {
  connections: RedisConnections;
}

/** Adds `redis`, what gateways and workers share, to `kerasServe`; the connections end with the instance. */
export default fp<RedisOptions>(
  async (app, { connections }) => {
    const redis = new RedisParts(connections);
    ownKerasServe(app).redis = redis;
    app.addHook('onClose', async () => {
      await redis.close();
      await connections.close();
    });
  },
  { name: 'redis' },
);
