import { ConfigError } from './config-error.js';

/** A host and a port of TCP. */
export interface RedisAddress {
  host: string;
  port: number;
}

/** A user's name, where it isn't the default one, and its password. */
export interface RedisUser {
  user: string | undefined;
  password: string | undefined;
}

/** Where Redis is, and who asks. */
export interface RedisTarget extends RedisUser {
  /** One address; those of Sentinels, where there is a `primary`; none where there is a `socket`. */
  addresses: RedisAddress[];
  isEncrypted: boolean;
  /** The number of the database. */
  database: number;
  /** What the Sentinels call the primary. */
  primary: string | undefined;
  /** The path of a Unix socket. */
  socket: string | undefined;
  /** Who asks the Sentinels. */
  sentinel: RedisUser;
}

const forms =
  'redis://user:password@host:6379/0, rediss:// for TLS, redis+sentinel://user:password@host1:26379,host2:26379/primary?db=0 ' +
  'or unix:/run/redis.sock?db=0';

const refuse = (why: string): never => {
  throw new ConfigError(`must be an address such as ${forms}: ${why}`);
};

const form = /^(redis|rediss|redis\+sentinel|rediss\+sentinel|unix):(?:\/\/([^/?#]*))?(\/[^?#]*)?(?:\?([^#]*))?$/;

/** The parameters that an address may have, by what it begins with. */
const parameters: Record<string, readonly string[]> = {
  redis: ['db'],
  rediss: ['db'],
  'redis+sentinel': ['db', 'sentinel_user', 'sentinel_password'],
  'rediss+sentinel': ['db', 'sentinel_user', 'sentinel_password'],
  unix: ['db'],
};

/** Reads an address of Redis. @throws ConfigError that completes "--redis …" and names nothing secret */
export function readRedisUrl(text: string): RedisTarget {
  const [, scheme = '', authority = '', path = '', query = ''] = form.exec(text) ?? refuse('this is none of them');
  const at = authority.lastIndexOf('@');
  const given = new URLSearchParams(query);
  for (const name of new Set(given.keys())) {
    if (!parameters[scheme]!.includes(name)) refuse(`it takes no parameter but ${parameters[scheme]!.join(', ')}`);
    if (given.getAll(name).length > 1) refuse(`its ${name} stands twice`);
  }
  const names = authority.slice(at + 1);
  const isSentinel = scheme.endsWith('+sentinel');
  if (!isSentinel && names.includes(',')) refuse('several hosts are for redis+sentinel://');
  const isSocket = scheme === 'unix';
  if (isSocket && (names !== '' || path.length < 2)) refuse('a Unix socket is a path that begins with /');
  const rest = isSocket ? '' : decoded(path.slice(1), 'what stands behind the host');
  if (isSentinel && (rest === '' || rest.includes('/')))
    refuse('behind the Sentinels stands /, and what they call the primary');
  if (!isSentinel && rest !== '' && given.has('db')) refuse('its database stands twice');
  return {
    addresses: isSocket ? [] : names.split(',').map((name) => addressOf(name, isSentinel ? 26_379 : 6379)),
    isEncrypted: scheme.startsWith('rediss'),
    database: databaseOf(given.get('db') ?? (isSentinel ? '' : rest)),
    primary: isSentinel ? rest : undefined,
    socket: isSocket ? decoded(path, 'the path') : undefined,
    ...userOf(authority.slice(0, Math.max(at, 0))),
    sentinel: {
      user: given.get('sentinel_user') ?? undefined,
      password: given.get('sentinel_password') ?? undefined,
    },
  };
}

/** An address of Redis, for the settings: it stays the text that it is. */
export const redisUrl = (text: string): string => {
  readRedisUrl(text);
  return text;
};

function userOf(text: string): RedisUser {
  if (text === '') return { user: undefined, password: undefined };
  const colon = text.indexOf(':');
  // Taken for a user, what was meant as a password would be a refusal of Redis's that says nothing of the sort.
  if (colon < 0) refuse('a user has a password, and a password alone is written as redis://:password@host');
  return {
    user: decoded(text.slice(0, colon), 'the user') || undefined,
    password: decoded(text.slice(colon + 1), 'the password') || undefined,
  };
}

function addressOf(text: string, usual: number): RedisAddress {
  const [, literal, name = literal, port = usual] =
    /^(?:\[([\da-fA-F:.]+)\]|([^\s:@[\]]+))(?::(\d{1,5}))?$/.exec(text) ??
    refuse('a host or its port can’t be so; in a password, / ? # @ and % are written as %2F %3F %23 %40 and %25');
  if (Number(port) < 1 || Number(port) > 65_535) refuse('a port is a number from 1 to 65535');
  return { host: name!, port: Number(port) };
}

function databaseOf(text: string): number {
  if (!/^\d{0,5}$/.test(text)) refuse('its database is a number');
  return Number(text);
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(`${what} has a % that isn’t written as %25`);
  }
}
