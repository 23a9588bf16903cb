import { byteUnits, formatBytes } from '../support/bytes.js';
import { ConfigError } from './config-error.js';

/** What a value may be in a file of settings, as JSON Schema has it. */
export interface ValueSchema {
  readonly type?: 'string' | 'integer' | 'boolean' | 'array';
  readonly const?: string;
  readonly minLength?: number;
  readonly items?: ValueSchema;
  readonly anyOf?: readonly ValueSchema[];
  readonly [keyword: string]: unknown;
}

/** What the elements of a list may be, where a schema allows one. */
export const itemsOf = ({ items, anyOf = [] }: ValueSchema): ValueSchema =>
  items ?? anyOf.find(({ items }) => items)?.items ?? anyText;

/** What a schema allows: the names of types, and words that stand for leaving it open. */
export const allowedBy = ({ type, const: word, anyOf = [] }: ValueSchema): string[] => [
  ...[word ?? type ?? []].flat(),
  ...anyOf.flatMap(allowedBy),
];

/** Makes a value of a text, which is what flags and the environment have. Throws a ConfigError that completes "--flag …". */
export interface Parser<T> {
  (text: string): T;
  /** What a file of settings may have: {@link anyText} where it isn't said. */
  readonly schema?: ValueSchema;
  /** Reads each of several, where it is a list. */
  readonly item?: Parser<unknown>;
}

/** Any text but none, in a file of settings. */
export const anyText: ValueSchema = { type: 'string', minLength: 1 };

/** A parser, with what a file of settings may have for it. */
const parser = <T>(schema: ValueSchema, parse: (text: string) => T): Parser<T> => Object.assign(parse, { schema });

/** Any text but none. */
export const text = parser(anyText, (text) => {
  if (text === '') throw new ConfigError('must not be empty');
  return text;
});

/** A whole number in bounds that are both allowed. */
export const whole = (least: number, most: number): Parser<number> =>
  parser({ type: 'integer', minimum: least, maximum: most }, (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new ConfigError(`must be a whole number from ${least} to ${most}`);
    return value;
  });

/** A whole number of the plain unit, or a text with a unit. */
const numberOrText = (least: number, most: number, pattern: RegExp): ValueSchema => ({
  anyOf: [
    { type: 'integer', minimum: Math.ceil(least), maximum: most },
    { type: 'string', pattern: pattern.source },
  ],
});

const sizePattern = /^(\d+) ?([kKmMgG]?[bB]?)$/;

/** `500KB`, `10MB`, `1GB` or a plain number of bytes. */
const size = (most: number): Parser<number> =>
  parser(numberOrText(1, most, sizePattern), (text) => {
    const [, number = '', unit = ''] = sizePattern.exec(text) ?? [];
    const value =
      Number(number || Number.NaN) * (byteUnits[unit.toUpperCase().replace(/^([KMG])$/, '$1B') || 'B'] ?? Number.NaN);
    if (value >= 1 && value <= most) return value;
    throw new ConfigError(`must be a size such as 500KB or 10MB, up to ${formatBytes(most).replace(' ', '')}`);
  });

/** At most 1 GB, since an upload or a reply is held in memory. */
export const bytes = size(2 ** 30);
/** Memory, of which a machine may have any amount. */
export const memory = size(2 ** 50);

/** An address of HTTP to which a path is added. */
export const url = parser({ type: 'string', pattern: '^https?://[^?#@/]+(/[^?#]*)?$' }, (text): string => {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  const plain = address && !address.username && !address.password && !address.search && !address.hash;
  if (!plain || !/^https?:$/.test(address.protocol))
    throw new ConfigError('must be an address such as https://example.com/mirror');
  return address.href.replace(/\/+$/, '');
});

/** One of a few words. */
export const oneOf = <T extends string>(...choices: T[]): Parser<T> =>
  parser({ type: 'string', enum: choices }, (text) => {
    const choice = choices.find((choice) => choice === text);
    if (choice === undefined) throw new ConfigError(`must be one of ${choices.join(', ')}`);
    return choice;
  });

/** What `parse` allows, or a word that stands for leaving it open. */
const unless = <T>(word: string, parse: Parser<T>): Parser<T | undefined> => {
  const { schema, item } = parse;
  const read = (text: string): T | undefined => (text === word ? undefined : parse(text));
  const wordSchema: ValueSchema = { type: 'string', const: word };
  // Where any text will do, so does the word.
  const isAny = schema === undefined || schema === anyText;
  return Object.assign(read, { schema: isAny ? schema : { anyOf: [wordSchema, schema] }, item });
};

/** What `parse` allows, or the word `auto`, which leaves it to the server. */
export const automatic = <T>(parse: Parser<T>): Parser<T | undefined> => unless('auto', parse);

/** What `parse` allows, or the word `none`. */
export const optional = <T>(parse: Parser<T>): Parser<T | undefined> => unless('none', parse);

const switches: Record<string, boolean> = {
  ...{ true: true, yes: true, on: true, 1: true },
  ...{ false: false, no: false, off: false, 0: false },
};

/** A switch, as it may be written in the environment. */
export const onOff = parser({ type: 'boolean' }, (text): boolean => {
  const value = Object.hasOwn(switches, text.toLowerCase()) ? switches[text.toLowerCase()] : undefined;
  if (value === undefined) throw new ConfigError('must be true or false (or yes, no, on, off, 1, 0)');
  return value;
});

const durationPattern = /^(\d{1,9})(ms|s|m|h|d)?$/;

/** Seconds of each unit that durations are written in. */
const durationUnits: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration in seconds as the settings write it: `50ms`, `30s`, `1d`. */
const formatDuration = (seconds: number): string => {
  const [unit, size] = Object.entries(durationUnits).findLast(
    ([, size]) => seconds >= size && Number.isInteger(seconds / size),
  ) ?? ['s', 1];
  return `${seconds / size}${unit}`;
};

/** A duration in seconds, between bounds that are both allowed: `30` and `30s`, `50ms`, `5m`, `2h`, `1d`. */
export const duration = (least: number, most: number): Parser<number> =>
  parser(numberOrText(least, most, durationPattern), (text) => {
    const [, number = '', unit = 's'] = durationPattern.exec(text) ?? [];
    const value = number === '' ? Number.NaN : Number(number) * durationUnits[unit]!;
    if (value >= least && value <= most) return value;
    throw new ConfigError(
      `must be a duration such as 30, 30s, 50ms or 1d, from ${formatDuration(least)} to ${formatDuration(most)}`,
    );
  });

/** A secret of Standard Webhooks: `whsec_` and 24 to 64 bytes as base64. */
export const webhookSecret = (text: string): string => {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const { length } = Buffer.from(base64, 'base64');
  if (length >= 24 && length <= 64) return text;
  throw new ConfigError(
    'must be whsec_ and 24 to 64 bytes as base64: echo "whsec_$(openssl rand -base64 32)" makes one',
  );
};

const namespacePattern = /^[A-Za-z0-9._-]{1,64}$/;

/** A word that stands in the keys of Redis. */
export const namespace = parser({ type: 'string', pattern: namespacePattern.source }, (text) => {
  if (namespacePattern.test(text)) return text;
  throw new ConfigError('must be 1 to 64 letters, digits and ._-');
});

/** A host as it stands in addresses: a name or literal address, with a port where it is not that of the scheme. */
export const host = (text: string): string => {
  const address = URL.canParse(`https://${text}`) ? new URL(`https://${text}`) : undefined;
  if (address && address.host === text.toLowerCase() && /^[^/?#@\\]+$/.test(text)) return address.host;
  throw new ConfigError('must be a host such as hooks.example.com or hooks.example.com:8443');
};

/**
 * `*`, or an origin as browsers send it, such as `https://app.example.com` or `http://localhost:3000`, or with `*` in the place of
 * its first names: `https://*.example.com`.
 */
export const origin = (text: string): string => {
  if (text === '*') return text;
  const [, scheme, wildcard = '', host = ''] = /^(https?:\/\/)(\*\.)?([^/?#@\\*\s]+)$/i.exec(text) ?? [];
  const known = scheme && URL.canParse(scheme + host) && new URL(scheme + host);
  // One name behind the star would be as good as all.
  if (!known || (wildcard && !/[^.]\.[^.]/.test(known.hostname)))
    throw new ConfigError(
      'must be *, or an origin as browsers send it: scheme, host and a port that is not the usual one, and no path, not even ' +
        'a slash, such as https://app.example.com, http://localhost:3000 or https://*.example.com',
    );
  return `${known.protocol}//${wildcard}${known.host}`;
};

/** How many requests may come in how many seconds. */
export interface Rate {
  requests: number;
  seconds: number;
}

const rateUnits = new Map(Object.entries({ second: 1, minute: 60, hour: 3600, day: 86_400 }));

/** `100/minute`, `10/second`, `1000/hour`, `5/10s`: a number of requests and a time, of up to a day. */
export const rate = (text: string): Rate => {
  const [, number = '', time = ''] = /^(\d{1,9})\/(\w+)$/.exec(text) ?? [];
  try {
    return { requests: whole(1, 1_000_000_000)(number), seconds: rateUnits.get(time) ?? duration(1, 86_400)(time) };
  } catch {
    throw new ConfigError(
      'must be a number of requests and a time from 1s to 1d, such as 100/minute, 10/second, 1000/hour or 5/10s',
    );
  }
};

/** A rate in words: `100 requests in 60 s`. */
export const formatRate = ({ requests, seconds }: Rate): string =>
  `${requests} request${requests === 1 ? '' : 's'} in ${seconds} s`;

/** Any number of what `parse` allows, with commas between them, or the word `none`; in a file of settings a list, or one of it. */
export const list = <T>(parse: Parser<T>): Parser<T[]> => {
  const items = parse.schema ?? anyText;
  const schema: ValueSchema = { anyOf: [{ type: 'string', const: 'none' }, { type: 'array', items }, items] };
  const read = (text: string): T[] => (text === 'none' ? [] : text.split(',').map((item) => parse(item.trim())));
  return Object.assign(read, { schema, item: parse });
};
