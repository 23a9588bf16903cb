import { flagOf, settingNames } from './config.js';
import { allowedBy, anyText, type ValueSchema } from './parsers.js';
import type { Setting } from './setting.js';
import { type SettingName, settings } from './settings.js';

/** What a configuration file may have. */
export interface FileKey {
  name: string;
  /** What it sets; undefined for what is no flag. */
  setting?: SettingName;
  schema: ValueSchema;
  description: string;
  /** What it is by default, as a text. */
  fallback?: string;
  /** Whether it is a path, which is beside the file. */
  isPath: boolean;
}

/** The keys that are no settings: what else would be typed, and what editors look for. */
const others: FileKey[] = [
  {
    name: 'models',
    schema: { anyOf: [{ type: 'array', items: anyText }, anyText] },
    description:
      'What is served: files and folders, from the folder of this file, or Keras Applications by name. What the command line names counts instead',
    isPath: false,
  },
  { name: '$schema', schema: anyText, description: 'Where this schema is, for editors', isPath: false },
];

const keyOf = (setting: SettingName): FileKey => {
  const { value, parse, fallback, description } = settings[setting] as Setting<unknown>;
  const isPath = value === 'file' || value === 'folder';
  return { name: flagOf(setting), setting, schema: parse.schema ?? anyText, description, fallback, isPath };
};

/** All that a configuration file may have, by its key: every setting but the file itself. */
export const fileKeys: ReadonlyMap<string, FileKey> = new Map(
  [...others, ...settingNames.filter((name) => name !== 'config').map(keyOf)].map((key) => [key.name, key]),
);

/** A default as it would stand in a file; undefined where that is no value. */
function defaultOf({ fallback, schema }: FileKey): unknown {
  const types = allowedBy(schema);
  if (fallback === undefined || fallback === 'none') return undefined;
  if (types.includes('boolean')) return fallback === 'true';
  return types.includes('integer') && /^\d+$/.test(fallback) ? Number(fallback) : fallback;
}

/** The JSON Schema of configuration files, by which editors complete and check them. */
export const configSchema = (): object => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Configuration of keras-serve',
  description: 'What keras-serve --config takes, in YAML or JSON.',
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    [...fileKeys.values()].map((key) => [
      key.name,
      { description: key.description, ...key.schema, default: defaultOf(key) },
    ]),
  ),
});
