import { accessSettings } from './tables/access.js';
import { jobsSettings } from './tables/jobs.js';
import { limitsSettings } from './tables/limits.js';
import { modelsSettings } from './tables/models.js';
import { serverSettings } from './tables/server.js';

/** Everything that can be set, by its name in {@link Config}. */
export const settings = {
  ...serverSettings,
  ...modelsSettings,
  ...accessSettings,
  ...limitsSettings,
  ...jobsSettings,
};

/** What a setting is called in {@link Config}. */
export type SettingName = keyof typeof settings;

/** Every setting's value: sizes in bytes, times in seconds. */
export type Config = { [name in SettingName]: ReturnType<(typeof settings)[name]['parse']> };
