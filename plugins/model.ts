import fp from 'fastify-plugin';
import { Catalog } from '../src/catalog/catalog.js';
import { logAnnounced } from '../src/http/announced-log.js';
import { ownKerasServe } from '../src/http/keras-serve.js';
import { logModels } from '../src/http/model-log.js';

export interface ModelPluginOptions {
  /** The models, or what opens them; they may still be loading. */
  source: Catalog | (() => Promise<Catalog>);
}

/**
 * Decorates the instance with `kerasServe`, and has the models loaded before the port opens, so that the first client finds them
 * warm; closes them with the last instance that serves them. When none can be loaded, `app.ready()` and `app.listen()` reject.
 */
export default fp<ModelPluginOptions>(
  async (app, { source }) => {
    let catalog = source instanceof Catalog ? source : undefined;
    const ends = catalog ? [catalog.use()] : [];
    const loaded = (): Catalog => {
      if (!catalog) throw new Error('The models are loaded by app.ready()');
      return catalog;
    };
    Object.defineProperties(ownKerasServe(app), {
      catalog: { get: loaded },
      model: { get: () => loaded().find() },
    });
    app.addHook('onReady', async () => {
      const start = performance.now();
      app.log.info('loading');
      if (typeof source === 'function') {
        catalog = await source();
        ends.push(catalog.use());
      }
      const log = (loaded().workers ? logAnnounced : logModels)(app.log, loaded());
      ends.push(async () => log.stop());
      await loaded().started;
      log.started(performance.now() - start);
    });
    app.addHook('onClose', async () => {
      await Promise.all(ends.map((end) => end()));
    });
  },
  { name: 'model' },
);
