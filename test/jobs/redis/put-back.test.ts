/** What finds no room at a worker goes back into its queue, whatever the clock of the worker says. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCatalog } from '../../../src/catalog/open-catalog.js';
import { obstacleOf } from '../../../src/jobs/obstacles.js';
import { RedisConnections } from '../../../src/jobs/redis/connection.js';
import { Consumer } from '../../../src/jobs/redis/consumer.js';
import { stateIn } from '../../../src/jobs/redis/reach.js';
import { RedisParts } from '../../../src/jobs/redis/redis-parts.js';
import { withScripts } from '../../../src/jobs/redis/scripts.js';
import { RawBody } from '../../../src/protocols/body.js';
import { predictProtocol } from '../../../src/protocols/predict/protocol.js';
import type { Protocol } from '../../../src/protocols/protocol.js';
import { TaskRunner } from '../../../src/protocols/task-runner.js';
import { MemoryBudget } from '../../../src/serving/memory-budget.js';
import { servingOf } from '../../helpers/computed-model.js';
import { protocolModels } from '../../helpers/protocol-app.js';
import { keptLog, noRedis, RedisServer } from '../../helpers/redis.js';
import { until } from '../../helpers/workers.js';

const log = keptLog();
const protocol = predictProtocol(1) as Protocol<never, never>;

/** A Redis, a model, and what takes jobs for it; all ends with the test. */
async function open(t: TestContext) {
  const server = await RedisServer.create();
  await server.start();
  const { folder } = protocolModels();
  const catalog = openCatalog([`${folder}/served/half_plus_two.keras`], { processes: 1, cacheFolder: null });
  await catalog.started;
  const connections = await RedisConnections.open({ url: server.url, namespace: 'tests' }, log);
  const parts = new RedisParts(connections);
  const consumers: Consumer[] = [];
  t.after(async () => {
    await Promise.all(consumers.map((one) => one.close(1000)));
    await parts.close();
    await connections.close();
    await server.kill();
    await catalog.close();
    rmSync(folder, { recursive: true });
  });
  const memory = new MemoryBudget(10_000);
  const model = catalog.find();
  const consumer = () => {
    const made = new Consumer(
      {
        serving: servingOf(model),
        tasks: new TaskRunner(),
        memory,
        redis: withScripts(connections.forWorker()),
        prefix: connections.prefix,
        subscriptions: parts.subscriptions,
        protocols: new Map([['', protocol]]),
        obstacleOf,
        failure: (error) => ({ status: 500, error: String(error), contentType: '', body: [] }) as never,
        tell: async () => undefined,
        log,
      },
      { maxAttempts: 3, jobTtl: 60, processes: 1 },
    );
    consumers.push(made);
    return made;
  };
  const bytes = Buffer.from('{"instances": [1, 5]}');
  const message = { mediaType: 'application/json', body: new RawBody([bytes as never], bytes.length) };
  const store = parts.store({ maxJobs: 10, jobTtl: 60 });
  const take = () =>
    store.take({
      owner: undefined,
      model: model.name,
      protocol,
      address: { name: model.name },
      kept: { message, bytes: [] } as never,
      failure: undefined as never,
    });
  const fieldOf = async (id: string, field: string) =>
    Number(await connections.commands.hget(`${connections.prefix}job:${id}`, field));
  return { memory, consumer, queue: new Set([model.name]), store, take, fieldOf };
}

describe('a request that finds no room', { skip: noRedis }, () => {
  it('is tried again less and less often, and at once by another worker when its own is gone', async (t) => {
    const { memory, consumer, queue, store, take, fieldOf } = await open(t);
    const taken = memory.reservation();
    taken.grow(memory.limit);
    // This worker is five hours ahead.
    const { now } = Date;
    const clock = t.mock.method(Date, 'now', () => now() + 5 * 3_600_000);
    const ahead = consumer();
    await ahead.start();
    ahead.consume(queue);
    const job = await take();
    await until('it is put back', async () => (await fieldOf(job.id, 'put_back')) >= 2);
    await sleep(1500);
    const times = await fieldOf(job.id, 'put_back');
    // 100, 200, 400, 800 ms: a hundred a time would have made more.
    assert.ok(times <= 8, `${times} times`);
    assert.equal(await fieldOf(job.id, 'attempts'), 0, 'that counts for nothing');
    await ahead.close(1000);
    clock.mock.restore();
    taken.release();
    const other = consumer();
    await other.start();
    other.consume(queue);
    await until('it is answered', async () => (await store.get(job.id, undefined)).isFinished);
    assert.equal((await store.get(job.id, undefined)).status, 'succeeded', log.lines.join('\n'));
  });
});

it('what Redis says of its state is understood in the words of all its versions', () => {
  for (const [message, code] of [
    ["OOM command not allowed when used memory > 'maxmemory'.", 'queue_full'],
    ["OOM command not allowed when used memory > 'maxmemory'. script: 0f3c, on @user_script:12.", 'queue_full'],
    [
      "ERR Error running script (call to f_0f3c): @user_script:12: @user_script: 12: -OOM command not allowed when used memory > 'maxmemory'.",
      'queue_full',
    ],
    [
      'ERR Error running script (call to f_0f3c): @user_script:1: -READONLY You can’t write against a read only replica.',
      'queue_unavailable',
    ],
    ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', 'queue_unavailable'],
    ['LOADING Redis is loading the dataset in memory', 'queue_unavailable'],
    ['MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to "no".', 'queue_unavailable'],
    ["NOPERM this user has no permissions to run the 'set' command", 'queue_unavailable'],
    [
      "ERR The user executing the script can't run this command or subcommand script: b438, on @user_script:1.",
      'queue_unavailable',
    ],
    ["ERR ACL failure in script: User a has no permissions to run the 'set' command", 'queue_unavailable'],
    ['Command timed out', 'queue_unavailable'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', undefined],
    ['ERR unknown command BUSYBEE', undefined],
  ] as const)
    assert.equal(stateIn(new Error(message))?.code, code, message);
});
