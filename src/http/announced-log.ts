import type { FastifyBaseLogger } from 'fastify';
import type { Catalog, CatalogEvents } from '../catalog/catalog.js';
import { listen } from '../support/listen.js';

/**
 * Logs which models workers announce. What is inferred of them, and what looks like nonsense, is in the logs of the workers.
 * @returns `started` logs what was known at the start; `stop` ends it
 */
export function logAnnounced(log: FastifyBaseLogger, catalog: Catalog): { started: () => void; stop: () => void } {
  let isStarted = false;
  const logFailure = ({ name, version, error }: Pick<CatalogEvents['failed'][0], 'name' | 'version' | 'error'>) =>
    log.error({ model: name, version }, `${name} version ${version} can't be served: ${error.message}`);
  const stop = listen(catalog, {
    available: ({ name, version, isChange }) => {
      const what = isChange ? 'was announced with other files, which answer from now on' : 'was announced by a worker';
      if (isStarted) log.info({ model: name, version }, `${name} version ${version} ${what}`);
    },
    gone: ({ name, version }) =>
      log.info({ model: name, version }, `${name} version ${version} is known no more: no worker has had it for long`),
    failed: (failure) => isStarted && logFailure(failure),
    notice: (message) => isStarted && log.warn(message),
  });
  const started = () => {
    isStarted = true;
    const { models, workers, defaultName } = catalog;
    log.info(`models that are known: ${models.length}, of workers: ${workers?.count ?? 0}`);
    for (const { name, versions } of models)
      for (const { version, error } of versions) if (error) logFailure({ name, version, error: error.cause });
    if (models.length > 0 && !catalog.get(defaultName))
      log.warn(`${defaultName} isn't known, so /predict answers 404: --default-model names another`);
  };
  return { started, stop };
}
