import type { LoadOptions } from './catalog/served-model.js';
import type { Config } from './config.js';

/** How the configuration would have models loaded and run. */
export const loadOptions = (config: Config): LoadOptions => ({
  cacheFolder: config.noCache ? null : config.cacheFolder,
  weightsUrl: config.weightsUrl,
  processes: config.processes,
  threads: config.threads,
  maxBatch: config.maxBatch,
  maxQueue: config.maxQueue,
  deadline: config.deadline * 1000,
});
