import type { Config } from '../settings/settings.js';
import type { OpenCatalogOptions } from './open-catalog.js';

/** How the configuration would have models found, loaded and run. */
export const catalogOptions = (config: Config): OpenCatalogOptions => ({
  defaultModel: config.defaultModel,
  strict: config.strict,
  noGuess: config.noGuess,
  watch: config.watch,
  cacheFolder: config.noCache ? null : config.cacheFolder,
  weightsUrl: config.weightsUrl,
  engine: config.engine,
  processes: config.processes,
  threads: config.threads,
  maxBatch: config.maxBatch,
  maxQueue: config.maxQueue,
  deadline: config.deadline * 1000,
});
