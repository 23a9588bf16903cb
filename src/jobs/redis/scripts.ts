import type { Redis } from 'ioredis';

/**
 * What is done to jobs in one go, on the clock of Redis. A job is a hash `job:{id}`, its request `in:{id}`, its reply `out:{id}`; sorted
 * sets by time have the ids of those that wait, run and have ended, direct requests apart from jobs.
 *
 * In all scripts KEYS[1] is what all keys begin with, and ARGV[1] an id.
 */
const preamble = `
local prefix, id = KEYS[1], ARGV[1]
local job = prefix .. 'job:' .. id
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function set(state, direct)
  return prefix .. (direct and 'direct:' or 'jobs:') .. state
end
local function isOver(status)
  return status == 'succeeded' or status == 'failed' or status == 'cancelled'
end
local function tell(to)
  if to and to ~= '' then redis.call('PUBLISH', prefix .. 'replies:' .. to, id)
  else redis.call('PUBLISH', prefix .. 'changed:' .. id, '') end
end
`;

/**
 * ARGV: id, milliseconds that it lives unfinished, the most that may wait or run (0 for any number), idempotency key, digest of the body,
 * then fields and values. What has the field \`reply_to\` is a direct request.
 * @returns what became of it, and the id
 */
const take = `
local lifetime, most, key, body = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local known = key ~= '' and redis.call('HMGET', prefix .. 'idempotent:' .. key, 'id', 'body')
if known and known[1] and redis.call('EXISTS', prefix .. 'job:' .. known[1]) == 1 then
  redis.call('DEL', prefix .. 'in:' .. id)
  if known[2] ~= body then return {'reused', known[1]} end
  return {'known', known[1]}
end
local fields = {}
for i = 6, #ARGV do fields[#fields + 1] = ARGV[i] end
local direct = false
for i = 1, #fields, 2 do if fields[i] == 'reply_to' then direct = true end end
if most > 0 and redis.call('ZCARD', set('queued', direct)) + redis.call('ZCARD', set('running', direct)) >= most then
  redis.call('DEL', prefix .. 'in:' .. id)
  return {'full', id}
end
redis.call('HSET', job, 'status', 'queued', 'created', now(), 'key', key, unpack(fields))
redis.call('PEXPIRE', job, lifetime)
redis.call('ZADD', set('queued', direct), now(), id)
if key ~= '' then
  redis.call('HSET', prefix .. 'idempotent:' .. key, 'id', id, 'body', body)
  redis.call('PEXPIRE', prefix .. 'idempotent:' .. key, lifetime)
end
return {'taken', id}
`;

/**
 * ARGV: id, the most attempts. @returns \`begun\`, how often; \`spent\` where it was begun too often; \`over\` where it has ended and
 * the receiver of its webhook; \`gone\` where nothing is known of it
 */
const begin = `
local known = redis.call('HMGET', job, 'status', 'reply_to', 'webhook')
local direct = known[2] and true
if not known[1] then return {'gone'} end
if isOver(known[1]) then return {'over', known[3] or ''} end
local attempts = redis.call('HINCRBY', job, 'attempts', 1)
redis.pcall('HINCRBY', prefix .. 'totals', 'attempts', 1)
if attempts > 1 then redis.pcall('HINCRBY', prefix .. 'totals', 'retries', 1) end
if attempts > tonumber(ARGV[2]) then return {'spent', tostring(attempts)} end
redis.call('HSET', job, 'status', 'running', 'started', now())
redis.call('ZREM', set('queued', direct), id)
redis.call('ZADD', set('running', direct), now(), id)
if not direct then tell() end
return {'begun', tostring(attempts)}
`;

/** ARGV: id, whether the attempt counts all the same (0 or 1). It waits once more. @returns how often it was put back */
const putBack = `
local known = redis.call('HMGET', job, 'status', 'reply_to')
if known[1] ~= 'running' then return 1 end
if ARGV[2] == '0' then
  redis.call('HINCRBY', job, 'attempts', -1)
  redis.pcall('HINCRBY', prefix .. 'totals', 'attempts', -1)
end
redis.call('HSET', job, 'status', 'queued')
redis.call('HDEL', job, 'started')
redis.call('ZREM', set('running', known[2]), id)
redis.call('ZADD', set('queued', known[2]), redis.call('HGET', job, 'created'), id)
if not known[2] then tell() end
return redis.call('HINCRBY', job, 'put_back', 1)
`;

/**
 * ARGV: id, status, milliseconds that it is known from now on, the key of its reply or '', then fields and values. The first end counts.
 * @returns whether this is it, -1 where the reply isn't there, and the receiver of its webhook
 */
const finish = `
local known = redis.call('HMGET', job, 'status', 'reply_to', 'key', 'webhook')
local direct = known[2] and true
if not known[1] or isOver(known[1]) then
  if ARGV[4] ~= '' then redis.call('DEL', ARGV[4]) end
  return {0, ''}
end
if ARGV[4] ~= '' and redis.call('EXISTS', ARGV[4]) == 0 then return {-1, ''} end
local fields = {}
for i = 5, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', job, 'status', ARGV[2], 'finished', now(), unpack(fields))
redis.call('PEXPIRE', job, ARGV[3])
if ARGV[4] ~= '' then
  redis.call('RENAME', ARGV[4], prefix .. 'out:' .. id)
  redis.call('PEXPIRE', prefix .. 'out:' .. id, ARGV[3])
end
redis.call('DEL', prefix .. 'in:' .. id)
redis.call('ZREM', set('queued', direct), id)
redis.call('ZREM', set('running', direct), id)
if not direct then
  redis.call('ZADD', set(ARGV[2]), now(), id)
  redis.call('ZREMRANGEBYSCORE', set(ARGV[2]), '-inf', now() - ARGV[3])
end
if known[3] and known[3] ~= '' then redis.call('PEXPIRE', prefix .. 'idempotent:' .. known[3], ARGV[3]) end
if ARGV[2] == 'cancelled' then redis.call('PUBLISH', prefix .. 'cancelled', id) end
tell(known[2])
return {1, known[4] or ''}
`;

/** ARGV: id. Nothing is known of it afterwards. */
const forget = `
local known = redis.call('HMGET', job, 'status', 'key')
if known[2] and known[2] ~= '' then redis.call('DEL', prefix .. 'idempotent:' .. known[2]) end
redis.call('DEL', job, prefix .. 'in:' .. id, prefix .. 'out:' .. id)
for _, state in ipairs({'queued', 'running', 'succeeded', 'failed', 'cancelled'}) do
  redis.call('ZREM', set(state), id)
  redis.call('ZREM', set(state, true), id)
end
return 1
`;

const scripts = { take, begin, putBack, finish, forget };

/** A client of Redis that has the scripts. */
export type JobScripts = {
  [Name in keyof typeof scripts as `${Name}Job`]: (prefix: string, ...args: (string | number)[]) => Promise<unknown>;
};

/** Gives a client of Redis the scripts, under the names `takeJob`, `beginJob`, … */
export function withScripts(redis: Redis): Redis & JobScripts {
  for (const [name, lua] of Object.entries(scripts))
    redis.defineCommand(`${name}Job`, { numberOfKeys: 1, lua: preamble + lua });
  return redis as Redis & JobScripts;
}
