import fp from 'fastify-plugin';
import { Catalog } from '../src/catalog/catalog.js';
import type { ServedModel } from '../src/catalog/served-model.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The models that are served: loaded and warm once the instance is ready. */
    readonly catalog: Catalog;
    /** The default one of them. */
    readonly model: ServedModel;
  }
}

export interface ModelPluginOptions {
  load: () => Promise<ServedModel>;
}

/**
 * Loads the model before the port opens and runs it once, so that the first client finds it warm; closes it with the
 * instance. A model that can't load rejects `app.ready()` and `app.listen()`.
 */
export default fp<ModelPluginOptions>(
  async (app, { load }) => {
    let catalog: Catalog | undefined;
    app.decorate('catalog', {
      getter() {
        if (!catalog) throw new Error('The models are loaded by app.ready()');
        return catalog;
      },
    });
    app.decorate('model', {
      getter() {
        return app.catalog.find();
      },
    });
    app.addHook('onReady', async () => {
      const started = performance.now();
      app.log.info('loading the model');
      const model = await load();
      catalog = Catalog.of(model);
      for (const { level, message } of model.notes) app.log[level](message);
      const ms = Math.round(performance.now() - started);
      app.log.info({ ms }, `${model.name} is loaded and warm after ${ms} ms`);
    });
    app.addHook('onClose', async () => catalog?.close());
  },
  { name: 'model' },
);
