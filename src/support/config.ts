import { KnownError } from './errors.js';

/** A flag, environment variable or command line that can't be used. The message names it and says what is allowed. */
export class ConfigError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'config_invalid';
}

/** One thing that can be set: flag, environment variables, help and the README's table all come from it. */
interface Setting<T> {
  /** What stands for the value in the help: `<port>`. A setting without is a switch: on when it is named. */
  value?: string;
  /** The default, as a user would type it. */
  fallback: string;
  description: string;
  /** Says what is wrong with a text by throwing a ConfigError that completes "--flag …". */
  parse(text: string): T;
  /** Environment variables besides `KERAS_SERVE_…`, for platforms that set their own. */
  environment?: string[];
}

const text = (text: string): string => {
  if (text === '') throw new ConfigError('must not be empty');
  return text;
};

const whole =
  (least: number, most: number, unit = '') =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new ConfigError(`must be a whole number ${unit}from ${least} to ${most}`);
    return value;
  };

const units: Record<string, number> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** `500KB`, `10MB`, `1GB` or a plain number of bytes. */
const size =
  (most: number) =>
  (text: string): number => {
    const [, number = '', unit = ''] = /^(\d+) ?([kmg]?b?)$/i.exec(text) ?? [];
    const value =
      Number(number || Number.NaN) * (units[unit.toUpperCase().replace(/^([KMG])$/, '$1B') || 'B'] ?? Number.NaN);
    if (value >= 1 && value <= most) return value;
    throw new ConfigError(`must be a size such as 500KB or 10MB, up to ${formatBytes(most).replace(' ', '')}`);
  };

/** At most 1 GB, since an upload or a reply is held in memory. */
const bytes = size(2 ** 30);
const memory = size(2 ** 50);

/** An address of HTTP to which a path is added. */
const url = (text: string): string => {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  const plain = address && !address.username && !address.password && !address.search && !address.hash;
  if (!plain || !/^https?:$/.test(address.protocol))
    throw new ConfigError('must be an address such as https://example.com/mirror');
  return address.href.replace(/\/+$/, '');
};

/** A number of bytes as the settings write it: 10 MB. */
export function formatBytes(bytes: number): string {
  const [unit, size] = Object.entries(units).findLast(([, size]) => bytes >= size)!;
  return `${Math.round((bytes / size) * 10) / 10} ${unit === 'B' ? 'bytes' : unit}`;
}

const oneOf =
  <T extends string>(...choices: T[]) =>
  (text: string): T => {
    const choice = choices.find((choice) => choice === text);
    if (choice === undefined) throw new ConfigError(`must be one of ${choices.join(', ')}`);
    return choice;
  };

/** What `parse` allows, or the word `auto`, which leaves it to the server. */
const automatic =
  <T>(parse: (text: string) => T) =>
  (text: string): T | undefined =>
    text === 'auto' ? undefined : parse(text);

const switches: Record<string, boolean> = {
  ...{ true: true, yes: true, on: true, 1: true },
  ...{ false: false, no: false, off: false, 0: false },
};

const onOff = (text: string): boolean => {
  const value = Object.hasOwn(switches, text.toLowerCase()) ? switches[text.toLowerCase()] : undefined;
  if (value === undefined) throw new ConfigError('must be true or false (or yes, no, on, off, 1, 0)');
  return value;
};

const setting = <T>(setting: Setting<T>): Setting<T> => setting;

/** Everything that can be set, by its name in {@link Config}. */
export const settings = {
  host: setting({
    value: 'address',
    fallback: 'localhost',
    parse: text,
    description: 'Address to listen on; 0.0.0.0 lets other machines in',
  }),
  port: setting({
    value: 'number',
    fallback: '5000',
    parse: whole(0, 65535),
    environment: ['PORT'],
    description: 'Port to listen on; 0 takes a free one',
  }),
  defaultModel: setting({
    value: 'name',
    fallback: 'auto',
    parse: automatic(text),
    description: 'Which of several models /predict is; auto takes the first by name',
  }),
  strict: setting({
    fallback: 'false',
    parse: onOff,
    description: 'Start only when every model can be loaded',
  }),
  noGuess: setting({
    fallback: 'false',
    parse: onOff,
    description: 'Start only when nothing of any model is guessed: what to say in serve.json is named',
  }),
  watch: setting({
    fallback: 'false',
    parse: onOff,
    description: 'Follow changes: models that are new, changed or gone, without a restart',
  }),
  maxImageSize: setting({
    value: 'size',
    fallback: '10MB',
    parse: bytes,
    description: 'Largest image file that is accepted; larger ones get 413',
  }),
  maxJsonSize: setting({
    value: 'size',
    fallback: '64MB',
    parse: bytes,
    description: 'Largest body of JSON that is accepted; larger ones get 413',
  }),
  maxRows: setting({
    value: 'number',
    fallback: '100000',
    parse: whole(1, 1_000_000_000),
    description: 'Most rows, or images, that one request may have',
  }),
  maxReplySize: setting({
    value: 'size',
    fallback: '256MB',
    parse: bytes,
    description: 'Largest reply; what would be larger gets 413, where shapes tell before the model is run',
  }),
  maxMemory: setting({
    value: 'size',
    fallback: 'auto',
    parse: automatic(memory),
    description: 'Memory that all requests together may take; more get 503. auto is half of what the process may have',
  }),
  maxPixels: setting({
    value: 'number',
    fallback: '50000000',
    parse: whole(1, 268_402_689),
    description: 'Most pixels an image may have, whatever the size of its file',
  }),
  maxConnections: setting({
    value: 'number',
    fallback: '1000',
    parse: whole(1, 1_000_000),
    description:
      'Most connections at once; for one more, the longest idle is closed, else the one whose request has been arriving for longest',
  }),
  maxQueue: setting({
    value: 'number',
    fallback: '128',
    parse: whole(1, 1_000_000),
    description: 'Most requests that wait for the model; more get 503',
  }),
  maxBatch: setting({
    value: 'number',
    fallback: 'auto',
    parse: automatic(whole(1, 4096)),
    description: 'Most images or rows in one run of the model; auto goes by their size',
  }),
  deadline: setting({
    value: 'seconds',
    fallback: '30',
    parse: whole(1, 3600, 'of seconds '),
    description: 'How long the model may take to answer a request before it gets 504',
  }),
  engine: setting({
    value: 'name',
    fallback: 'auto',
    parse: oneOf('auto', 'onnx', 'tensorflow'),
    description:
      'What runs the model: onnx or tensorflow; auto is ONNX Runtime for what it can run, TensorFlow for the rest',
  }),
  processes: setting({
    value: 'number',
    fallback: 'auto',
    parse: automatic(whole(1, 256)),
    description: 'Processes that run the model; auto goes by the machine',
  }),
  threads: setting({
    value: 'number',
    fallback: 'auto',
    parse: automatic(whole(1, 256)),
    description: 'Threads in each of them; auto shares the processors among them, and has all for a lone request',
  }),
  cacheFolder: setting({
    value: 'folder',
    fallback: 'auto',
    parse: automatic(text),
    description: "Where compiled models are kept; auto is the user's cache folder",
  }),
  noCache: setting({
    fallback: 'false',
    parse: onOff,
    description: 'Compile the model at every start, and keep nothing',
  }),
  weightsUrl: setting({
    value: 'url',
    fallback: 'https://storage.googleapis.com',
    parse: url,
    description: 'Where the weights of Keras Applications come from; a mirror has the same paths below it',
  }),
  requestTimeout: setting({
    value: 'seconds',
    fallback: '60',
    parse: whole(1, 3600, 'of seconds '),
    description: 'How long a request may take to arrive before it gets 408',
  }),
  replyTimeout: setting({
    value: 'seconds',
    fallback: '60',
    parse: whole(1, 3600, 'of seconds '),
    description: 'How long a client may take nothing of its reply before its connection is closed',
  }),
  maxPipelined: setting({
    value: 'number',
    fallback: '16',
    parse: whole(1, 10_000),
    description:
      'Most requests of one connection that are worked on at once; more stay unread until these are answered',
  }),
  closeTimeout: setting({
    value: 'seconds',
    fallback: '30',
    parse: whole(1, 3600, 'of seconds '),
    description: 'How long running requests get to finish on SIGTERM or Ctrl+C',
  }),
  drainDelay: setting({
    value: 'seconds',
    fallback: '0',
    parse: whole(0, 3600, 'of seconds '),
    description:
      'How long /health/ready says 503 after SIGTERM or Ctrl+C while requests are still taken, before closing begins',
  }),
  logLevel: setting({
    value: 'level',
    fallback: 'info',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    description: 'Least level that is logged: trace, debug, info, warn, error, fatal or silent',
  }),
  logFormat: setting({
    value: 'format',
    fallback: 'auto',
    parse: oneOf('auto', 'json', 'pretty'),
    description: 'Log lines as json or pretty; auto is pretty on a terminal',
  }),
};

/** What a setting is called in {@link Config}. */
export type SettingName = keyof typeof settings;

/** Every setting's value: sizes in bytes, times in seconds. */
export type Config = { [name in SettingName]: ReturnType<(typeof settings)[name]['parse']> };

const settingNames = Object.keys(settings) as SettingName[];

const separate = (name: string, separator: string) =>
  name.replace(/[A-Z]/g, (letter) => separator + letter.toLowerCase());

/** What stands for a setting's value in the help; undefined for a switch. */
export const placeholderOf = (name: SettingName): string | undefined => settings[name].value;

/** The flag of a setting without its dashes: `max-image-size`. */
export const flagOf = (name: SettingName): string => separate(name, '-');

/** The environment variables of a setting, the first that is set being the one that counts. */
export const environmentOf = (name: SettingName): string[] => [
  `KERAS_SERVE_${separate(name, '_').toUpperCase()}`,
  ...(settings[name].environment ?? []),
];

/**
 * The configuration: a flag wins over an environment variable, which wins over the default. An empty environment variable
 * counts as not set.
 *
 * @param flags values by flag, as typed
 * @throws ConfigError naming the flag or variable whose value can't be used
 */
export function readConfig(
  flags: Record<string, string | boolean | undefined> = {},
  environment: Record<string, string | undefined> = {},
): Config {
  return Object.fromEntries(settingNames.map((name) => [name, readSetting(name, flags, environment)])) as Config;
}

function readSetting(
  name: SettingName,
  flags: Record<string, string | boolean | undefined>,
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
      throw new ConfigError(`${source} ${error.message}, but is "${value.slice(0, 80)}"`);
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
