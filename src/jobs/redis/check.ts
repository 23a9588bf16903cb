import type { Redis } from 'ioredis';
import { type Asked, missingRights, NotYet, RedisError } from './errors.js';

/** Where lines about Redis go. */
export interface RedisLog {
  info(of: object, message: string): void;
  warn(of: object, message: string): void;
}

/** The oldest version that BullMQ is made for. */
const oldest = [6, 2] as const;

/** Commands of BullMQ and of keras-serve, on a key that is there for a moment. */
const commands = [
  ...['SET key 0 PX 60000', 'GET key', 'INCR key', 'EXISTS key', 'PEXPIRE key 60000', 'PTTL key', 'PERSIST key'],
  ...['DEL key', 'HSET key a 0', 'HGET key a', 'HMGET key a', 'HGETALL key', 'HINCRBY key a 1', 'HDEL key a'],
  ...['UNLINK key', 'LPUSH key a', 'RPOPLPUSH key key', 'LRANGE key 0 0', 'LREM key 0 b', 'LTRIM key 0 0', 'RPOP key'],
  ...['DEL key', 'ZADD key 0 a', 'ZSCORE key a', 'ZRANGE key 0 0', 'ZRANGEBYSCORE key 1 2', 'ZCARD key'],
  ...['ZREMRANGEBYSCORE key 1 2', 'ZREM key a', 'ZPOPMIN key', 'DEL key', 'SADD key a', 'SMEMBERS key', 'SREM key a'],
  ...['DEL key', 'XADD key * a 0', 'XTRIM key MAXLEN 0', 'PUBLISH key a', 'TIME', 'DEL key'],
];

/** Runs each, whatever comes of it, and names those that the user may not run. */
const trial = `
local forbidden = {}
for _, line in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(line, '%S+') do words[#words + 1] = word == 'key' and KEYS[1] or word end
  local reply = redis.pcall(unpack(words))
  local text = type(reply) == 'table' and reply.err or ''
  if string.find(text, 'permission') or string.find(text, "can't run this command") then forbidden[#forbidden + 1] = words[1] end
end
return forbidden`;

type Info = ReadonlyMap<string, string>;

/**
 * Looks whether Redis can carry jobs, and warns of what can lose them.
 * @throws RedisError where it can't, NotYet where it can't now, and what Redis says
 */
export async function checkServer(redis: Redis, database: number, asked: Asked, log: RedisLog): Promise<void> {
  const info = readInfo(await redis.info());
  checkKind(info, asked);
  // Were it not asked for once more, a database that isn't there would be number 0.
  await redis.select(database);
  checkState(info);
  await checkRights(redis, asked);
  log.info({ redis: asked.where }, `${asked.where} is reached: ${nameOf(info)}`);
  await warn(redis, info, asked, log);
}

const readInfo = (text: string): Info =>
  new Map(Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, k, v]) => [k!, v!]));

const nameOf = (info: Info): string => {
  const valkey = info.get('valkey_version');
  return valkey ? `Valkey ${valkey}` : `Redis ${info.get('redis_version')}`;
};

function checkKind(info: Info, { where }: Asked): void {
  const mode = info.get('redis_mode') ?? info.get('server_mode');
  if (mode === 'cluster' || info.get('cluster_enabled') === '1')
    throw new RedisError(
      `${where} is part of a Redis Cluster, where the keys of a job would be on several machines, which neither BullMQ nor ` +
        'keras-serve can change at once: give --redis one primary, or Sentinels',
    );
  if (mode === 'sentinel')
    throw new RedisError(`${where} is a Sentinel: redis+sentinel://host:26379/primary asks it where Redis is`);
  const [major = 0, minor = 0] = (info.get('redis_version') ?? '').split('.').map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    throw new RedisError(`${where} is ${nameOf(info)}: it takes Redis ${oldest.join('.')} or newer, or Valkey`);
}

function checkState(info: Info): void {
  if (info.get('loading') === '1' || info.get('async_loading') === '1') throw new NotYet('it reads its data');
  if (info.get('role') === 'slave') throw new NotYet('it is a replica, and jobs are for the primary');
}

async function checkRights(redis: Redis, asked: Asked): Promise<void> {
  const key = `${asked.prefix}check:${process.pid}-${Math.random().toString(36).slice(2)}`;
  const forbidden = (await redis.eval(trial, 1, key, ...commands)) as string[];
  if (forbidden.length > 0) throw missingRights(`run ${[...new Set(forbidden)].join(', ')}`, asked);
  await redis.multi().exists(key).exec();
  await redis.bzpopmin(key, 0.01);
  await redis.subscribe(key);
}

/** Says what of its configuration can lose jobs. */
async function warn(redis: Redis, info: Info, { where }: Asked, log: RedisLog): Promise<void> {
  const policy = info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction')
    log.warn(
      { redis: where },
      `jobs can be thrown away: maxmemory-policy of ${where} is ${policy}. Set maxmemory-policy noeviction`,
    );
  if (info.get('aof_enabled') === '0')
    return log.warn(
      { redis: where },
      `what was accepted is lost when ${where} restarts: set appendonly yes, and appendfsync always for none lost`,
    );
  // Who may not ask has an operator who knows.
  const [, sync] = await redis.config('GET', 'appendfsync').then(
    (reply) => reply as string[],
    () => [],
  );
  if (sync !== undefined && sync !== 'always')
    log.info(
      { redis: where },
      `what was accepted in the last moment can be lost when the machine of ${where} fails: appendfsync is ${sync}. Set appendfsync always for none lost`,
    );
}
