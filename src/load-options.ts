import type { OpenCatalogOptions } from './catalog/open-catalog.js';
import type { Config } from './config.js';

/** How the configuration would have models found, loaded and run. */
export const catalogOptions = (config: Config): OpenCatalogOptions => ({
  defaultModel: config.defaultModel,
  strict: config.strict,
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
