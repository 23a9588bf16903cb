import { InternalSignal, KnownError } from '../../support/errors.js';

/** A Redis that can't be used, however long is waited. The message has where it is and what to do, and nothing secret. */
export class RedisError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'redis_unusable';
}

/** A Redis that can't be used now. The message completes "… can't be used: ". */
export class NotYet extends InternalSignal {}

/** Who is asked, as messages have it, and what it has to allow. */
export interface Asked {
  /** `Redis at 127.0.0.1:6379` */
  where: string;
  /** What all keys begin with. */
  prefix: string;
  /** Whether it is asked by TLS. */
  isEncrypted: boolean;
}

/** Rights that are enough, as ACL SETUSER and files of users have them. */
const rightsOf = (prefix: string): string => `~${prefix}* &${prefix}* +@all -@admin -@dangerous +info`;

/** A user who may not do what it takes. @param what `run INFO` */
export const missingRights = (what: string, { where, prefix }: Asked): RedisError =>
  new RedisError(`The user of --redis may not ${what} on ${where}. These rights are enough: ${rightsOf(prefix)}`);

/** What a user may not, by what Redis says of it. */
function forbidden(message: string): string {
  const command = /'([\w|]+)' command/.exec(message)?.[1];
  if (command) return `run ${command.replace('|', ' ').toUpperCase()}`;
  return /channel/.test(message) ? 'use the channels of keras-serve' : 'use the keys of keras-serve';
}

type Refusal = readonly [pattern: RegExp, error: (asked: Asked, message: string) => RedisError];

const plainly =
  (text: string) =>
  ({ where }: Asked): RedisError =>
    new RedisError(`${where} ${text}`);

/** Messages of Redis, Sentinels and TLS after which trying again is no use. What comes first is looked for first. */
const refusals: readonly Refusal[] = [
  [
    /sentinel.*(WRONGPASS|NOAUTH)/s,
    plainly(
      'is behind Sentinels that ask for another user or password: ?sentinel_user=…&sentinel_password=… in --redis are theirs',
    ),
  ],
  [
    /^NOAUTH/,
    plainly('asks for a password, and --redis has none: redis://user:password@host, or redis://:password@host'),
  ],
  [/^WRONGPASS|^ERR invalid password/, plainly('refuses the user or the password of --redis')],
  [/^NOPERM/, (asked, message) => missingRights(forbidden(message), asked)],
  [/^DENIED/, plainly('is in protected mode and lets only its own machine in: give it a password, or a user')],
  [/DB index/, plainly('has no database of the number in --redis')],
  [
    /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF|UNABLE_TO|CERT_UNTRUSTED|CERT_SIGNATURE)/,
    plainly('has a certificate that nobody known here has signed: --redis-ca names a file with who has'),
  ],
  [/^ERR_TLS_CERT_ALTNAME/, plainly('has a certificate for other names: --redis has to have one of its names')],
  [/^CERT_HAS_EXPIRED/, plainly('has a certificate that has ended')],
  [/^ERR_SSL_WRONG_VERSION|^EPROTO.*wrong version number/s, plainly('speaks no TLS there: redis:// is without')],
  [/^EACCES/, plainly('is a Unix socket that this user may not use')],
];

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** What a failure means for good; undefined where trying again may help. */
export function refusalOf(error: Error, asked: Asked): RedisError | undefined {
  if (error instanceof RedisError) return error;
  const message = codeOf(error) ? `${codeOf(error)} ${error.message}` : error.message;
  const [, refusal] = refusals.find(([pattern]) => pattern.test(message)) ?? [];
  return refusal?.(asked, message);
}

const closed = 'it closed the connection';
const silent = 'it doesn’t answer';
const reasons: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: closed,
  EPIPE: closed,
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name can’t be looked up',
  ETIMEDOUT: silent,
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
};

/** What each may mean of who listens there: some say nothing to who speaks otherwise than they do. */
const hints: Record<string, readonly [plain: string, encrypted: string]> = {
  [closed]: [', unless it speaks TLS alone: rediss://', ''],
  [silent]: ['', ', unless it speaks no TLS: redis://'],
};

/** What ioredis says of failures that have no code. */
const wordings: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/sentinel.*(No such master|invalid reply: null)/s, 'they know of none of this name'],
  [/sentinel/i, 'no Sentinel is reached'],
  [/^Connection is closed/, closed],
];

/** Why Redis isn't reached, in words. */
export function reasonOf(error: Error, { isEncrypted }: Asked): string {
  const [, wording] = wordings.find(([pattern]) => pattern.test(error.message)) ?? [];
  const reason = reasons[codeOf(error)] ?? wording;
  if (reason === undefined) return error.message.replace(/\.$/, '') || codeOf(error);
  return `${reason}${hints[reason]?.[Number(isEncrypted)] ?? ''}`;
}
