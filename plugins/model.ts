import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Catalog } from '../src/catalog/catalog.js';
import type { ServedModel } from '../src/catalog/served-model.js';
import { logModels } from './model-log.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The models that are served: loaded and warm once the instance is ready. */
    readonly catalog: Catalog;
    /** The default one of them. */
    readonly model: ServedModel;
  }
}

export interface ModelPluginOptions {
  /** Opens the catalog; its models may still be loading. */
  open: () => Catalog | Promise<Catalog>;
}

/** The longest that a model which makes way for another waits for the requests that may have found it, in milliseconds. */
const longestWait = 600_000;

/**
 * Has the models loaded before the port opens, so that the first client finds them warm; closes them with the instance. When
 * none can be loaded, `app.ready()` and `app.listen()` reject.
 */
export default fp<ModelPluginOptions>(
  async (app, { open }) => {
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
      app.log.info('loading');
      catalog = await open();
      catalog.settled = () => repliesSent(app);
      const logStart = logModels(app.log, catalog);
      await catalog.started;
      logStart(Math.round(performance.now() - started));
    });
    app.addHook('onClose', async () => catalog?.close());
  },
  { name: 'model', dependencies: ['open-replies'] },
);

/** Resolves when the requests that are there now have their answers. */
async function repliesSent({ replies }: FastifyInstance): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const tooLate = sleep(longestWait, undefined, { signal, ref: false }).catch(() => undefined);
  await Promise.race([replies.settled(), tooLate]);
  waiting.abort();
}
