import fp from 'fastify-plugin';
import { kerasServeOf } from '../src/http/keras-serve.js';
import type { DirectLimits } from '../src/jobs/redis/direct-requests.js';

/** Adds `direct` to `kerasServe`: requests are answered by workers. */
export default fp<DirectLimits>(
  async (app, limits) => {
    const parts = kerasServeOf(app);
    const direct = parts.redis!.direct(limits);
    parts.direct = direct;
    app.addHook('onReady', () => direct.start());
    app.addHook('onClose', async () => direct.close());
  },
  { name: 'gateway', dependencies: ['redis', 'closing'] },
);
