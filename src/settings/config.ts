import { ConfigError } from './config-error.js';
import { type Config, type SettingName, settings } from './settings.js';

const settingNames = Object.keys(settings) as SettingName[];

const separate = (name: string, separator: string) =>
  name.replace(/[A-Z]/g, (letter) => separator + letter.toLowerCase());

/** How `parseArgs` of Node reads the flag of a setting. */
export const argumentOf = (name: SettingName): { type: 'string' | 'boolean'; multiple: boolean } => ({
  type: settings[name].value ? 'string' : 'boolean',
  multiple: settings[name].repeatable ?? false,
});

/** What stands for a setting's value in the help; undefined for a switch. */
const placeholderOf = (name: SettingName): string | undefined => settings[name].value;

/** The flag of a setting without its dashes: `max-image-size`. */
export const flagOf = (name: SettingName): string => separate(name, '-');

/** The environment variables of a setting, the first that is set being the one that counts. */
export const environmentOf = (name: SettingName): string[] => [
  `KERAS_SERVE_${separate(name, '_').toUpperCase()}`,
  ...(settings[name].environment ?? []),
];

/** Values by flag, as typed; several where a flag may stand several times. */
export type Flags = Record<string, string | boolean | string[] | undefined>;

/**
 * The configuration: a flag wins over an environment variable, which wins over the default. An empty environment variable
 * counts as not set.
 *
 * @throws ConfigError naming the flag or variable whose value can't be used
 */
export function readConfig(flags: Flags = {}, environment: Record<string, string | undefined> = {}): Config {
  return Object.fromEntries(settingNames.map((name) => [name, readSetting(name, flags, environment)])) as Config;
}

function readSetting(
  name: SettingName,
  flags: Flags,
  environment: Record<string, string | undefined>,
): Config[SettingName] {
  const { parse, fallback } = settings[name];
  const flag = flagOf(name);
  const variable = environmentOf(name).find((variable) => environment[variable]);
  const [source, value] =
    flags[flag] !== undefined
      ? [`--${flag}`, String(flags[flag])]
      : variable
        ? [variable, environment[variable]!]
        : ['', fallback];
  try {
    return parse(value);
  } catch (error) {
    if (error instanceof ConfigError)
      throw new ConfigError(`${source} ${error.message}, but is "${settings[name].secret ? '…' : value.slice(0, 80)}"`);
    throw error;
  }
}

/** One row a setting for help and README: flag with its value, environment variables, default, what it does. */
export const settingRows = (
  names: readonly SettingName[] = settingNames,
): { flag: string; environment: string; fallback: string; description: string }[] =>
  names.map((name) => ({
    flag: `--${flagOf(name)}${placeholderOf(name) ? ` <${placeholderOf(name)}>` : ''}`,
    environment: environmentOf(name).join(', '),
    fallback: settings[name].fallback,
    description: settings[name].description,
  }));
