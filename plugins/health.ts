import fp from 'fastify-plugin';
import { errorReplies } from '../schemas/error.js';
import { Health } from '../schemas/health.js';
import { referTo } from '../schemas/reference.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { RequestError } from '../src/http/request-error.js';
import { inGroup } from '../src/http/route-group.js';

/** `/health/live`: the process answers. `/health/ready`: the models that are loaded can predict and the server isn't about to close. */
export default fp(
  async (app) => {
    const parts = kerasServeOf(app);
    app.addSchema(Health);

    app.get(
      '/health/live',
      {
        ...inGroup('health'),
        logLevel: 'warn',
        schema: {
          operationId: 'live',
          tags: ['Health'],
          summary: 'Is the process alive?',
          description: 'Answers as long as the process does. Restart it when this fails.',
          response: { 200: referTo(Health), ...errorReplies('method_not_allowed') },
        },
      },
      async (): Promise<Health> => ({ status: 'ok' }),
    );

    app.get(
      '/health/ready',
      {
        ...inGroup('health'),
        logLevel: 'warn',
        schema: {
          operationId: 'ready',
          tags: ['Health'],
          summary: 'Can it predict now?',
          description:
            'Answers 200 while every model that is loaded can predict and the server isn’t about to close. Send no requests while it ' +
            'answers 503. A model that could not be loaded doesn’t count: `GET /models` tells of it. A gateway loads none: it can once it ' +
            'knows of the workers, and while Redis can be reached and has room.',
          response: {
            200: referTo(Health),
            ...errorReplies('method_not_allowed', 'model_not_ready', 'queue_unavailable', 'queue_full'),
          },
        },
      },
      async (): Promise<Health> => {
        const { closing, catalog } = parts;
        if (closing.announced) throw new RequestError('model_not_ready');
        if (!catalog.ready) throw catalog.workers?.trouble ?? new RequestError('model_not_ready');
        return { status: 'ok' };
      },
    );
  },
  { name: 'health', dependencies: ['model', 'closing'] },
);
