import type { Redis } from 'ioredis';

/** Milliseconds without a sign of life after which a worker is dead. */
const patience = 5_000;
/** The same between two looks, after which nobody has looked: Redis itself may have been away, and the workers' signs with it. */
const lookPatience = 2_500;
/** Milliseconds that what a worker has is kept without a sign of life. */
const workerLifetime = 15_000;
/** Seconds between two looks for models that are known no more. */
const pruning = 3_600;
/** Workers of which is known. */
const mostWorkers = 10_000;
/** Generations of which is known. */
export const mostGenerations = 50_000;
/** Characters of what a worker says that it has. */
const largestList = 4_000_000;

/**
 * What is known of workers: the sorted set `workers` has their last signs of life, on the clock of Redis; a hash `worker:{id}` what each has;
 * the sorted set `generations` when each `name/version/generation` was first announced; `epoch` goes up whenever one of them changes, by
 * the clock, so that it does where Redis has lost everything, too.
 *
 * In all scripts KEYS[1] is what all keys begin with.
 */
const preamble = `
local prefix, id = KEYS[1], ARGV[1]
local workers, generations, epoch = prefix .. 'workers', prefix .. 'generations', prefix .. 'epoch'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function numberAt(key) return tonumber(redis.call('GET', key)) or 0 end
local function text(number) return string.format('%.0f', number) end
local function workerOf(one) return prefix .. 'worker:' .. one end
local function change()
  local changed = math.max(numberAt(epoch) + 1, now)
  redis.call('SET', epoch, text(changed))
  return changed
end
local function sweep()
  local watched = redis.call('HMGET', prefix .. 'watched', 'since', 'last')
  local since, last = tonumber(watched[1]), tonumber(watched[2])
  if not since or not last or now - last > ${lookPatience} then since = now end
  redis.call('HSET', prefix .. 'watched', 'since', text(since), 'last', text(now))
  if now - since < ${patience} then return end
  local late = redis.call('ZRANGEBYSCORE', workers, '-inf', text(now - ${patience}), 'LIMIT', 0, 1000)
  for _, one in ipairs(late) do
    redis.call('ZREM', workers, one)
    redis.call('DEL', workerOf(one))
  end
  if #late > 0 then change() end
end
`;

/**
 * ARGV: id, host, pid, the time of its start, a list of its models in JSON, then of each its \`name/version/generation\` and when it was
 * first announced, 0 where that isn't known. @returns when each was first announced
 */
const announce = `
local announced = change()
local since = {}
for i = 6, #ARGV, 2 do
  local first = tonumber(redis.call('ZSCORE', generations, ARGV[i])) or announced
  local known = tonumber(ARGV[i + 1])
  if known > 0 and known < first then first = known end
  redis.call('ZADD', generations, text(first), ARGV[i])
  since[#since + 1] = text(first)
end
redis.call('ZADD', workers, text(now), id)
redis.call('HSET', workerOf(id), 'host', ARGV[2], 'pid', ARGV[3], 'started_at', ARGV[4], 'models', ARGV[5],
  'since', table.concat(since, ','), 'epoch', text(announced))
redis.call('PEXPIRE', workerOf(id), ${workerLifetime})
return since
`;

/** ARGV: id. @returns the epoch; -1 where nothing is known of the worker */
const beat = `
if not redis.call('ZSCORE', workers, id) or redis.call('PEXPIRE', workerOf(id), ${workerLifetime}) == 0 then return -1 end
redis.call('ZADD', workers, text(now), id)
sweep()
return numberAt(epoch)
`;

/** ARGV: id. The worker is gone. */
const leave = `
redis.call('ZREM', workers, id)
redis.call('DEL', workerOf(id))
change()
return 1
`;

/** @returns the epoch */
const look = `
sweep()
return numberAt(epoch)
`;

/**
 * ARGV: the epoch of which all is known. @returns the epoch, whether something was forgotten since, so that all is told anew, the workers
 * that live, and those of them that are new or have changed
 */
const changes = `
local known, current = tonumber(ARGV[1]), numberAt(epoch)
local isAnew = known > current or known < numberAt(prefix .. 'forgotten')
if isAnew then known = 0 end
local living, changed = {}, {}
for _, one in ipairs(redis.call('ZRANGE', workers, 0, ${mostWorkers - 1})) do
  local announced = tonumber(redis.call('HGET', workerOf(one), 'epoch'))
  if announced then
    living[#living + 1] = one
    if announced > known then changed[#changed + 1] = one end
  end
end
return {current, isAnew and 1 or 0, living, changed}
`;

/** ARGV: id. @returns host, models and when they were first announced; nothing where that is too long */
const read = `
local length = redis.call('HSTRLEN', workerOf(id), 'models') + redis.call('HSTRLEN', workerOf(id), 'since')
if length > ${largestList} then return {} end
return redis.call('HMGET', workerOf(id), 'host', 'models', 'since')
`;

/** Forgets generations whose models are kept no more, now and then. */
const prune = `
if not redis.call('SET', prefix .. 'pruned', '1', 'NX', 'EX', ${pruning}) then return 0 end
local count = 0
for _, member in ipairs(redis.call('ZRANGE', generations, 0, ${mostGenerations - 1})) do
  if redis.call('EXISTS', prefix .. 'model:' .. string.match(member, '[^/]*$')) == 0 then
    redis.call('ZREM', generations, member)
    count = count + 1
  end
end
if count > 0 then redis.call('SET', prefix .. 'forgotten', text(change())) end
return count
`;

const scripts = { announce, beat, leave, look, changes, read, prune };

/** A client of Redis that has the scripts. */
export type WorkerScripts = {
  [Name in keyof typeof scripts as `${Name}Worker`]: (prefix: string, ...args: (string | number)[]) => Promise<unknown>;
};

/** Gives a client of Redis the scripts, under the names `announceWorker`, `beatWorker`, … */
export function withWorkerScripts(redis: Redis): Redis & WorkerScripts {
  for (const [name, lua] of Object.entries(scripts))
    redis.defineCommand(`${name}Worker`, { numberOfKeys: 1, lua: preamble + lua });
  return redis as Redis & WorkerScripts;
}
