import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Catalog, CatalogEvents } from '../src/catalog/catalog.js';
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
      const log = listen(app, catalog);
      await catalog.started;
      log(Math.round(performance.now() - started));
    });
    app.addHook('onClose', async () => catalog?.close());
  },
  { name: 'model' },
);

/** Resolves when the requests that are there now have their answers. */
async function repliesSent({ replies }: FastifyInstance): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const sent = Promise.allSettled([...replies].map((reply) => finished(reply)));
  const tooLate = sleep(longestWait, undefined, { signal, ref: false }).catch(() => undefined);
  await Promise.race([sent, tooLate]);
  waiting.abort();
}

/**
 * Logs what happens to the models.
 * @returns logs how the start went
 */
function listen({ log }: FastifyInstance, catalog: Catalog): (ms: number) => void {
  /** A model, with its version where it has several. */
  const nameOf = ({ name, version }: { name: string; version: number }) => {
    const versions = catalog.models.find((model) => model.name === name)?.versions ?? [];
    return versions.length > 1 || version > 1 ? `${name} version ${version}` : name;
  };
  const logFailure = ({ name, version, error, isChange }: CatalogEvents['failed'][0]) => {
    const { code, message } = error as Error & { code?: string };
    const isOurs = /^[a-z_]+$/.test(code ?? '');
    log.error(
      { model: name, version, code, ...(!isOurs && { err: error }) },
      isChange
        ? `${nameOf({ name, version })} has changed and can't be loaded; the one before goes on serving: ${message}`
        : `${nameOf({ name, version })} can't be loaded: ${message}`,
    );
  };
  let isStarted = false;
  catalog.on('available', ({ name, version, milliseconds, isChange }) => {
    if (!isStarted && catalog.models.length === 1) return;
    const ms = Math.round(milliseconds);
    const what = `${nameOf({ name, version })} is loaded and warm after ${ms} ms`;
    log.info({ model: name, version, ms }, isChange ? `${what} and serves in the place of the one before` : what);
  });
  catalog.on('gone', ({ name, version }) => {
    log.info({ model: name, version }, `${nameOf({ name, version })} is gone and no longer served`);
  });
  return (ms) => {
    isStarted = true;
    const loaded = catalog.models.filter(({ versions }) => versions.some(({ model }) => model));
    const names = loaded.length === 1 ? `${loaded[0]!.name} is` : `${loaded.length} models are`;
    log.info({ ms }, `${names} loaded and warm after ${ms} ms`);
    for (const { name, versions } of catalog.models)
      for (const { version, error } of versions)
        if (error) logFailure({ name, version, error: error.cause, isChange: false });
    for (const notice of catalog.notices) log.warn(notice);
    if (!loaded.some(({ name }) => name === catalog.defaultName))
      log.warn(
        `/predict answers 503, for its model, ${catalog.defaultName}, isn't loaded. --default-model names another`,
      );
    catalog.on('failed', logFailure);
    catalog.on('notice', (message) => log.warn(message));
  };
}
