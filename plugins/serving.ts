import fp from 'fastify-plugin';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { TaskRunner } from '../src/protocols/task-runner.js';
import { Serving, type ServingLimits } from '../src/serving/serving.js';

/** Adds `serving`, the way of a request to a model and back, and `tasks`, which reads and writes messages, to `kerasServe`. */
export default fp<ServingLimits>(
  async (app, limits) => {
    const parts = kerasServeOf(app);
    parts.tasks = new TaskRunner();
    parts.serving = new Serving(
      {
        get catalog() {
          return parts.catalog;
        },
        preprocess: (bytes, options, wait) => parts.preprocess(bytes, options, wait),
        warn: (model, message) => app.log.warn({ model }, message),
      },
      limits,
    );
    app.addHook('onClose', () => parts.tasks.close());
  },
  { name: 'serving', dependencies: ['model', 'preprocessing', 'open-replies'] },
);
