import { isDeepStrictEqual } from 'node:util';
import type { FastifyBaseLogger } from 'fastify';
import type { Catalog } from './catalog/catalog.js';
import type { ServedModel } from './catalog/served-model.js';
import type { ModelSource } from './inference/compile-messages.js';
import { readConfig } from './settings/config.js';
import { ConfigError } from './settings/config-error.js';
import type { Parser } from './settings/parsers.js';
import type { Setting } from './settings/setting.js';
import { type Config, type SettingName, settings } from './settings/settings.js';
import { nearestName } from './support/nearest-name.js';

/** Settings of a server of keras-serve's own. */
const serverSettings = [
  'requestTimeout',
  'replyTimeout',
  'maxConnections',
  'maxPipelined',
  'tlsCert',
  'tlsKey',
  'basePath',
  'trustProxy',
  'closeTimeout',
] as const;
/** Settings of the command that starts one. */
const commandSettings = [
  ...(['config', 'host', 'port', 'socketMode'] as const),
  ...(['logLevel', 'logFormat', 'drainDelay'] as const),
] as const;

type ServerSetting = (typeof serverSettings)[number];
type CommandSetting = (typeof commandSettings)[number];

/** What the plugin can be told: which models it serves, and how. */
export interface KerasServeOptions
  extends Partial<Omit<Config, ServerSetting | CommandSetting>>,
    Omit<ModelSource, 'path'> {
  /**
   * Paths of model files or of folders with models; or what loads a model, which is closed with the instance; or a catalog, which
   * is closed with the last instance that serves it. A gateway has none.
   */
  model?: string | readonly string[] | (() => Promise<ServedModel>) | Catalog;
}

/** What {@link buildApp} can be told: besides, how its server keeps connections, and where it logs. */
export interface AppOptions extends KerasServeOptions, Partial<Pick<Config, ServerSetting>> {
  logger?: FastifyBaseLogger;
}

const isOneOf = (names: readonly string[], name: string): boolean => names.includes(name);

const own = ['model', 'weights', 'inputShape', 'signature'];
const pluginOptions = [
  ...own,
  ...Object.keys(settings).filter((name) => !isOneOf([...serverSettings, ...commandSettings], name)),
];
const appOptions = [...pluginOptions, ...serverSettings, 'logger'];
/** Those that Fastify has for every plugin. */
const fastifyOptions = ['prefix', 'logLevel', 'logSerializers'];

/** The options of the plugin with what was left out. @throws ConfigError for one that it doesn't know */
export function readPluginOptions<Options extends KerasServeOptions>(options: Options): Options & Config {
  checkNames(options, [...pluginOptions, ...fastifyOptions], 'the plugin keras-serve');
  return withDefaults(options);
}

/** The options of buildApp with what was left out. @throws ConfigError for one that it doesn't know */
export function readAppOptions<Options extends AppOptions>(options: Options): Options & Config {
  checkNames(options, appOptions, 'buildApp');
  return withDefaults(options);
}

/** The settings that buildApp takes. */
export const appSettings = (config: Config): Omit<Config, CommandSetting> =>
  Object.fromEntries(Object.entries(config).filter(([name]) => !isOneOf(commandSettings, name))) as Omit<
    Config,
    CommandSetting
  >;

function withDefaults<Options extends KerasServeOptions>(options: Options): Options & Config {
  if (options.model === undefined && options.role !== 'gateway')
    throw new ConfigError('The option "model" is missing: the path of a model, say.');
  const defaults = readConfig();
  const given = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, name in settings ? readOption(name as SettingName, value, defaults) : value]);
  return { ...defaults, ...Object.fromEntries(given) } as Options & Config;
}

/** An option's value: as it is, or as a text as flags have it. @throws ConfigError for one that it can't have */
function readOption(name: SettingName, value: unknown, defaults: Config): unknown {
  const { parse } = settings[name] as Setting<unknown>;
  const parsed = (parse: Parser<unknown>, text: string) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(`The option "${name}" ${error.message}`);
    }
  };
  // What has been read by the command line comes here once more: a value in force is the text of itself, or the default.
  if (isDeepStrictEqual(value, defaults[name])) return value;
  if (typeof value === 'string') return parsed(parse, value);
  if (parse.item && Array.isArray(value)) return value.map((one) => parsed(parse.item!, String(one)));
  const usual = defaults[name];
  if (usual !== undefined && (typeof value !== typeof usual || Array.isArray(usual)))
    throw new ConfigError(`The option "${name}" should be ${Array.isArray(usual) ? 'an array' : `a ${typeof usual}`}`);
  if (typeof value === 'number' && !(value >= 0))
    throw new ConfigError(`The option "${name}" should be a number from 0 on`);
  return value;
}

function checkNames(options: object, known: readonly string[], taker: string): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const elsewhere = isOneOf([...serverSettings, ...commandSettings] satisfies SettingName[], unknown);
  const hint = elsewhere
    ? 'It is for servers of keras-serve’s own.'
    : nearest
      ? `Did you mean "${nearest}"?`
      : `There is ${known.join(', ')}.`;
  throw new ConfigError(`"${unknown.slice(0, 40)}" is no option of ${taker}. ${hint}`);
}
