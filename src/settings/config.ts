import { ConfigError } from './config-error.js';
import type { Parser } from './parsers.js';
import type { Setting } from './setting.js';
import { type Config, type SettingName, settings } from './settings.js';

/** The names of all settings, in the order of their table. */
export const settingNames = Object.keys(settings) as SettingName[];

const separate = (name: string, separator: string) =>
  name.replace(/[A-Z]/g, (letter) => separator + letter.toLowerCase());

/** How `parseArgs` of Node reads the flag of a setting. */
export const argumentOf = (name: SettingName): { type: 'string' | 'boolean'; multiple: boolean } => ({
  type: settings[name].value ? 'string' : 'boolean',
  multiple: settings[name].repeatable ?? false,
});

/** What stands for a setting's value in the help; undefined for a switch. */
const placeholderOf = (name: SettingName): string | undefined => settings[name].value;

/** The flag of a setting without its dashes, which is its key in a configuration file: `max-image-size`. */
export const flagOf = (name: SettingName): string => separate(name, '-');

/** The environment variables of a setting, the first that is set being the one that counts. */
export const environmentOf = (name: SettingName): string[] => [
  `KERAS_SERVE_${separate(name, '_').toUpperCase()}`,
  ...(settings[name].environment ?? []),
];

/** Values by flag, as typed; several where a flag may stand several times. */
export type Flags = Record<string, string | boolean | string[] | undefined>;

/** What somebody has set, as they wrote it. */
export interface Given {
  source: 'flag' | 'environment' | 'file' | 'default';
  /** Where: `--port`, `KERAS_SERVE_PORT`, `conf.yaml:4`, `default`. */
  from: string;
  /** What a message calls it: `--port`, `KERAS_SERVE_PORT`, `conf.yaml:4:7 port`. */
  name: string;
  text: string;
  /** Each of a list in a file. */
  items?: readonly Given[];
}

/** A setting in force. */
export interface InForce<T = unknown> extends Given {
  value: T;
  secret: boolean;
}

/** All settings in force. */
export type Settings = { [name in SettingName]: InForce<Config[name]> };

/**
 * The settings in force, and where each comes from: a flag wins over an environment variable, which wins over a configuration
 * file, which wins over the default. An empty environment variable counts as not set.
 *
 * @param file the values of a configuration file
 * @throws ConfigError naming the flag, variable or place whose value can't be used
 */
export const readSettings = (
  flags: Flags = {},
  environment: Record<string, string | undefined> = {},
  file?: ReadonlyMap<SettingName, Given>,
): Settings =>
  Object.fromEntries(settingNames.map((name) => [name, readSetting(name, flags, environment, file)])) as Settings;

/** One of them. @throws ConfigError */
export const readSetting = <Name extends SettingName>(
  name: Name,
  flags: Flags,
  environment: Record<string, string | undefined>,
  file?: ReadonlyMap<SettingName, Given>,
): Settings[Name] =>
  inForce(
    settings[name] as Setting<unknown>,
    fromFlag(name, flags) ?? fromEnvironment(name, environment) ?? file?.get(name),
  ) as Settings[Name];

function fromFlag(name: SettingName, flags: Flags): Given | undefined {
  const value = flags[flagOf(name)];
  const flag = `--${flagOf(name)}`;
  return value === undefined ? undefined : { source: 'flag', from: flag, name: flag, text: String(value) };
}

function fromEnvironment(name: SettingName, environment: Record<string, string | undefined>): Given | undefined {
  const variable = environmentOf(name).find((variable) => environment[variable]);
  if (variable === undefined) return undefined;
  return { source: 'environment', from: variable, name: variable, text: environment[variable]! };
}

/** @throws ConfigError naming the place of a value that can't be used */
export function inForce<T>(setting: Setting<T>, given?: Given): InForce<T> {
  const { parse, fallback, secret = false } = setting;
  const all: Given = given ?? { source: 'default', from: 'default', name: '', text: fallback };
  return { ...all, value: parsed(parse, all, secret) as T, secret };
}

function parsed(parse: Parser<unknown>, { name, text, items }: Given, secret: boolean): unknown {
  if (items) return items.map((item) => parsed(parse.item!, item, secret));
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${name} ${error.message}${secret ? '' : `, but is "${text.slice(0, 80)}"`}`);
  }
}

/** The values of all settings. @throws ConfigError as {@link readSettings} does */
export const readConfig = (...given: Parameters<typeof readSettings>): Config => configOf(readSettings(...given));

/** The values of settings in force. */
export const configOf = (settings: Settings): Config =>
  Object.fromEntries(Object.entries(settings).map(([name, { value }]) => [name, value])) as Config;

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
